package room

import (
	"cmp"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mixer/audio"
)

// Sounds are what a profile lets the room play by itself, in the words of the
// play command; "" for nothing.
type Sounds struct {
	Enter, Exit    string // to everybody, when somebody joins and leaves
	Alone          string // once, when only one is left or there yet
	Music          string // moh-sound: to who is alone, until a second comes
	Muted, Unmuted string // to whom it happens
	NoMusic        bool   // moh-sound is silence: nobody hears any while he waits for a moderator

	MemberEnter          string // to who joins
	MuteDetect           string // to who talks while he is muted; "": as Muted
	IsLocked, IsUnlocked string // to everybody
	Kicked               string // to who is removed, before his call ends
	PIN, BadPIN          string // to who has to give a PIN, and after a wrong one
	Deaf, Undeaf         string // to whom it happens, as the two after them
	Blind, Unblind       string
}

// The product's own sounds, for what is turned on without a file.
const (
	ownEnter = "omniverto://enter"
	ownExit  = "omniverto://exit"
	ownMusic = "omniverto://hold"

	ownLocked   = "omniverto://locked"
	ownUnlocked = "omniverto://unlocked"
	ownKicked   = "omniverto://kicked"
	ownPIN      = "tone_stream://%(150,150,700,900);%(150,0,700,900)"
	ownBadPIN   = "tone_stream://%(400,0,300,340)"
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
	awaited     string // music that timer waits for
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
func (s *State) prompt(spec string, to *Member) { s.promptOr(spec, "", to) }

// promptOr is prompt with a sound that is played instead of a file that is missing.
// Nothing is played if no file is named; but a member at the door hears the other.
func (s *State) promptOr(spec, own string, to *Member) {
	if spec == "" && to != nil && to.waiting != NotWaiting {
		spec, own = own, ""
	}
	p := prompt{spec, to}
	if spec == "" || s.prompts.sounding[p] {
		return
	}
	f := parseFile(spec)
	f.to, f.quiet = to, isOwn(spec)
	if s.missing[f.name] {
		s.tellFile(f, notPlayed)
		s.promptOr(own, "", to)
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
			s.promptOr(own, "", to)
		case to != nil && to.gone:
			f.ended(s)
			s.closeSound(sound)
		default:
			f.prepare()
			s.start(f)
		}
	})
}

// isOwn reports whether a sound is the product's: FreeSWITCH has no event of it.
func isOwn(spec string) bool {
	return strings.HasPrefix(spec, "omniverto://") || spec == ownPIN || spec == ownBadPIN
}

// entered plays what a newcomer brings; quiet legs bring nothing.
func (s *State) entered(m *Member) {
	if s.prompts.enter.on && s.audible(m) {
		s.prompt(s.prompts.enter.file, nil)
	}
	s.prompt(s.room.profile.Sounds.MemberEnter, m)
	s.checkAlone()
}

// left plays what a leaver leaves.
func (s *State) left(m *Member) {
	if s.prompts.exit.on && s.audible(m) && len(s.members) > 0 {
		s.prompt(s.prompts.exit.file, nil)
	}
	s.checkAlone()
}

// audible reports whether a member counts as company: no screen of somebody, no
// ghost.
func (s *State) audible(m *Member) bool {
	return !m.req.ScreenShare && !m.req.SecondScreen && !m.req.Flags.Ghost
}

// company is how many people are there.
func (s *State) company() (n int) {
	for _, m := range s.members {
		if s.audible(m) {
			n++
		}
	}
	return n
}

// checkAlone begins and ends what somebody hears who is alone.
func (s *State) checkAlone() {
	p := &s.prompts
	if alone := s.company() == 1; alone != p.alone {
		if p.alone = alone; alone && !s.life.waitModerator {
			s.prompt(s.room.profile.Sounds.Alone, nil)
		}
	}
	s.playMusic()
}

// musicDelay is how long somebody is alone before there is music: a second person
// often comes with the first.
const musicDelay = time.Second

// playMusic brings the music in accord with who is there and what was set.
func (s *State) playMusic() {
	p := &s.prompts
	wanted := s.wantedMusic()
	switch {
	case p.playing != nil && p.playing.name == wanted, p.timer != nil && p.awaited == wanted:
		return
	case p.playing != nil:
		p.playing.stop()
		p.playing = nil
	}
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if p.awaited = wanted; wanted != "" {
		p.timer = s.room.after(musicDelay, func(s *State) { s.openMusic(wanted) })
	}
}

// wantedMusic is the music that is to be heard now, "" for none: who is alone hears
// it, and all do while they wait for a moderator. One who wants none spares everybody.
func (s *State) wantedMusic() string {
	p := &s.prompts
	for _, m := range s.members {
		if m.req.Flags.NoMusic {
			return ""
		}
	}
	switch {
	case s.life.waitModerator && len(s.members) > 0 && !s.room.profile.Sounds.NoMusic, p.alone && p.music.on:
		return p.music.file
	}
	return ""
}

func (s *State) openMusic(spec string) {
	wanted := func(s *State) bool { return s.wantedMusic() == spec && s.prompts.playing == nil }
	s.prompts.timer = nil
	if !wanted(s) || s.missing[spec] || s.prompts.opening == spec {
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
		case !wanted(s):
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

// farewellTime bounds a last sound.
const farewellTime = 5 * time.Second

// farewell ends a member's call, who is out of the room. Somebody who was removed
// hears why before.
func (s *State) farewell(m *Member, c Cause) {
	spec := cmp.Or(m.lastSound, s.room.profile.Sounds.Kicked)
	out := hearing(m)
	if c != Kicked || spec == "" || out == nil || s.missing[spec] || s.suspending {
		s.closeLater(m, c)
		return
	}
	port := s.room.mixer.AddPort(audio.PortID(m.id), nil, out, audio.PortOptions{Form: m.form})
	port.SetDeaf(true)
	s.parting[m] = func() {
		s.room.mixer.Remove(port)
		s.closeLater(m, c)
	}
	s.open(spec, func(s *State, sound Sound, err error) {
		f := &file{name: spec, sound: sound, to: m, quiet: true, ended: func(s *State) { s.part(m) }}
		switch {
		case err != nil:
			s.noSound(spec, err)
			s.part(m)
		case s.parting[m] == nil:
			s.closeSound(sound)
		default:
			s.start(f)
			s.room.after(farewellTime, func(*State) { f.stop() })
		}
	})
}

// part ends the call of who heard his last sound.
func (s *State) part(m *Member) {
	if end := s.parting[m]; end != nil {
		delete(s.parting, m)
		end()
	}
}

// partAll does so for everybody.
func (s *State) partAll() {
	for m := range s.parting {
		s.part(m)
	}
}
