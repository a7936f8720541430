package audio

import (
	"sync/atomic"

	"github.com/omniverto/omniverto/media"
)

// Announcement tells who hears a source, and how.
type Announcement struct {
	To    PortID  // who hears it; 0: everybody, as part of the common mix
	Alone bool    // instead of the mix, not with it
	Gain  float64 // dB
	// Done is called once, on a goroutine of its own, when the source was Gone,
	// was stopped, or the mixer closed. The source is not touched any more then.
	Done func()
}

// announcement is one that plays.
type announcement struct {
	// constant after construction
	src   Source
	to    PortID
	alone bool
	gains gains
	ended chan struct{} // closed by who takes it out of the mixer's list

	stopping atomic.Bool

	// owned by the step
	pcm     []int16
	wide    []int32 // this tick's samples
	sound   bool    // in this tick
	playing bool    // goes on after this tick
}

// Announce plays src from the next step on, until it is Gone or stop is called,
// which ends it with a short fade and does not wait. An announcement is nobody's
// voice: it is not gated, does not talk, and is heard by the muted and the deaf
// whom it is meant for; one to everybody is not heard by the deaf.
func (m *Mixer) Announce(src Source, a Announcement) (stop func()) {
	n := media.TickSamples * m.o.Channels
	an := &announcement{
		src: src, to: a.To, alone: a.Alone, gains: place(linear(a.Gain), 0),
		ended: make(chan struct{}), pcm: make([]int16, n), wide: make([]int32, n), playing: true,
	}
	for _, p := range m.portsOf(a.To) {
		p.needOwn()
	}
	if a.Done != nil {
		go func() { // ends with the announcement, at the latest with the mixer
			<-an.ended
			a.Done()
		}()
	}
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.plays = append(m.plays[:len(m.plays):len(m.plays)], an)
	}
	m.mu.Unlock()
	if closed {
		close(an.ended)
	}
	return func() { an.stopping.Store(true) }
}

// portsOf returns the ports of a member.
func (m *Mixer) portsOf(id PortID) []*Port {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ports []*Port
	for _, p := range m.ports {
		if id != 0 && p.id == id {
			ports = append(ports, p)
		}
	}
	return ports
}

// pull gets the tick of an announcement. It reports whether it goes on.
func (a *announcement) pull(channels int) bool {
	t := staysOn
	if a.stopping.Load() {
		t, a.playing = fadesOut, false
	}
	a.sound = false
	switch a.src.Pull(a.pcm) {
	case media.Sound:
		a.sound = true
		shape(a.wide, a.pcm, a.gains, a.gains, t, channels)
	case media.Gone:
		a.playing = false
	case media.Silence:
	}
	return a.playing
}

// announce pulls all announcements and adds those to everybody to the sum.
func (m *Mixer) announce() {
	m.solo, m.ending = false, false
	for _, a := range m.now.plays {
		if !a.pull(m.o.Channels) {
			m.ending = true
		}
		if a.to != 0 {
			continue
		}
		if a.sound {
			add(m.sum, a.wide)
		}
		if a.alone && a.playing {
			m.solo = true
		}
	}
}

// deliver hands the announcements to single members to their ports.
func (m *Mixer) deliver() {
	for _, a := range m.now.plays {
		if a.to == 0 {
			continue
		}
		for _, p := range m.now.ports {
			if p.id != a.to {
				continue
			}
			if a.sound {
				p.plays = append(p.plays, a)
			}
			if a.alone && a.playing {
				p.alone = true
			}
		}
	}
}

// dropEndedLocked takes out the announcements that ended in this step.
func (m *Mixer) dropEndedLocked() {
	var left []*announcement
	for _, a := range m.plays {
		if a.playing {
			left = append(left, a)
		} else {
			close(a.ended)
		}
	}
	m.plays = left
}

// hold is a member on hold, with his music, if any.
type hold struct {
	music Source // nil: he goes on hearing the mix

	// owned by the step. The music is pulled a tick ahead, so that it can fade
	// out without its source.
	begun, ended bool
	sound        bool // next holds samples
	next, heard  []int16
}

// plays reports whether the music replaces the mix.
func (h *hold) plays() bool { return h != nil && h.music != nil && !h.ended }

// roll makes next the samples heard in this tick, and pulls the tick after it.
// It reports whether there is something to hear.
func (h *hold) roll() bool {
	if !h.begun {
		h.begun = true
		h.ahead()
	}
	sound := h.sound
	h.next, h.heard = h.heard, h.next
	h.ahead()
	return sound
}

func (h *hold) ahead() {
	h.sound = false
	if h.ended {
		return
	}
	switch h.music.Pull(h.next) {
	case media.Sound:
		h.sound = true
	case media.Gone:
		h.ended = true
	case media.Silence:
	}
}

// last gives up the music: what is left of it is the tick that was pulled ahead.
func (h *hold) last() bool {
	sound := h.begun && h.sound
	h.sound, h.ended = false, true
	h.heard = h.next
	return sound
}
