package play

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/omniverto/omniverto/media"
)

// longest bounds every time in a spec: a day, in milliseconds.
const longest = 24 * 60 * 60 * 1000

// maxSpec bounds the words themselves.
const maxSpec = 4096

// piece is what a spec says: a score, or the path of a file.
type piece struct {
	score *score
	loops int // of a score
	path  string
}

// parse reads a spec.
func parse(spec string) (piece, error) {
	switch {
	case spec == "":
		return piece{}, fmt.Errorf("%w: nothing is named", ErrSpec)
	case len(spec) > maxSpec:
		return piece{}, fmt.Errorf("%w: more than %d bytes", ErrSpec, maxSpec)
	case spec == "silence":
		return piece{score: &score{length: endless}, loops: 1}, nil
	}
	scheme, words, found := strings.Cut(spec, "://")
	if !found {
		return piece{path: spec}, nil
	}
	switch scheme {
	case "tone_stream":
		return parseTones(words)
	case "silence_stream":
		return parseSilence(words)
	case "local_stream": // FreeSWITCH's hold music; there is one of it here
		return piece{score: holdMusic(), loops: -1}, nil
	case "omniverto":
		if words == "hold" {
			return piece{score: holdMusic(), loops: -1}, nil
		}
		if s := sound(words); s != nil {
			return piece{score: s, loops: 1}, nil
		}
		return piece{}, fmt.Errorf("%w: there is no sound of that name", ErrSpec)
	}
	return piece{}, fmt.Errorf("%w: %s:// is not known", ErrSpec, shorten(scheme))
}

// parseSilence reads ms[,comfort]. FreeSWITCH divides full-scale noise by comfort.
func parseSilence(words string) (piece, error) {
	time, noise, noisy := strings.Cut(words, ",")
	s := &score{length: endless}
	ms, err := strconv.Atoi(strings.TrimSpace(time))
	switch {
	case err != nil || ms == 0 || ms < -1 || ms > longest:
		return piece{}, fmt.Errorf("%w: silence of %q ms", ErrSpec, shorten(time))
	case ms > 0:
		s.length = millis(ms)
	}
	if noisy {
		if s.comfort, err = strconv.Atoi(strings.TrimSpace(noise)); err != nil {
			return piece{}, fmt.Errorf("%w: comfort noise of %q", ErrSpec, shorten(noise))
		}
		s.comfort = max(s.comfort, 0)
	}
	return piece{score: s, loops: 1}, nil
}

func millis(ms int) int64 { return int64(ms) * media.SampleRate / 1000 }
