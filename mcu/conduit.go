package mcu

import (
	"sync"
	"sync/atomic"

	"github.com/omniverto/omniverto/media"
)

// conduit is where a leg reports to: whichever member it carries now. It is made with
// its leg and goes with it from room to room; what comes while it leads to nobody
// is lost, but for the leg's state.
type conduit struct {
	to atomic.Pointer[media.LegHandler]

	mu        sync.Mutex
	connected bool  // guarded by mu
	closed    bool  // guarded by mu
	reason    error // guarded by mu; of Closed
}

var _ media.LegHandler = (*conduit)(nil)

// connect leads the conduit to a member's handler and tells him what the leg has
// told before.
func (c *conduit) connect(h media.LegHandler) {
	c.mu.Lock()
	c.to.Store(&h)
	connected, closed, reason := c.connected, c.closed, c.reason
	c.mu.Unlock()
	if connected {
		h.Connected()
	}
	if closed {
		h.Closed(reason)
	}
}

// dead tells whether the leg has ended.
func (c *conduit) dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func (c *conduit) handler() media.LegHandler {
	if h := c.to.Load(); h != nil {
		return *h
	}
	return nowhere{}
}

// AudioPacket passes on a packet of sound.
func (c *conduit) AudioPacket(p *media.Packet) { c.handler().AudioPacket(p) }

// VideoPacket passes on a packet of video.
func (c *conduit) VideoPacket(p *media.Packet) { c.handler().VideoPacket(p) }

// AudioReport passes on a sender report of sound.
func (c *conduit) AudioReport(r media.SenderReport) { c.handler().AudioReport(r) }

// VideoReport passes on a sender report of video.
func (c *conduit) VideoReport(r media.SenderReport) { c.handler().VideoReport(r) }

// KeyframeRequested passes on the peer's wish.
func (c *conduit) KeyframeRequested() { c.handler().KeyframeRequested() }

// Connected is kept for members to come.
func (c *conduit) Connected() {
	c.mu.Lock()
	c.connected = true
	h := c.handler()
	c.mu.Unlock()
	h.Connected()
}

// Closed is kept for members to come.
func (c *conduit) Closed(err error) {
	c.mu.Lock()
	c.closed, c.reason = true, err
	h := c.handler()
	c.mu.Unlock()
	h.Closed(err)
}

// nowhere is the handler of a conduit that leads to nobody.
type nowhere struct{}

func (nowhere) AudioPacket(*media.Packet)      {}
func (nowhere) VideoPacket(*media.Packet)      {}
func (nowhere) AudioReport(media.SenderReport) {}
func (nowhere) VideoReport(media.SenderReport) {}
func (nowhere) KeyframeRequested()             {}
func (nowhere) Connected()                     {}
func (nowhere) Closed(error)                   {}
