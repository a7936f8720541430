package room

import (
	"slices"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
)

func TestQuality(t *testing.T) {
	t.Parallel()
	good := media.LegStats{PacketsIn: 50, PacketsOut: 50}
	lossy := media.LegStats{PacketsIn: 45, LostIn: 5, PacketsOut: 50}
	for _, c := range []struct {
		name    string
		seconds []media.LegStats // what each adds; loss and round trip as they are
		times   []int            // how often
		want    []int            // shown after each
	}{
		{"unknown", []media.LegStats{{}}, []int{20}, []int{QualityUnknown}},
		{"good", []media.LegStats{good}, []int{4}, []int{QualityGood}},
		{"bad", []media.LegStats{good, lossy}, []int{10, 5}, []int{QualityGood, QualityBad}},
		{"one bad second", []media.LegStats{good, lossy, good}, []int{10, 1, 5}, []int{QualityGood, QualityGood, QualityGood}},
		{"back", []media.LegStats{lossy, good}, []int{10, 10}, []int{QualityBad, QualityGood}},
		{"not so soon", []media.LegStats{lossy, good}, []int{10, 6}, []int{QualityBad, QualityBad}},
		{"worse and worse", []media.LegStats{good, {PacketsOut: 50, LossOut: 0.05}, lossy, lossy}, []int{10, 3, 3, 3}, []int{QualityGood, QualityPoor, QualityPoor, QualityBad}},
		{"slow way", []media.LegStats{{PacketsOut: 50, RTTMicros: 500_000}}, []int{5}, []int{QualityPoor}},
		{"very slow", []media.LegStats{{PacketsOut: 50, RTTMicros: 1_500_000}}, []int{5}, []int{QualityBad}},
		{"he hears little", []media.LegStats{{PacketsOut: 50, LossOut: 0.05}}, []int{5}, []int{QualityPoor}},
	} {
		var q quality
		var sum media.LegStats
		now := time.Unix(1000, 0)
		var got []int
		var changes []time.Time
		for i, s := range c.seconds {
			for range c.times[i] {
				sum.PacketsIn, sum.LostIn, sum.PacketsOut = sum.PacketsIn+s.PacketsIn, sum.LostIn+s.LostIn, sum.PacketsOut+s.PacketsOut
				sum.LossOut, sum.RTTMicros = s.LossOut, s.RTTMicros
				now = now.Add(time.Second)
				if q.take(sum, now) {
					changes = append(changes, now)
				}
			}
			got = append(got, q.shown)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		for i := 1; i < len(changes); i++ {
			if changes[i].Sub(changes[i-1]) < qualityPause {
				t.Errorf("%s: changes after %v", c.name, changes[i].Sub(changes[i-1]))
			}
		}
	}
	var q quality
	q.take(media.LegStats{PacketsIn: 1000, LostIn: 10}, time.Unix(1, 0))
	if q.take(media.LegStats{PacketsIn: 10}, time.Unix(2, 0)); q.worse+q.better > 0 {
		t.Error("counters that begin anew are judged")
	}
}
