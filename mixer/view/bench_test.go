package view_test

import (
	"fmt"
	"testing"
)

// BenchmarkFanOut is what a view costs beside scaling and encoding: cutting 8 kB
// into fragments, waking its goroutine, and handing the frame to the watchers.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("watchers=%d", n), func(b *testing.B) {
			step := fanOut(b, n)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/watcher")
		})
	}
}
