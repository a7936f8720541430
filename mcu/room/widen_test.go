package room

import (
	"testing"

	"github.com/omniverto/omniverto/media"
)

// steady is a source of one channel.
type steady struct {
	value   int16
	outcome media.Outcome
}

func (s steady) Pull(dst []int16) media.Outcome {
	for i := range dst {
		dst[i] = s.value
	}
	return s.outcome
}

func TestWidened(t *testing.T) {
	dst := make([]int16, 2*media.TickSamples)
	w := &widened{src: steady{7, media.Sound}, mono: make([]int16, media.TickSamples)}
	if got := w.Pull(dst); got != media.Sound {
		t.Fatalf("outcome %v", got)
	}
	for i, s := range dst {
		if s != 7 {
			t.Fatalf("sample %d is %d", i, s)
		}
	}
	clear(dst)
	w.src = steady{7, media.Silence}
	if got := w.Pull(dst); got != media.Silence || dst[0] != 0 {
		t.Errorf("outcome %v, sample %d", got, dst[0])
	}
	if n := testing.AllocsPerRun(20, func() { w.Pull(dst) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
