package room

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/omniverto/omniverto/media"
)

// recordCommands are those about recordings of the room.
func recordCommands() []command {
	run := runOf(KindRecording, ForModerator)
	return []command{
		run("record", " <filename>", "records a canvas into a file; its number may follow", record),
		run("chkrecord", " <confname>", "lists what is being recorded", func(s *State, _ []string) (Reply, error) { return s.checkRecordings() }),
		run("norecord", " <[filename|all]>", "ends a recording, or all", noRecord),
		run("pause", " <filename>", "holds a recording", func(s *State, args []string) (Reply, error) { return s.pauseRecording(args, true) }),
		run("resume", " <filename>", "goes on with it", func(s *State, args []string) (Reply, error) { return s.pauseRecording(args, false) }),
		run("recording", " [start|stop|check|pause|resume] [<filename>|all]",
			"does the same in one command; another first word is a file to record", recording),
	}
}

const noRecorder = "-ERR Recording is not available.\n"

// recordings are those of the room, newest first.
func (s *State) recordings() []Recording {
	if s.room.recorder == nil {
		return nil
	}
	return s.room.recorder.List(s.room)
}

// recording is record, norecord, chkrecord, pause and resume in one. As in FreeSWITCH
// a word that is none of them is a file, and so is start without one.
func recording(s *State, args []string) (Reply, error) {
	rest := args[min(1, len(args)):]
	switch word := strings.ToLower(arg(args, 0)); {
	case word == "":
		return Reply{}, errUsage
	case word == "check":
		return s.checkRecordings()
	case word == "stop" && len(filled(rest)) == 0:
		return noRecord(s, []string{"all"})
	case word == "stop":
		return noRecord(s, rest)
	case word == "pause" || word == "resume":
		return s.pauseRecording(rest, word == "pause")
	case word == "start" && arg(rest, 0) != "":
		return record(s, rest)
	}
	return record(s, args)
}

// maxPath bounds the path of a recording, in bytes.
const maxPath = 512

// record takes what is no canvas number, or too high a one, for the first canvas; the
// former it tells, as FreeSWITCH does.
func record(s *State, args []string) (Reply, error) {
	path, canvas, told := arg(args, 0), 0, ""
	switch word := arg(args, 1); {
	case path == "" || len(path) > maxPath:
		return Reply{}, errUsage
	case s.room.recorder == nil:
		return say(noRecorder)
	case word != "" && !isNumber(word):
		told = invalidCanvas
	case word != "":
		canvas = s.canvasOr1(word)
	}
	rec := Recording{Path: path, Spec: s.recordSpec(path, canvas), Canvas: canvas, Started: time.Now()}
	for _, other := range s.recordings() {
		if other.Path == path {
			return say("-ERR file [%s] is already being used for recording.\n", other.Spec)
		}
	}
	switch err := s.room.recorder.Start(s.room, rec); {
	case errors.Is(err, ErrRecording):
		return say("-ERR file [%s] is already being used for recording.\n", rec.Spec)
	case err != nil:
		s.happened("start-recording", nil, Header{"Path", rec.Spec}, Header{"Error", "File could not be opened for recording"})
		return say("%s-ERR Record file %s: %v\n", told, path, err)
	}
	s.happened("start-recording", nil, Header{"Path", rec.Spec})
	s.tellRecording()
	return say("%s+OK Record file %s canvas %d\n", told, path, canvas+1)
}

// recordSpec is a path with the form that its recording has, as FreeSWITCH tells it.
func (s *State) recordSpec(path string, canvas int) string {
	f := s.canvases[canvas].form
	return fmt.Sprintf("{video_time_audio=false,channels=%d,samplerate=%d,vw=%d,vh=%d,fps=%.2f}%s",
		s.room.channels(), media.SampleRate, f.width, f.height, toldFPS(s.FPS()), path)
}

// tellRecording tells whether anything is being recorded.
func (s *State) tellRecording() { s.SetRecording(len(s.recordings()) > 0) }

func (s *State) checkRecordings() (Reply, error) {
	var b strings.Builder
	for _, rec := range s.recordings() {
		auto := ""
		if rec.Auto {
			auto = " (Auto)"
		}
		fmt.Fprintf(&b, "+OK Record file %s%s\n", rec.Spec, auto)
	}
	if b.Len() == 0 {
		b.WriteString("-ERR Conference is not being recorded.\n")
	}
	return Reply{Text: b.String()}, nil
}

// noRecord ends recordings. FreeSWITCH does not count those that it has just listed.
func noRecord(s *State, args []string) (Reply, error) {
	path := arg(args, 0)
	switch {
	case path == "":
		return Reply{}, errUsage
	case s.room.recorder == nil:
		return say(noRecorder)
	}
	all := s.chosen(path)
	var b strings.Builder
	for i, rec := range all {
		s.room.recorder.Stop(s.room, rec.Path)
		if rec.Auto {
			fmt.Fprintf(&b, "Stopped AUTO recording file %s (Auto Recording Now Disabled)\n", rec.Path)
		} else {
			fmt.Fprintf(&b, "Stopped recording file %s\n", rec.Path)
		}
		s.happened("stop-recording", nil, Header{"Path", rec.Spec}, Header{"Other-Recordings", fmt.Sprint(i+1 < len(all) || len(s.recordings()) > 0)},
			Header{"Milliseconds-Elapsed", fmt.Sprint(time.Since(rec.Started).Milliseconds())})
	}
	if len(all) == 0 && !strings.EqualFold(path, "all") {
		b.WriteString(noRecording(path))
	}
	s.tellRecording()
	return say("%s+OK Stopped recording 0 files\n", b.String())
}

func noRecording(path string) string { return fmt.Sprintf("-ERR non-existant recording '%s'\n", path) }

// chosen are the recordings of a path; all are all.
func (s *State) chosen(path string) []Recording {
	var out []Recording
	for _, rec := range s.recordings() {
		if rec.Path == path || strings.EqualFold(path, "all") {
			out = append(out, rec)
		}
	}
	return out
}

// pauseRecording tells first that it did, as FreeSWITCH does.
func (s *State) pauseRecording(args []string, on bool) (Reply, error) {
	path, word := arg(args, 0), "Pause"
	if !on {
		word = "Resume"
	}
	switch {
	case path == "":
		return Reply{}, errUsage
	case s.room.recorder == nil:
		return say(noRecorder)
	}
	all := s.chosen(path)
	for _, rec := range all {
		s.room.recorder.Pause(s.room, rec.Path, on)
		s.happened(strings.ToLower(word)+"-recording", nil, Header{"Path", rec.Path},
			Header{"Other-Recordings", fmt.Sprint(len(s.recordings()) > 0)})
	}
	refusal := ""
	if len(all) == 0 {
		refusal = noRecording(path)
	}
	return say("+OK %s recording file %s\n%s", word, path, refusal)
}
