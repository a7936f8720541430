package canvas

import "sync/atomic"

// Stats are a canvas' counters since its start.
type Stats struct {
	Steps     uint64 // all steps
	Published uint64 // steps that returned a picture
	Unchanged uint64 // steps in which nothing differed
	Skipped   uint64 // steps in which readers held all buffers
	Drawn     uint64 // layers scaled
	Copied    uint64 // layers taken over from the picture published last
}

type counters struct {
	steps, published, unchanged, skipped, drawn, copied atomic.Uint64
}

func (c *counters) publish(info StepInfo) {
	c.published.Add(1)
	c.drawn.Add(uint64(info.Drawn))
	c.copied.Add(uint64(info.Copied))
}

// Stats returns the counters. Any goroutine.
func (c *Canvas) Stats() Stats {
	return Stats{
		Steps:     c.stats.steps.Load(),
		Published: c.stats.published.Load(),
		Unchanged: c.stats.unchanged.Load(),
		Skipped:   c.stats.skipped.Load(),
		Drawn:     c.stats.drawn.Load(),
		Copied:    c.stats.copied.Load(),
	}
}
