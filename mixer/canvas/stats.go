package canvas

import "sync/atomic"

// Stats are a canvas' counters since its start.
type Stats struct {
	Steps      uint64 // all steps
	Published  uint64 // steps that returned a picture
	Unchanged  uint64 // steps in which nothing differed
	Skipped    uint64 // steps in which readers held all buffers
	Superseded uint64 // scenes that were never shown because a later one came first
	Drawn      uint64 // layers scaled
	Copied     uint64 // layers taken over from the picture published last
	Pixels     uint64 // drawn, copied or filled with the background
}

type counters struct {
	steps, published, unchanged, skipped, superseded, drawn, copied, pixels atomic.Uint64
}

func (c *counters) publish(info StepInfo) {
	c.published.Add(1)
	c.drawn.Add(uint64(info.Drawn))
	c.copied.Add(uint64(info.Copied))
	c.pixels.Add(uint64(info.Pixels))
}

// Stats returns the counters. Any goroutine.
func (c *Canvas) Stats() Stats {
	return Stats{
		Steps:      c.stats.steps.Load(),
		Published:  c.stats.published.Load(),
		Unchanged:  c.stats.unchanged.Load(),
		Skipped:    c.stats.skipped.Load(),
		Superseded: c.stats.superseded.Load(),
		Drawn:      c.stats.drawn.Load(),
		Copied:     c.stats.copied.Load(),
		Pixels:     c.stats.pixels.Load(),
	}
}
