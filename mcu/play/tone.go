package play

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/omniverto/omniverto/media"
)

const (
	maxNotes = 4096 // of one score
	maxLoops = 1_000_000
	maxTones = 18 // sounding together: libteletone's TELETONE_MAX_TONES
	// edge is how long a tone takes to come and go: 2 ms, so that it does not click.
	edge = media.SampleRate / 500
)

// keys are the telephone's, row by row: each stands for two tones.
const (
	keys    = "123A456B789C*0#D"
	columns = 4
)

// toneParser reads libteletone's language, which FreeSWITCH's tone_stream speaks:
// fields between semicolons, each a setting or a row of tones.
//
//	v=-7   level, -63 to 0        d=, w=  ms of a key and of the rest after it
//	l=n    the next tone n times  >=, <=  ms after which the level falls or rises by +=
//	L=n    the whole n times      +=      dB
//	%(on,off,hz,…)  tones that sound together for on ms, and off ms of rest
//	0-9 A-D * #     keys
//	loops=n         the whole n times, -1 for ever; ends the words
type toneParser struct {
	score  score
	whole  int // L
	loops  int
	level  float64 // dB
	on     int     // ms of a key
	off    int
	repeat int
	step   int     // ms between changes of the level
	change float64 // dB of one
	sign   float64 // -1 falling, 1 rising, 0 neither
}

func parseTones(words string) (piece, error) {
	// The defaults are libteletone's.
	p := toneParser{whole: 1, loops: 1, level: -7, on: 2000, off: 500, repeat: 1, change: 1}
	for field := range strings.SplitSeq(words, ";") {
		field = strings.TrimSpace(field)
		count, last := strings.CutPrefix(field, "loops=")
		var err error
		switch {
		case last:
			p.loops, err = loops(count)
		case len(field) > 1 && field[1] == '=':
			err = p.set(field[0], field[2:])
		default:
			err = p.tones(field)
		}
		if err != nil {
			return piece{}, err
		}
		if last {
			break
		}
	}
	if p.score.length <= 0 {
		return piece{}, fmt.Errorf("%w: no tone in it", ErrSpec)
	}
	if p.loops > 0 {
		p.loops *= p.whole
	}
	return piece{score: p.score.ready(), loops: p.loops}, nil
}

func loops(count string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(count))
	if err != nil || n < -1 || n == 0 || n > maxLoops {
		return 0, fmt.Errorf("%w: %q loops", ErrSpec, shorten(count))
	}
	return n, nil
}

// set takes a setting.
func (p *toneParser) set(key byte, value string) error {
	v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > longest {
		return fmt.Errorf("%w: %c=%s", ErrSpec, key, shorten(value))
	}
	whole := max(int(v), 0)
	switch key {
	case 'v':
		if v >= -63 && v <= 0 { // libteletone ignores others
			p.level = v
		}
	case 'd':
		p.on = whole
	case 'w':
		p.off = whole
	case 'l':
		if p.repeat = int(v); p.repeat < 0 {
			return fmt.Errorf("%w: a tone without end: use loops=-1", ErrSpec)
		}
	case 'L':
		p.whole = min(max(whole, 1), maxLoops)
	case '>':
		p.step, p.sign = whole, -1
	case '<':
		p.step, p.sign = whole, 1
	case '+':
		p.change = math.Abs(v)
	case 'c', 'r': // channels and rate are the room's
	default:
		return fmt.Errorf("%w: setting %q", ErrSpec, key)
	}
	return nil
}

// tones takes a row of tones and keys.
func (p *toneParser) tones(row string) error {
	for row = strings.TrimSpace(row); row != ""; row = strings.TrimSpace(row) {
		var err error
		if inside, ok := strings.CutPrefix(row, "%("); ok {
			words, rest, closed := strings.Cut(inside, ")")
			if !closed {
				return fmt.Errorf("%w: %q is not closed", ErrSpec, shorten(row))
			}
			row, err = rest, p.group(words)
		} else {
			at := strings.IndexByte(keys, row[0])
			if at < 0 {
				return fmt.Errorf("%w: %q", ErrSpec, shorten(row))
			}
			low := [...]float64{697, 770, 852, 941}
			high := [...]float64{1209, 1336, 1477, 1633}
			row, err = row[1:], p.add(p.on, p.off, []float64{low[at/columns], high[at%columns]})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// group takes on,off,hz,… A frequency of 0 ends the list, as in libteletone; without
// any it is a rest.
func (p *toneParser) group(words string) error {
	parts := strings.Split(words, ",")
	if len(parts) < 2 || len(parts) > 2+maxTones {
		return fmt.Errorf("%w: %%(%s)", ErrSpec, shorten(words))
	}
	var numbers []float64
	for _, part := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || !(v >= 0 && v <= longest) {
			return fmt.Errorf("%w: %%(%s)", ErrSpec, shorten(words))
		}
		numbers = append(numbers, v)
	}
	var hz []float64
	for _, f := range numbers[2:] {
		if f == 0 {
			break
		}
		if f > 20000 {
			return fmt.Errorf("%w: %v Hz", ErrSpec, f)
		}
		hz = append(hz, f)
	}
	return p.add(int(numbers[0]), int(numbers[1]), hz)
}

// add appends tones that sound together, and the rest after them.
func (p *toneParser) add(on, off int, hz []float64) error {
	for range max(p.repeat, 1) {
		if len(p.score.notes)+2*len(hz) > maxNotes || p.score.length+millis(on)+millis(off) > millis(longest) {
			return fmt.Errorf("%w: too long", ErrSpec)
		}
		for _, f := range hz {
			p.note(f, millis(on), 1/float64(len(hz)))
		}
		p.score.length += millis(on) + millis(off)
		if on+off == 0 {
			break // however often: it is nothing
		}
	}
	p.repeat = 1
	return nil
}

// note appends one tone with its share of the level.
func (p *toneParser) note(hz float64, length int64, share float64) {
	n := note{at: p.score.length, length: length, hz: hz, attack: edge, release: edge, amplitude: share * peak(p.level)}
	if p.sign == 0 {
		p.score.notes = append(p.score.notes, n)
		return
	}
	perSample := p.sign * p.change / float64(max(millis(p.step), 1)) // dB
	n.fall = perSample * math.Ln10 / 20
	if p.sign > 0 && p.level+perSample*float64(length) > 0 {
		// Rising ends at 0 dB.
		rest := n
		n.length, n.release = int64(-p.level/perSample), 0
		rest.at, rest.length, rest.attack, rest.fall = n.at+n.length, length-n.length, 0, 0
		rest.amplitude = share * peak(0)
		rest.phase = math.Mod(2*math.Pi*hz*float64(n.length)/media.SampleRate, 2*math.Pi)
		p.score.notes = append(p.score.notes, rest)
	}
	p.score.notes = append(p.score.notes, n)
}

// peak is the amplitude of a tone of libteletone's level, in shares of full scale: it
// counts in dBm0, of which a sine of full scale has 3.14, and takes 3.02 more for the
// mean of a sine.
func peak(level float64) float64 { return math.Sqrt2 * math.Pow(10, (level-6.16)/20) }
