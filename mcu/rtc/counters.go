package rtc

import (
	"sync/atomic"

	"github.com/omniverto/omniverto/media"
)

// counters are a leg's numbers. All atomic.
type counters struct {
	packetsIn, bytesIn, lostIn  atomic.Uint64
	badIn, floodIn              atomic.Uint64
	packetsOut, bytesOut        atomic.Uint64
	nacksOut, plisOut           atomic.Uint64
	nacksIn, plisIn             atomic.Uint64
	resent, resendMiss, dropped atomic.Uint64
	writeErrors                 atomic.Uint64
	rtt                         atomic.Int64  // microseconds
	loss                        atomic.Uint32 // 1/256
}

func (c *counters) snapshot() media.LegStats {
	return media.LegStats{
		PacketsIn: c.packetsIn.Load(), BytesIn: c.bytesIn.Load(), LostIn: c.lostIn.Load(),
		PacketsOut: c.packetsOut.Load(), BytesOut: c.bytesOut.Load(),
		NACKsOut: c.nacksOut.Load(), PLIsOut: c.plisOut.Load(),
		NACKsIn: c.nacksIn.Load(), PLIsIn: c.plisIn.Load(),
		Retransmitted: c.resent.Load(), RetransmitMiss: c.resendMiss.Load(),
		DroppedFrames: c.dropped.Load(),
		RTTMicros:     c.rtt.Load(), LossOut: float64(c.loss.Load()) / 256,
	}
}
