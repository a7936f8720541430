package resample

// Concealer continues a mono stream over a gap: it repeats the last pitch period,
// as G.711 Appendix I does, and fades it to silence.
type Concealer struct {
	// Constant after construction, in samples.
	minLag, maxLag int // pitch periods of 5 to 15 ms, or multiples of shorter ones
	window         int // 20 ms that two periods are compared over
	hold, fade     int // after hold the sound fades; after fade nothing is left
	blend          int // how long the sound after a gap takes to replace the repetition

	history []int16 // the newest samples, as long as the search needs
	period  []int16 // what is repeated; valid while gap > 0
	gap     int     // samples concealed since the last one heard
}

// NewConcealer returns a concealer for a stream of rate samples a second.
func NewConcealer(rate int) *Concealer {
	ms := rate / 1000
	c := &Concealer{minLag: 5 * ms, maxLag: 15 * ms, window: 20 * ms, hold: 10 * ms, fade: 60 * ms, blend: 4 * ms}
	c.history = make([]int16, c.window+c.maxLag)
	c.period = make([]int16, 0, c.maxLag)
	return c
}

// Heard tells what came. After a gap its beginning is blended with the repetition,
// in place.
func (c *Concealer) Heard(pcm []int16) {
	if c.gap > 0 {
		n := min(c.blend, len(pcm))
		for i := range n {
			old := c.next()
			pcm[i] = int16((int(old)*(n-i) + int(pcm[i])*i) / n)
		}
		c.gap = 0
	}
	c.remember(pcm)
}

// remember takes what was played into the history.
func (c *Concealer) remember(pcm []int16) {
	if len(pcm) >= len(c.history) {
		copy(c.history, pcm[len(pcm)-len(c.history):])
		return
	}
	copy(c.history, c.history[len(pcm):])
	copy(c.history[len(c.history)-len(pcm):], pcm)
}

// Conceal fills pcm with what may have come.
func (c *Concealer) Conceal(pcm []int16) {
	if c.gap == 0 {
		c.find()
	}
	for i := range pcm {
		pcm[i] = c.next()
	}
	c.remember(pcm)
}

// next is the repetition's next sample.
func (c *Concealer) next() int16 {
	if c.gap >= c.fade { // the count stands still, so that it cannot overflow
		return 0
	}
	v := int(c.period[c.gap%len(c.period)])
	if c.gap > c.hold {
		v = v * (c.fade - c.gap) / (c.fade - c.hold)
	}
	c.gap++
	return int16(v)
}

// find takes the last pitch period out of the history. Its end is blended with what
// came before its beginning, so that one repetition runs into the next.
func (c *Concealer) find() {
	lag := c.pitch()
	end := len(c.history)
	c.period = append(c.period[:0], c.history[end-lag:]...)
	n := lag / 4
	for i := range n {
		before := int(c.history[end-lag-n+i])
		at := lag - n + i
		c.period[at] = int16((int(c.period[at])*(n-i) + before*i) / n)
	}
}

// pitch is the lag at which the last 20 ms resemble themselves most. A rough search
// over every other lag and every other sample comes first.
func (c *Concealer) pitch() int {
	best, at := -1.0, c.minLag
	try := func(lag, stride int) {
		if r := c.resemblance(lag, stride); r > best {
			best, at = r, lag
		}
	}
	for lag := c.minLag; lag <= c.maxLag; lag += 2 {
		try(lag, 2)
	}
	middle := at
	best = -1
	for lag := max(middle-1, c.minLag); lag <= min(middle+1, c.maxLag); lag++ {
		try(lag, 1)
	}
	return at
}

// resemblance is the normalised square of the correlation at a lag, 0 where it is
// not positive.
func (c *Concealer) resemblance(lag, stride int) float64 {
	var product, energy int64
	now := c.history[len(c.history)-c.window:]
	then := c.history[len(c.history)-c.window-lag:]
	for i := 0; i < c.window; i += stride {
		product += int64(now[i]) * int64(then[i])
		energy += int64(then[i]) * int64(then[i])
	}
	if product <= 0 || energy == 0 {
		return 0
	}
	return float64(product) * float64(product) / float64(energy)
}
