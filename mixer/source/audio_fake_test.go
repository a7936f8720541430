package source_test

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/source"
)

// voice is a fake coded packet: its length in units of 2.5 ms, its level, and
// as redundancy the level of the packet before.
func voice(grains int, level, before int16) []byte {
	b := []byte{'v', byte(grains)}
	b = binary.BigEndian.AppendUint16(b, uint16(level))
	return binary.BigEndian.AppendUint16(b, uint16(before))
}

// fakeVoice decodes what voice makes into samples of that level and writes down
// what it was asked.
type fakeVoice struct {
	channels                int
	decoded, restored, made int // packets; packets; samples
	levels                  []int16
	last                    int16
	closed                  int
	panicAt, failAt         int
}

var errFake = errors.New("fake decoder")

func (f *fakeVoice) Duration(b []byte) int {
	if len(b) != 6 || b[0] != 'v' {
		return 0
	}
	return int(b[1]) * 120
}

func (f *fakeVoice) Decode(b []byte, pcm []int16) (int, error) {
	f.decoded++
	if f.decoded == f.panicAt {
		panic("fake decoder")
	}
	if f.decoded == f.failAt {
		return 0, errFake
	}
	n := f.Duration(b)
	f.last = int16(binary.BigEndian.Uint16(b[2:]))
	if f.levels != nil {
		f.levels = append(f.levels, f.last)
	}
	f.fill(pcm[:n*f.channels])
	return n, nil
}

func (f *fakeVoice) DecodeFEC(b []byte, pcm []int16) (int, error) {
	f.restored++
	f.last = int16(binary.BigEndian.Uint16(b[4:]))
	f.fill(pcm)
	return len(pcm) / f.channels, nil
}

func (f *fakeVoice) Conceal(pcm []int16) error {
	f.made += len(pcm) / f.channels
	f.fill(pcm)
	return nil
}

func (f *fakeVoice) fill(pcm []int16) {
	for i := range pcm {
		pcm[i] = f.last
	}
}

func (f *fakeVoice) Close() error { f.closed++; return nil }

// ear is an Audio under test with what its pulls gave.
type ear struct {
	*source.Audio
	clock    *media.Clock
	dec      *fakeVoice
	outcomes []media.Outcome
	first    []int16 // first sample of each tick, 0 for silence
	last     []int16 // last sample of each tick
	dst      []int16
}

func newEar(t testing.TB, channels int) *ear {
	e := &ear{clock: media.NewClock(), dec: &fakeVoice{channels: channels}, dst: make([]int16, media.TickSamples*channels)}
	e.Audio = source.NewAudio(source.AudioOptions{
		Clock: e.clock, Channels: channels, Log: testLog(t),
		NewDecoder: func() (media.AudioDecoder, error) { return e.dec, nil },
	})
	t.Cleanup(e.Close)
	return e
}

func (e *ear) tick(time.Duration) {
	o := e.Pull(e.dst)
	e.outcomes = append(e.outcomes, o)
	if o != media.Sound {
		e.first, e.last = append(e.first, 0), append(e.last, 0)
		return
	}
	e.first, e.last = append(e.first, e.dst[0]), append(e.last, e.dst[len(e.dst)-1])
}

// listen plays packets with audio ticks at phase, phase+20 ms, … until end.
func (e *ear) listen(packets []sent, phase, end time.Duration) {
	play(e.clock, e, packets, media.AudioTick, phase, end, e.tick)
}

// count is how many ticks from the one at from on had outcome o.
func (e *ear) count(from int, o media.Outcome) int {
	n := 0
	for _, x := range e.outcomes[from:] {
		if x == o {
			n++
		}
	}
	return n
}

// talk is a stream of n packets of that many grains from start on; the level of
// packet i is level(i).
func talk(start time.Duration, n, grains int, level func(i int) int16) []sent {
	var out []sent
	for i := range n {
		before := int16(0)
		if i > 0 {
			before = level(i - 1)
		}
		out = append(out, sent{
			at:   start + time.Duration(i*grains)*2500*time.Microsecond,
			ssrc: 1, seq: uint16(65500 + i), ts: uint32(4294960000 + i*grains*120),
			payload: voice(grains, level(i), before),
		})
	}
	return out
}

// numbered gives each packet a level of its own; loud, so that no tick is quiet.
func numbered(i int) int16 { return int16(2000 + i) }

// steady is a voice of one level.
func steady(int) int16 { return 5000 }

// quiet is a voice so low that a tick may be left out unheard.
func quiet(int) int16 { return 20 }
