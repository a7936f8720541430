package audio_test

import (
	"testing"

	"github.com/omniverto/omniverto/mixer/audio"
)

// span is a run of ticks with one score.
type span struct{ score, ticks int }

func spans(s ...span) func(n int) int {
	return func(n int) int {
		for _, sp := range s {
			if n < sp.ticks {
				return sp.score
			}
			n -= sp.ticks
		}
		return 0
	}
}

// TestTalking checks the thresholds: from is the first tick that talks, to the
// first that does not any more; -1 for never within the test.
func TestTalking(t *testing.T) {
	t.Parallel()
	const gate = 200
	for _, c := range []struct {
		name     string
		gate     int
		said     func(n int) int
		from, to int
	}{
		{"below the gate", gate, spans(span{200, 500}), -1, -1},
		{"loud at once", gate, spans(span{600, 1}), 0, 40},
		{"just not loud", gate, spans(span{599, 4}), -1, -1},
		{"five open ticks", gate, spans(span{201, 5}), 4, 44},
		{"a closed tick takes one off", gate, spans(span{201, 4}, span{0, 2}, span{201, 3}), 8, 48},
		{"forty closed ticks end it", gate, spans(span{1000, 10}, span{0, 100}), 0, 49},
		{"39 do not", gate, spans(span{1000, 10}, span{0, 39}, span{1000, 1}, span{0, 39}, span{1000, 200}), 0, -1},
		{"an open tick takes one off", gate, spans(span{1000, 1}, span{0, 30}, span{201, 2}, span{0, 100}), 0, 44},
		{"without a gate any sound opens", 0, spans(span{1, 5}), 4, 44},
		{"without a gate 400 is loud", 0, spans(span{400, 1}), 0, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(o *audio.Options) { o.EnergyLevel = c.gate })
			p, _ := r.join(1, level(c.said))
			from, to := -1, -1
			for i := range 300 {
				r.run(1)
				talking := p.State().Talking
				if talking && from < 0 {
					from = i
				}
				if !talking && from >= 0 && to < 0 {
					to = i
				}
			}
			if from != c.from || to != c.to {
				t.Errorf("talks in ticks [%d, %d), want [%d, %d)", from, to, c.from, c.to)
			}
		})
	}
}

// TestGate: with an energy level only talkers are mixed, unless audio-always.
func TestGate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		gate   int
		always bool
		score  int
		want   int
	}{
		{"below the gate", 200, false, 150, 0},
		{"above the gate", 200, false, 300, 1},
		{"always open", 0, false, 1, 1},
		{"audio-always", 200, true, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(o *audio.Options) { o.EnergyLevel, o.AudioAlways = c.gate, c.always })
			r.join(1, steady(c.score))
			r.run(10)
			if got := r.Stats().Mixed; got != c.want {
				t.Errorf("%d mixed, want %d", got, c.want)
			}
		})
	}
}

// TestFloor: who holds it after the spans were said.
func TestFloor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		said  []func(n int) int // of members 1, 2 …
		ticks int
		want  audio.PortID
	}{
		{"nobody", nil, 1, 0},
		{"the first gets it without a word", []func(int) int{spans()}, 1, 1},
		{"the louder of two gets a free floor", []func(int) int{spans(span{100, 9}), spans(span{900, 9})}, 1, 2},
		{"a quiet holder keeps it from a quiet taker", []func(int) int{spans(), spans(span{0, 1}, span{300, 500})}, 200, 1},
		{"a taker over 300 gets it", []func(int) int{spans(), spans(span{0, 1}, span{400, 500})}, 200, 2},
		{"a holder at 100 keeps it", []func(int) int{spans(span{0, 1}, span{120, 500}), spans(span{0, 11}, span{9000, 500})}, 200, 1},
		{"the smoothing takes its time", []func(int) int{spans(), spans(span{0, 1}, span{500, 500})}, 5, 1},
		{"a new holder's score begins anew", []func(int) int{spans(), spans(span{0, 1}, span{3000, 1}), spans(span{0, 1}, span{2000, 9})}, 3, 3},
		{"and not more", []func(int) int{spans(), spans(span{0, 1}, span{500, 500})}, 6, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			for i, said := range c.said {
				r.join(audio.PortID(i+1), level(said))
			}
			r.run(c.ticks)
			if got := r.Floor(); got != c.want {
				t.Errorf("floor %d, want %d", got, c.want)
			}
		})
	}
}

// TestMutedLosesTheFloorToATalker, but keeps it while nobody talks.
func TestMutedLosesTheFloorToATalker(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	p, _ := r.join(1, steady(5000))
	r.join(2, level(spans(span{0, 30}, span{5000, 1000})))
	r.run(10)
	p.SetMuted(true)
	r.run(20)
	if r.Floor() != 1 {
		t.Errorf("floor %d right after muting, want 1", r.Floor())
	}
	r.run(5)
	if r.Floor() != 2 {
		t.Errorf("floor %d when another talks, want 2", r.Floor())
	}
}

func TestLeavingFreesTheFloor(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	one, _ := r.join(1, steady(5000))
	two, _ := r.join(2, silent())
	r.join(3, nil)
	r.run(3)
	r.Remove(one)
	r.run(1)
	if r.Floor() != 2 {
		t.Errorf("floor %d, want the only other with a voice", r.Floor())
	}
	r.Remove(two)
	r.run(1)
	if r.Floor() != 0 {
		t.Errorf("floor %d with listeners only", r.Floor())
	}
}

// TestChanged: a signal after each change, one for many, none without.
func TestChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	signalled := func() bool {
		select {
		case <-r.Changed():
			return true
		default:
			return false
		}
	}
	// The floor and two who begin to talk in different ticks.
	r.join(1, level(spans(span{1000, 20})))
	p, _ := r.join(2, level(spans(span{0, 3}, span{1000, 20})))
	r.run(6)
	if !signalled() || signalled() {
		t.Error("want exactly one signal for several changes")
	}
	r.run(53)
	if signalled() {
		t.Error("a signal without a change")
	}
	r.run(1) // the 40th tick of silence
	if !signalled() {
		t.Error("no signal when somebody stops talking")
	}
	p.SetMuted(true)
	r.run(1)
	if !signalled() || p.State().Talking {
		t.Error("no signal when a talker is muted")
	}
}

func TestListenersNeverTalk(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	p, _ := r.join(1, nil)
	r.run(3)
	if p.State() != (audio.PortState{LevelDBov: -127}) || p.ID() != 1 {
		t.Errorf("port %d: %+v", p.ID(), p.State())
	}
}
