package room

import (
	"time"
)

// Sounds are what a profile lets the room play by itself, in the words of the
// play command; "" for nothing.
type Sounds struct {
	Enter, Exit    string // to everybody, when somebody joins and leaves
	Alone          string // once, when only one is left or there yet
	Music          string // moh-sound: to who is alone, until a second comes
	Muted, Unmuted string // to whom it happens
}

// The product's own sounds, for what is turned on without a file.
const (
	ownEnter = "omniverto://enter"
	ownExit  = "omniverto://exit"
	ownMusic = "omniverto://hold"
)

// chime is a sound that can be turned on and off.
type chime struct {
	file string
	on   bool
}

// newChime is on if the profile names a file.
func newChime(file, own string) chime {
	if file == "" {
		return chime{file: own}
	}
	return chime{file: file, on: true}
}

// prompts is what the room plays by itself. Owned by the room's loop.
type prompts struct {
	enter, exit chime
	music       chime // of who is alone
	profile     chime // music as the profile has it
	alone       bool
	timer       *time.Timer
	playing     *file  // music
	opening     string // music that is being opened
	sounding    map[prompt]bool
}

// prompt is a short sound and who hears it; nil is everybody.
type prompt struct {
	spec string
	to   *Member
}

func newPrompts(p Profile) prompts {
	music := newChime(p.Sounds.Music, ownMusic)
	return prompts{
		enter: newChime(p.Sounds.Enter, ownEnter), exit: newChime(p.Sounds.Exit, ownExit),
		music: music, profile: music, sounding: make(map[prompt]bool),
	}
}

// prompt plays a short sound beside whatever else plays. One that sounds already
// is not begun again, so that a crowd that joins at once makes no noise.
func (s *State) prompt(spec string, to *Member) {
	p := prompt{spec, to}
	if spec == "" || s.prompts.sounding[p] {
		return
	}
	f := parseFile(spec)
	f.to = to
	if s.missing[f.name] {
		s.tellFile(f, notPlayed)
		return
	}
	s.prompts.sounding[p] = true
	s.open(f.name, func(s *State, sound Sound, err error) {
		f.sound = sound
		f.ended = func(s *State) { delete(s.prompts.sounding, p) }
		switch {
		case err != nil:
			f.ended(s)
			s.noSound(f.name, err)
			s.tellFile(f, notPlayed)
		case to != nil && to.gone:
			f.ended(s)
			s.closeSound(sound)
		default:
			f.prepare()
			s.start(f)
		}
	})
}

// entered plays what a newcomer brings; quiet legs bring nothing.
func (s *State) entered(m *Member) {
	if s.prompts.enter.on && s.audible(m) {
		s.prompt(s.prompts.enter.file, nil)
	}
	s.checkAlone()
}

// left plays what a leaver leaves.
func (s *State) left(m *Member) {
	if s.prompts.exit.on && s.audible(m) && len(s.members) > 0 {
		s.prompt(s.prompts.exit.file, nil)
	}
	s.checkAlone()
}

// audible reports whether a member counts as company: no screen of somebody.
func (s *State) audible(m *Member) bool { return !m.req.ScreenShare && !m.req.SecondScreen }

// checkAlone begins and ends what somebody hears who is alone.
func (s *State) checkAlone() {
	n := 0
	for _, m := range s.members {
		if s.audible(m) {
			n++
		}
	}
	p := &s.prompts
	if alone := n == 1; alone == p.alone {
		return
	} else if p.alone = alone; alone {
		s.prompt(s.room.profile.Sounds.Alone, nil)
	}
	s.playMusic()
}

// musicDelay is how long somebody is alone before there is music: a second person
// often comes with the first.
const musicDelay = time.Second

// playMusic brings the music in accord with who is there and what was set.
func (s *State) playMusic() {
	p := &s.prompts
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	wanted := ""
	if p.alone && p.music.on {
		wanted = p.music.file
	}
	switch {
	case p.playing != nil && p.playing.name == wanted:
		return
	case p.playing != nil:
		p.playing.stop()
		p.playing = nil
	}
	if wanted != "" {
		p.timer = s.room.after(musicDelay, func(s *State) { s.openMusic(wanted) })
	}
}

// wantsMusic reports whether that music is to be heard now.
func (p *prompts) wantsMusic(spec string) bool {
	return p.alone && p.music == chime{spec, true} && p.playing == nil
}

func (s *State) openMusic(spec string) {
	if !s.prompts.wantsMusic(spec) || s.missing[spec] || s.prompts.opening == spec {
		return
	}
	s.prompts.opening = spec
	s.open(spec, func(s *State, sound Sound, err error) {
		if s.prompts.opening == spec {
			s.prompts.opening = ""
		}
		switch {
		case err != nil:
			s.noSound(spec, err)
		case !s.prompts.wantsMusic(spec):
			s.closeSound(sound)
		default:
			sound.Loop(-1)
			f := &file{name: spec, sound: sound, async: true}
			f.ended = func(s *State) {
				if s.prompts.playing == f {
					s.prompts.playing = nil
				}
			}
			s.prompts.playing = f
			s.start(f)
		}
	})
}
