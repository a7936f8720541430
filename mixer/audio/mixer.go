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
	Channels int          // 1 or 2; of sources and of the mix
	// EnergyLevel is FreeSWITCH's noise gate in units of its score (mean
	// |sample|). Only members who talk by it are mixed. 0: the gate is always open.
	EnergyLevel int
	AudioAlways bool // mix everybody, whatever the gate says
	// NewEncoderFor makes an encoder for listeners of a kind. Called by methods of
	// Mixer and Port, never from Step.
	NewEncoderFor func(Kind) (media.AudioEncoder, error)
	// NewEncoder is for mixers whose listeners are all sent the same, in as many
	// channels as the mixer has. It implies DTX.
	NewEncoder func() (media.AudioEncoder, error)
	// DTX leaves packets of 1 or 2 bytes out (media.AudioEncoder), except one every
	// 400 ms.
	DTX bool
	// Complexity is what encoders that can change theirs get; own mixes get less
	// when there are many. 0: encoders are left as they were made.
	Complexity int
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
	mu        sync.Mutex
	idle      sync.Cond // signalled when a step ends
	running   bool
	epoch     uint64          // steps done
	ports     []*Port         // replaced, never written: a step reads its own snapshot
	plays     []*announcement // likewise
	relations map[pair]Relation
	closed    bool

	// atomic
	deafTo  atomic.Pointer[deafTo] // relations, as the step needs them
	comfort atomic.Int32           // level of the comfort noise, 0 off
	counters

	commons [kinds]common
	step
}

// counters are atomic.
type counters struct {
	floor                                          atomic.Uint32
	ticks, sharedEncodes, ownEncodes               atomic.Uint64
	frames, paused, copies, encodeErrors, unserved atomic.Uint64
	mixed, listeners, complexity                   atomic.Int32
	gain                                           atomic.Uint32 // Q24
}

// New returns a mixer without members. Close frees its encoders.
func New(o Options) *Mixer {
	if o.Channels < 1 || o.Channels > 2 || o.Clock == nil || o.Frames == nil || o.NewEncoder == nil && o.NewEncoderFor == nil {
		panic("audio: incomplete Options")
	}
	o.DTX = o.DTX || o.NewEncoderFor == nil
	m := &Mixer{
		o: o, log: o.Log, changed: make(chan struct{}, 1), relations: map[pair]Relation{},
		step: newStep(o.Channels, o.Complexity),
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.idle.L = &m.mu
	m.gain.Store(unity)
	return m
}

// Add is AddPort without options.
func (m *Mixer) Add(id PortID, src Source, out media.Watcher) *Port {
	return m.AddPort(id, src, out, PortOptions{})
}

// AddPort puts a member into the mix from the next step on. src nil: a listener
// only. out nil: he hears nothing, and no encode is made for him. Two ports may
// have the same id while one takes over from the other: the floor then stays with
// the id.
func (m *Mixer) AddPort(id PortID, src Source, out media.Watcher, o PortOptions) *Port {
	p := &Port{id: id, src: src, out: out, form: m.formOf(o), mixer: m}
	p.ear.on = true
	p.energy.Store(-1)
	p.volumeIn.set(1)
	p.volumeOut.set(1)
	p.guard.gain = 1
	if src != nil {
		p.pcm = make([]int16, media.TickSamples*m.o.Channels)
	}
	if out != nil {
		m.needCommon(idOf(p.form, false))
		if src != nil {
			p.needOwn()
		}
	}
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.ports = append(m.ports[:len(m.ports):len(m.ports)], p)
	}
	personal := m.isPersonalLocked(id)
	m.mu.Unlock()
	switch {
	case closed:
		m.Remove(p)
	case personal:
		p.needOwn()
	}
	return p
}

// formOf is the form of a new port.
func (m *Mixer) formOf(o PortOptions) media.AudioForm {
	f := o.Form
	if m.o.NewEncoderFor == nil {
		return media.AudioForm{Channels: m.o.Channels}
	}
	if f.Channels < 1 || f.Channels > 2 {
		f.Channels = m.o.Channels
	}
	return f
}

// isPersonalLocked reports whether relations or announcements give a member a mix
// of his own, even if he only listens.
func (m *Mixer) isPersonalLocked(id PortID) bool {
	for _, a := range m.plays {
		if a.to == id {
			return true
		}
	}
	for k := range m.relations {
		if k.from == id || k.to == id {
			return true
		}
	}
	return false
}

// SetComfortNoise adds noise to what everybody hears, so that a line in silence
// does not seem dead. level is FreeSWITCH's, from 2, loud, to 9999, at 8 kHz; 0
// turns it off.
func (m *Mixer) SetComfortNoise(level int) {
	m.comfort.Store(int32(max(0, min(level, 9999))))
}

// needCommon makes the encoder of the common mix in a kind, once.
func (m *Mixer) needCommon(k kindID) {
	place := &m.commons[k].stream
	if place.Load() != nil {
		return
	}
	s := m.newStream(k)
	m.mu.Lock()
	if !m.closed && place.CompareAndSwap(nil, s) {
		s = nil
	}
	m.mu.Unlock()
	s.close()
}

// newStream returns nil, with a log line, when no encoder can be had.
func (m *Mixer) newStream(k kindID) *stream {
	var enc media.AudioEncoder
	var err error
	if m.o.NewEncoderFor != nil {
		enc, err = m.o.NewEncoderFor(k.kind())
	} else {
		enc, err = m.o.NewEncoder()
	}
	if err != nil {
		m.log.Error("audio: make encoder", "kind", k.kind(), "err", err)
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
	clean, lossy := p.own[0].Swap(nil), p.own[1].Swap(nil)
	m.mu.Unlock()
	clean.close()
	lossy.close()
}

// waitLocked waits for the end of the step that runs now, if any.
func (m *Mixer) waitLocked() {
	for epoch := m.epoch; m.running && m.epoch == epoch; {
		m.idle.Wait()
	}
}

// Close takes everybody out, ends all announcements and frees the encoders. Steps
// after it do nothing.
func (m *Mixer) Close() {
	m.mu.Lock()
	ports, plays := m.ports, m.plays
	m.ports, m.plays, m.closed = nil, nil, true
	m.waitLocked()
	m.mu.Unlock()
	for i := range m.commons {
		m.commons[i].stream.Swap(nil).close()
	}
	for _, p := range ports {
		m.Remove(p)
	}
	for _, a := range plays {
		close(a.ended)
	}
}

// snapshot is what one step works on.
type snapshot struct {
	ports []*Port
	plays []*announcement
}

// begin marks a step as running and returns what it works on.
func (m *Mixer) begin() snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = true
	return snapshot{m.ports, m.plays}
}

func (m *Mixer) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ending {
		m.dropEndedLocked()
	}
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
	SharedEncodes uint64 // of the mix that all hear who have none of their own, once per kind
	OwnEncodes    uint64 // of mixes for one listener
	Frames        uint64 // frames handed out, counted once however many hear them
	Paused        uint64 // encodes not sent: discontinuous transmission
	StateCopies   uint64 // encoder states taken over
	EncodeErrors  uint64
	Unserved      uint64 // frames that a member missed for want of an encoder
	Members       int
	Mixed         int     // members in the last step's sum
	Listeners     int     // members who heard the last step's common mix
	LimiterGain   float64 // at the end of the last step; 1 when not limiting
	Complexity    int     // of own mixes, 0 also where encoders are left alone
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
		Complexity:    int(m.complexity.Load()),
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
