package audio

import (
	"log/slog"
	"math"
	"sync"
	"sync/atomic"

	"github.com/omniverto/omniverto/media"
)

// Source gives one member's sound. Pull is called once a tick, by one goroutine
// at a time, with room for one tick of interleaved samples. It never blocks. The
// legal answers are Sound (all of dst was written), Silence (nothing was, and
// nothing is mixed) and Gone (never called again).
type Source interface {
	Pull(dst []int16) media.Outcome
}

// Options are a mixer's settings.
type Options struct {
	Clock    *media.Clock // the room's; gives the frames their RTP times
	Channels int          // 1 or 2; of sources, mix and encoders alike
	// EnergyLevel is FreeSWITCH's noise gate in units of its score (mean
	// |sample|). Only members who talk by it are mixed. 0: the gate is always open.
	EnergyLevel int
	AudioAlways bool // mix everybody, whatever the gate says
	// NewEncoder makes an encoder for Channels. Called from Add and SetDeaf,
	// never from Step.
	NewEncoder func() (media.AudioEncoder, error)
	Frames     *media.FramePool
	Log        *slog.Logger // nil: silent
}

// PortID names a member in the mix. 0 is nobody.
type PortID uint32

// Mixer is the mix of one room. Step is called by one goroutine at a time; all
// other methods may be called by any goroutine, but not from within a Source or
// a media.Watcher.
type Mixer struct {
	// constant after construction
	o       Options
	log     *slog.Logger
	changed chan struct{}

	// guarded by mu
	mu      sync.Mutex
	idle    sync.Cond // signalled when a step ends
	running bool
	epoch   uint64  // steps done
	ports   []*Port // replaced, never written: a step reads its own snapshot
	shared  *stream // nil until the first listener
	closed  bool

	counters
	step
}

// counters are atomic.
type counters struct {
	floor                                          atomic.Uint32
	ticks, sharedEncodes, ownEncodes               atomic.Uint64
	frames, paused, copies, encodeErrors, unserved atomic.Uint64
	mixed, listeners                               atomic.Int32
	gain                                           atomic.Uint32 // Q24
}

// New returns a mixer without members. Close frees its encoders.
func New(o Options) *Mixer {
	if o.Channels < 1 || o.Channels > 2 || o.Clock == nil || o.Frames == nil || o.NewEncoder == nil {
		panic("audio: incomplete Options")
	}
	m := &Mixer{o: o, log: o.Log, changed: make(chan struct{}, 1), step: newStep(o.Channels)}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.idle.L = &m.mu
	m.gain.Store(unity)
	return m
}

// Add puts a member into the mix from the next step on. src nil: a listener only.
// out nil: he hears nothing, and no encode is made for him. Two ports may have the
// same id while one takes over from the other: the floor then stays with the id.
func (m *Mixer) Add(id PortID, src Source, out media.Watcher) *Port {
	p := &Port{id: id, src: src, out: out, mixer: m}
	p.ear.on = true
	if src != nil {
		p.pcm = make([]int16, media.TickSamples*m.o.Channels)
	}
	if out != nil {
		m.needShared()
		if src != nil {
			p.needOwn()
		}
	}
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.ports = append(m.ports[:len(m.ports):len(m.ports)], p)
	}
	m.mu.Unlock()
	if closed {
		m.Remove(p)
	}
	return p
}

// needShared makes the encoder of the shared mix, once.
func (m *Mixer) needShared() {
	m.mu.Lock()
	have := m.shared != nil || m.closed
	m.mu.Unlock()
	if have {
		return
	}
	s := m.newStream()
	m.mu.Lock()
	if m.shared == nil && !m.closed {
		m.shared, s = s, nil
	}
	m.mu.Unlock()
	s.close()
}

// newStream returns nil, with a log line, when no encoder can be had.
func (m *Mixer) newStream() *stream {
	enc, err := m.o.NewEncoder()
	if err != nil {
		m.log.Error("audio: make encoder", "err", err)
		return nil
	}
	return newStream(enc)
}

// Remove takes a member out. When it returns, no step can touch his source or his
// watcher any more. Removing twice is harmless.
func (m *Mixer) Remove(p *Port) {
	m.mu.Lock()
	ports := make([]*Port, 0, len(m.ports))
	for _, q := range m.ports {
		if q != p {
			ports = append(ports, q)
		}
	}
	m.ports = ports
	p.removed = true
	m.waitLocked()
	own := p.own.Swap(nil)
	m.mu.Unlock()
	own.close()
}

// waitLocked waits for the end of the step that runs now, if any.
func (m *Mixer) waitLocked() {
	for epoch := m.epoch; m.running && m.epoch == epoch; {
		m.idle.Wait()
	}
}

// Close takes everybody out and frees the encoders. Steps after it do nothing.
func (m *Mixer) Close() {
	m.mu.Lock()
	ports, shared := m.ports, m.shared
	m.ports, m.shared, m.closed = nil, nil, true
	m.waitLocked()
	m.mu.Unlock()
	shared.close()
	for _, p := range ports {
		m.Remove(p)
	}
}

// begin marks a step as running and returns what it works on.
func (m *Mixer) begin() ([]*Port, *stream) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = true
	return m.ports, m.shared
}

func (m *Mixer) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = false
	m.epoch++
	m.idle.Broadcast()
}

// Floor is the audio floor holder (layouts.md §7), 0 for nobody.
func (m *Mixer) Floor() PortID { return PortID(m.floor.Load()) }

// Changed gets a value when somebody's Talking or the floor has changed since the
// last value was taken. The reader then looks at all that he wants to know.
func (m *Mixer) Changed() <-chan struct{} { return m.changed }

func (m *Mixer) signal() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// Stats are a mixer's counters since its start, and its state in the last step.
type Stats struct {
	Ticks         uint64 // steps
	SharedEncodes uint64 // of the mix that all who are not mixed hear
	OwnEncodes    uint64 // of mixes without the listener's own voice
	Frames        uint64 // frames handed out, counted once however many hear them
	Paused        uint64 // encodes not sent: discontinuous transmission
	StateCopies   uint64 // encoder states taken over
	EncodeErrors  uint64
	Unserved      uint64 // frames that a member missed for want of an encoder
	Members       int
	Mixed         int     // members in the last step's sum
	Listeners     int     // members who heard the last step's shared mix
	LimiterGain   float64 // at the end of the last step; 1 when not limiting
}

// Stats may be called at any time.
func (m *Mixer) Stats() Stats {
	m.mu.Lock()
	members := len(m.ports)
	m.mu.Unlock()
	return Stats{
		Ticks:         m.ticks.Load(),
		SharedEncodes: m.sharedEncodes.Load(),
		OwnEncodes:    m.ownEncodes.Load(),
		Frames:        m.frames.Load(),
		Paused:        m.paused.Load(),
		StateCopies:   m.copies.Load(),
		EncodeErrors:  m.encodeErrors.Load(),
		Unserved:      m.unserved.Load(),
		Members:       members,
		Mixed:         int(m.mixed.Load()),
		Listeners:     int(m.listeners.Load()),
		LimiterGain:   float64(m.gain.Load()) / unity,
	}
}

// dBov converts a mean square to RFC 6464's scale: 0 is the loudest, -127 silence.
func dBov(meanSquare float64) int {
	const full = 32768 * 32768
	if meanSquare <= 0 {
		return silentDBov
	}
	return max(silentDBov, int(math.Round(10*math.Log10(meanSquare/full))))
}

const silentDBov = -127
