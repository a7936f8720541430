package mixer_test

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mixer"
)

func TestGateLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := mixer.NewGate(2)
		var mu sync.Mutex
		var inside, most int
		var wg sync.WaitGroup
		for range 9 {
			wg.Go(func() {
				g.Enter(time.Now())
				mu.Lock()
				inside++
				most = max(most, inside)
				mu.Unlock()
				<-time.After(time.Millisecond)
				mu.Lock()
				inside--
				mu.Unlock()
				g.Leave()
			})
		}
		synctest.Wait()
		if s := g.Stats(); s.Waiting != 7 || s.Waits != 7 {
			t.Errorf("stats while full = %+v, want 7 waiting of 7 waits", s)
		}
		wg.Wait()
		if most != 2 {
			t.Errorf("%d were inside at a time, want 2", most)
		}
		s := g.Stats()
		if s.Entries != 9 || s.Waiting != 0 || s.Longest != 4*time.Millisecond {
			t.Errorf("stats at the end = %+v, want 9 entries, none waiting, longest 4ms", s)
		}
	})
}

func TestGateServesEarliestDeadlineFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := mixer.NewGate(1)
		start := time.Now()
		g.Enter(start)
		// Arrival order differs from the deadlines; equal ones keep it.
		deadlines := []int{50, 10, 40, 10, 30, 20, 60, 5}
		want := []int{7, 1, 3, 5, 4, 2, 0, 6}
		var served []int
		var wg sync.WaitGroup
		for i, d := range deadlines {
			wg.Go(func() {
				g.Enter(start.Add(time.Duration(d) * time.Millisecond))
				served = append(served, i)
				g.Leave()
			})
			synctest.Wait()
		}
		g.Leave()
		wg.Wait()
		for i := range want {
			if served[i] != want[i] {
				t.Fatalf("served in order %v, want %v", served, want)
			}
		}
	})
}

func TestNilGateLetsPass(t *testing.T) {
	var g *mixer.Gate
	g.Enter(time.Now())
	g.Leave()
	if s := g.Stats(); s != (mixer.GateStats{}) {
		t.Errorf("stats = %+v, want none", s)
	}
}

// contend runs n passes of two goroutines through a gate of one slot.
func contend(g *mixer.Gate, n int) {
	deadline := time.Time{}
	var wg sync.WaitGroup
	wg.Add(2)
	pass := func() {
		defer wg.Done()
		for range n {
			g.Enter(deadline)
			g.Leave()
		}
	}
	go pass()
	go pass()
	wg.Wait()
}

func TestGateAllocatesNothing(t *testing.T) {
	g := mixer.NewGate(1)
	waiting, pass := make(chan struct{}), make(chan struct{})
	defer close(pass)
	go func() {
		for range pass {
			g.Enter(time.Time{})
			g.Leave()
			waiting <- struct{}{}
		}
	}()
	allocs := testing.AllocsPerRun(100, func() {
		g.Enter(time.Time{})
		queued := g.Stats().Waits + 1
		pass <- struct{}{}
		for g.Stats().Waits < queued {
			runtime.Gosched() // the other goroutine is about to queue
		}
		g.Leave()
		<-waiting
	})
	if allocs != 0 {
		t.Errorf("a contended pass allocates %v objects, want 0", allocs)
	}
}

func BenchmarkGate(b *testing.B) {
	b.Run("free", func(b *testing.B) {
		g := mixer.NewGate(1)
		b.ReportAllocs()
		for b.Loop() {
			g.Enter(time.Time{})
			g.Leave()
		}
	})
	b.Run("contended", func(b *testing.B) {
		g := mixer.NewGate(1)
		b.ReportAllocs()
		for b.Loop() {
			contend(g, 100)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(200*b.N), "ns/pass")
	})
}
