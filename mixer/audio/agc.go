package audio

// AGC are the settings of a member's automatic gain, FreeSWITCH's parameters
// auto-gain-*. Levels are scores, the mean |sample| of one tick.
type AGC struct {
	Level     int // wanted average while he speaks; 0: no automatic gain
	LowEnergy int // below this average the gain grows without waiting
	Margin    int // tolerated distance from Level; 0: 100
	Factor    int // periods out of the margin until the gain moves; 0: 2
	Period    int // ticks of speech per average; 0: 25, half a second
}

// The steps of the gain. Beyond the quietest here FreeSWITCH has four that all
// but mute; automatic gain has no business there.
const (
	agcQuietest = -9
	agcLoudest  = 13
)

// agc is FreeSWITCH's switch_agc: averages over periods of speech move the gain
// one step at a time.
type agc struct {
	set         *AGC // what the state belongs to
	step        int
	sum, count  int
	over, under int
}

// use adopts settings; the state begins anew where they differ.
func (g *agc) use(set *AGC) {
	if set == g.set {
		return
	}
	step := g.step
	*g = agc{set: set}
	if g.on() {
		g.step = step
	}
}

func (g *agc) on() bool { return g.set != nil && g.set.Level > 0 }

// factor is the gain of the present step (switch_change_sln_volume_granular).
func (g *agc) factor() float64 {
	switch {
	case g.step == agcLoudest:
		return 4.5
	case g.step >= 0:
		return 1 + float64(g.step)/4
	}
	return 1 + 0.083*float64(g.step)
}

// hear takes the score of one tick of speech as it was after the gain.
func (g *agc) hear(score int) {
	if !g.on() {
		return
	}
	g.sum += score
	g.count++
	if g.count <= orDefault(g.set.Period, 25) {
		return
	}
	average := g.sum / g.count
	g.sum, g.count = 0, 0
	margin, factor := orDefault(g.set.Margin, 100), orDefault(g.set.Factor, 2)
	switch {
	case average > g.set.Level+margin:
		g.over++
	case average <= g.set.Level:
		g.over = 0
	}
	switch {
	case average < g.set.LowEnergy:
		g.under = factor + 1
	case average < g.set.Level-margin:
		g.under++
	default:
		g.under = 0
	}
	switch {
	case g.over > factor:
		g.step = max(agcQuietest, g.step-1)
	case g.under > factor:
		g.step = min(agcLoudest, g.step+1)
	}
}

func orDefault(v, otherwise int) int {
	if v <= 0 {
		return otherwise
	}
	return v
}
