package source

// Seams for tests of the parts that have no exported name.

type (
	Descriptor = descriptor
	Sequence   = sequence
	Timeline   = timeline
	Spread     = spread
)

const (
	Fresh     = fresh
	Duplicate = duplicate
	Stray     = stray
	Restarted = restarted
)

var (
	ParseDescriptor = parseDescriptor
	Accept          = (*sequence).accept
	Extend          = (*timeline).extend
	Observe         = (*timeline).observe
	RoomTime        = (*timeline).at
	Add             = (*spread).add
	Quantile        = (*spread).quantile
)

// NewTimeline returns a timeline for timestamps of rate ticks per second.
func NewTimeline(rate int64) *Timeline { return &timeline{rate: rate} }
