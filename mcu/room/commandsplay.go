package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/omniverto/omniverto/media"
)

// playCommands are those about what the room plays.
func playCommands() []command {
	entry := func(name, usage, description string, f func(*State, []string) (Reply, error)) command {
		return runOf(KindAudio, ForModerator)(name, usage, description,
			func(s *State, args []string) (Reply, error) { return f(s, filled(args)) })
	}
	const toOne = " [<member_id>]"
	member := entry("saymember", " <member_id> <text>", "is refused likewise", sayMember)
	member.Selector = true
	return []command{
		entry("play", " <file_path> [async|<member_id> [nomux]]",
			"plays a sound to everybody after those that play already, beside them (async), or to one member, instead of the others with nomux; options stand before it: {vol=<dB>,loops=<n|inf>}", play),
		entry("stop", " <[current|all|async|last]> [<member_id>]",
			"ends what plays and waits (all), only what plays (current), or what plays beside (async)", stop),
		entry("pause_play", toOne, "pauses what plays, or goes on with it", pausePlay),
		entry("play_status", toOne, "tells what plays: milliseconds, and of how many", playStatus),
		entry("file_seek", " [+-]<val> [<member_id>]", "goes to a time of what plays, in milliseconds; with a sign, away from where it is", fileSeek),
		entry("file-vol", " <vol#>", "sets how loud what plays is, -50 to 50 dB; async may follow", fileVol),
		entry("moh", " <file_path>|toggle|[on|off]", "sets the music for somebody who is alone, or with reset the profile's again", moh),
		entry("enter_sound", " on|off|none|file <filename>", "sets the sound that tells of somebody who comes",
			func(s *State, args []string) (Reply, error) { return s.setChime(&s.prompts.enter, "enter", args) }),
		entry("exit_sound", " on|off|none|file <filename>", "sets the sound that tells of somebody who goes",
			func(s *State, args []string) (Reply, error) { return s.setChime(&s.prompts.exit, "exit", args) }),
		entry("say", " <text>", "is refused: there is no speech engine", sayText),
		member,
	}
}

// filled are the words without empty ones, which clients send for what is missing.
func filled(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(w string) bool { return w == "" })
}

// play answers once the sound is open.
func play(s *State, args []string) (Reply, error) {
	if len(args) == 0 {
		return Reply{}, errUsage
	}
	f, to := parseFile(args[0]), ""
	switch who := arg(args, 1); {
	case who == "":
	case strings.EqualFold(who, "async"):
		f.async = true
	default:
		m, err := s.Member(memberID(who))
		if err != nil {
			return Reply{Text: noMember(who)}, errUsage
		}
		f.to, f.alone = m, strings.EqualFold(arg(args, 2), "nomux")
		to = fmt.Sprintf(" to member %d", m.id)
	}
	r := s.room
	return Reply{Later: func(ctx context.Context) string {
		if err := r.openAndPlay(ctx, f); err != nil {
			r.log.Info("sound not played", "sound", f.name, "error", err)
			return refused(args[0], err)
		}
		return fmt.Sprintf("+OK (play) Playing file %s%s\n", args[0], to)
	}}, nil
}

// refused is why a file is not played. Whatever is wrong with the file itself,
// FreeSWITCH says that it is not there.
func refused(file string, err error) string {
	switch {
	case errors.Is(err, errTooMany):
		return "-ERR (play) too many files wait\n"
	case errors.Is(err, ErrNoMember):
		return "-ERR (play) the member has left\n"
	}
	return fmt.Sprintf("-ERR (play) File: %s not found.\n", file)
}

func noMember(who string) string { return fmt.Sprintf("-ERR Member: %s not found.\n", who) }

// openAndPlay opens a sound and hands it to the room; not on the room's goroutine.
func (r *Room) openAndPlay(ctx context.Context, f *file) error {
	opening, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	sound, err := r.openSound(opening, f.name)
	f.sound = sound
	did := r.Do(context.WithoutCancel(ctx), func(s *State) error {
		if err != nil {
			s.tellFile(f, notPlayed)
			return err
		}
		return s.play(f)
	})
	if did != nil && err == nil {
		_ = sound.Close()
	}
	return did
}

// playlistOf is what a command's last word means: a member's files, or, without
// it, those to everybody.
func (s *State) playlistOf(who string) (*playlist, error) {
	if who == "" {
		return &s.files, nil
	}
	m, err := s.Member(memberID(who))
	if err != nil {
		return nil, err
	}
	return &m.files, nil
}

func stop(s *State, args []string) (Reply, error) {
	what, who := strings.ToLower(arg(args, 0)), arg(args, 1)
	list, err := s.playlistOf(who)
	n := 0
	switch {
	case err != nil:
		return say("%s", noMember(who))
	case what == "" || what == "all":
		n = list.stop(s, true)
	case what == "current":
		n = list.stop(s, false)
	case what != "async":
		return Reply{}, errUsage
	}
	if s.async != nil && who == "" && what != "current" {
		s.async.stop()
		s.async = nil
		n++
	}
	return say("+OK Stopped %d files.\n", n)
}

// playing is the file that a command means by its last word; without one the
// reply is empty, as FreeSWITCH's.
func (s *State) playing(who string) (*file, Reply, error) {
	list, err := s.playlistOf(who)
	if err != nil {
		return nil, Reply{Text: noMember(who)}, errUsage
	}
	return list.now, Reply{}, nil
}

func pausePlay(s *State, args []string) (Reply, error) {
	f, r, err := s.playing(arg(args, 0))
	if f == nil {
		return r, err
	}
	f.paused = !f.paused
	f.sound.Pause(f.paused)
	if f.paused {
		return say("+OK Pause\n")
	}
	return say("+OK Resume\n")
}

const tonePrefix = "tone_stream://"

func playStatus(s *State, args []string) (Reply, error) {
	f, r, err := s.playing(arg(args, 0))
	switch {
	case err != nil:
		return r, err
	case f == nil:
		return say("-ERR Nothing is playing\n")
	}
	if tone, ok := strings.CutPrefix(f.name, tonePrefix); ok {
		return say("+OK 0/0 %s\n", tone)
	}
	return say("+OK %d/%d %s\n", f.sound.Position().Milliseconds(), f.sound.Duration().Milliseconds(), f.name)
}

// fileSeek takes +0 for a second, as FreeSWITCH does.
func fileSeek(s *State, args []string) (Reply, error) {
	word := arg(args, 0)
	if word == "" {
		return Reply{}, errUsage
	}
	f, r, err := s.playing(arg(args, 1))
	if f == nil {
		return r, err
	}
	d := time.Duration(atoi(word)) * time.Millisecond
	relative := word[0] == '+' || word[0] == '-'
	to := d
	if relative {
		if d == 0 {
			d = time.Second
		}
		to = f.sound.Position() + d
	}
	if err := f.sound.Seek(d, relative); err != nil {
		return say("-ERR %v\n", err)
	}
	return say("+OK seek to position %d\n", int64(max(to, 0))*media.SampleRate/int64(time.Second))
}

func fileVol(s *State, args []string) (Reply, error) {
	f := s.files.now
	if strings.EqualFold(arg(args, 1), "async") {
		f = s.async
	}
	switch {
	case len(args) == 0:
		return Reply{Text: "-ERR missing args\n"}, errUsage
	case f == nil:
		return Reply{Text: "-ERR File not playing\n"}, errUsage
	}
	f.sound.SetVolume(fileVolume(args[0]))
	return say("+OK volume changed\n")
}

// moh answers the same to any word.
func moh(s *State, args []string) (Reply, error) {
	music := &s.prompts.music
	switch word := strings.ToLower(arg(args, 0)); word {
	case "":
		return say("-ERR invalid moh param\n")
	case "on", "off":
		music.on = word == "on"
	case "toggle":
		music.on = !music.on
	case "reset":
		*music = s.prompts.profile
	default:
		*music = chime{file: args[0], on: true}
		delete(s.missing, args[0]) // it may be there now
	}
	s.playMusic()
	return say("+OK moh\n")
}

// setChime turns a sound on or off, or chooses its file.
func (s *State) setChime(c *chime, what string, args []string) (Reply, error) {
	name, word := s.room.name, strings.ToLower(arg(args, 0))
	switch {
	case word == "":
		return Reply{Text: "-ERR Not enough args\n"}, errUsage
	case word == "on":
		c.on = true
		s.happened(what+"-sounds-on", nil)
		return say("+OK %s %s sounds on (%s)\n", name, what, c.file)
	case word == "off" || word == "none":
		c.on = false
		s.happened(what+"-sounds-off", nil)
		return say("+OK %s %s sounds off (%s)\n", name, what, c.file)
	case word != "file":
		return Reply{Text: "-ERR Bad args\n"}, errUsage
	case len(args) < 2:
		return say("-ERR No filename specified\n")
	}
	old := ""
	if what == "exit" {
		old = fmt.Sprintf("+OK Old exit sound: [%s]\n", c.file)
	}
	c.file = args[1]
	delete(s.missing, c.file)
	s.happened(what+"-sound-file-changed", nil)
	return say("%s+OK %s %s sound file set to %s\n", old, name, what, c.file)
}

// sayText and sayMember check their words as FreeSWITCH does; it, too, speaks only
// with an engine, but says so only sometimes.
func sayText(_ *State, args []string) (Reply, error) {
	if len(args) == 0 {
		return Reply{Text: "-ERR (say) Error! No text.\n"}, errUsage
	}
	return say("-ERR (say) no speech engine\n")
}

func sayMember(s *State, args []string) (Reply, error) {
	if len(args) == 0 {
		return Reply{Text: "-ERR (saymember) No Text!\n"}, errUsage
	}
	if _, err := s.Member(memberID(args[0])); err != nil {
		return Reply{Text: fmt.Sprintf("-ERR (saymember) Unknown Member %s!\n", args[0])}, errUsage
	}
	return say("-ERR (saymember) no speech engine\n")
}
