package canvas

import (
	"sync"
	"time"

	"github.com/omniverto/omniverto/media"
)

// Monitor is a Source that shows another canvas: its newest picture. It holds one
// picture, so that the canvas shown needs one buffer more than without. All
// methods are safe for concurrent use. The zero Monitor shows nothing yet.
type Monitor struct {
	mu     sync.Mutex
	pic    *media.Picture // guarded by mu; one reference
	closed bool           // guarded by mu
}

var _ Source = (*Monitor)(nil)

// Put makes p the newest picture; nil: nothing. p is borrowed and retained as long
// as needed.
func (m *Monitor) Put(p *media.Picture) {
	m.mu.Lock()
	old := m.pic
	if m.closed {
		p = nil
	}
	if p != nil {
		p.Retain()
	}
	m.pic = p
	m.mu.Unlock()
	if old != nil {
		old.Release()
	}
}

// At implements Source.
func (m *Monitor) At(time.Duration) *media.Picture {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pic == nil {
		return nil
	}
	return m.pic.Retain()
}

// Close gives back the picture; the Monitor shows nothing any more.
func (m *Monitor) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.Put(nil)
}
