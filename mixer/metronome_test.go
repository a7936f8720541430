package mixer_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
)

// beat is one call of a step: its tick and when it really began.
type beat struct {
	tick  int64
	begun time.Duration
}

// conduct runs a metronome of 20 ms over total time; the step of tick n takes
// busy[n]. It returns the beats and the stats.
func conduct(t *testing.T, catchUp int, total time.Duration, busy map[int64]time.Duration) (beats []beat, s mixer.MetronomeStats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		clock := media.NewClock()
		m := mixer.NewMetronome(mixer.MetronomeOptions{
			Clock: clock, Period: media.AudioTick, CatchUp: catchUp,
			Step: func(tick int64, now time.Duration) {
				if now != time.Duration(tick)*media.AudioTick {
					t.Errorf("tick %d has nominal time %v", tick, now)
				}
				beats = append(beats, beat{tick, clock.Now()})
				if d := busy[tick]; d > 0 {
					<-time.After(d)
				}
			},
		})
		ctx, cancel := context.WithTimeout(context.Background(), total)
		defer cancel()
		m.Run(ctx)
		s = m.Stats()
	})
	return beats, s
}

func ticks(beats []beat) []int64 {
	var l []int64
	for _, b := range beats {
		l = append(l, b.tick)
	}
	return l
}

func TestMetronome(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name    string
		catchUp int
		total   time.Duration
		busy    map[int64]time.Duration
		want    []int64
		late    uint64
		skipped uint64
	}{
		{"in time", 0, 110 * ms, nil, []int64{1, 2, 3, 4, 5}, 0, 0},
		{"long but in time", 0, 70 * ms, map[int64]time.Duration{1: 19 * ms}, []int64{1, 2, 3}, 0, 0},
		{"video skips", 0, 130 * ms, map[int64]time.Duration{2: 55 * ms}, []int64{1, 2, 4, 5, 6}, 1, 1},
		{"audio makes up", 10, 130 * ms, map[int64]time.Duration{2: 55 * ms}, []int64{1, 2, 3, 4, 5, 6}, 2, 0},
		{"audio jumps beyond its bound", 2, 170 * ms, map[int64]time.Duration{1: 105 * ms}, []int64{1, 6, 7, 8}, 0, 4},
		{"audio at its bound", 4, 170 * ms, map[int64]time.Duration{1: 105 * ms}, []int64{1, 2, 3, 4, 5, 6, 7, 8}, 4, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			beats, s := conduct(t, tt.catchUp, tt.total, tt.busy)
			if got := ticks(beats); !slices.Equal(got, tt.want) {
				t.Errorf("ticks %v, want %v", got, tt.want)
			}
			if s.Ticks != uint64(len(tt.want)) || s.Late != tt.late || s.Skipped != tt.skipped {
				t.Errorf("stats %+v, want %d ticks, %d late, %d skipped", s, len(tt.want), tt.late, tt.skipped)
			}
		})
	}
}

func TestMetronomeMeasures(t *testing.T) {
	busy := map[int64]time.Duration{}
	for n := range int64(200) {
		busy[n] = 5 * time.Millisecond
	}
	beats, s := conduct(t, 0, 3990*time.Millisecond, busy)
	if s.Busy < 0.249 || s.Busy > 0.251 {
		t.Errorf("busy = %v, want 0.25", s.Busy)
	}
	if s.LatenessP95 != 0 {
		t.Errorf("lateness = %v, want 0", s.LatenessP95)
	}
	for _, b := range beats {
		if b.begun != time.Duration(b.tick)*media.AudioTick {
			t.Fatalf("tick %d begun at %v", b.tick, b.begun)
		}
	}
}

// TestMetronomePhases: metronomes on one clock tick each in its own instant, and
// their times say so.
func TestMetronomePhases(t *testing.T) {
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		clock := media.NewClock()
		ctx, cancel := context.WithTimeout(context.Background(), 95*ms)
		defer cancel()
		var all [3][]beat
		var wg sync.WaitGroup
		phases := []time.Duration{0, 7 * ms, 19 * ms}
		for i, phase := range phases {
			m := mixer.NewMetronome(mixer.MetronomeOptions{
				Clock: clock, Period: media.AudioTick, Phase: phase, CatchUp: 10,
				Step: func(tick int64, now time.Duration) {
					if now != clock.Now() {
						t.Errorf("phase %v: tick %d at %v is told as %v", phase, tick, clock.Now(), now)
					}
					all[i] = append(all[i], beat{tick, now})
				},
			})
			wg.Go(func() { m.Run(ctx) })
		}
		wg.Wait()
		for i, phase := range phases {
			for j, b := range all[i] {
				if want := phase + time.Duration(b.tick)*media.AudioTick; b.begun != want || j > 0 && b.tick != all[i][j-1].tick+1 {
					t.Errorf("phase %v: beat %d is tick %d at %v, want %v", phase, j, b.tick, b.begun, want)
				}
			}
			if want := []int64{1, 0, 0}[i]; len(all[i]) < 4 || all[i][0].tick != want {
				t.Errorf("phase %v: beats %v, want from tick %d", phase, all[i], want)
			}
		}
	})
}

func TestMetronomeStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mixer.NewMetronome(mixer.MetronomeOptions{
			Clock: media.NewClock(), Period: time.Hour,
			Step: func(int64, time.Duration) { t.Error("stepped") },
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { m.Run(ctx); close(ended) }()
		synctest.Wait()
		start := time.Now()
		cancel()
		<-ended
		if d := time.Since(start); d != 0 {
			t.Errorf("Run returned %v after its context", d)
		}
	})
}

func TestMetronomeAllocatesNothing(t *testing.T) {
	step := make(chan struct{})
	m := mixer.NewMetronome(mixer.MetronomeOptions{
		Clock: media.NewClock(), Period: 100 * time.Microsecond,
		Step: func(int64, time.Duration) { step <- struct{}{} },
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		m.Run(ctx)
		close(ended)
	}()
	allocs := testing.AllocsPerRun(200, func() { <-step })
	cancel()
	for {
		select {
		case <-step:
			continue
		case <-ended:
		}
		break
	}
	if allocs != 0 {
		t.Errorf("a tick allocates %v objects, want 0", allocs)
	}
}
