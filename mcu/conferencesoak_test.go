package mcu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/livearray/livearraytest"
	"github.com/omniverto/omniverto/mcu/room"
)

// soak is a meeting in which members come, go and change at random, while their
// clients, on goroutines of their own, mirror the table, lose events and find back.
type soak struct {
	t    *testing.T
	c    *conference
	w    *loopback
	rng  *rand.Rand // the room's
	next room.MemberID
	live []room.Info

	mu      sync.Mutex
	mirrors map[string]*mirror // by session
}

// mirror is one client.
type mirror struct {
	*livearraytest.Mirror
	session string
	mu      sync.Mutex
	asks    int
}

func (s *soak) join() {
	s.next++
	i := attendee(s.next, fmt.Sprint("s", s.next))
	if s.rng.IntN(10) == 0 {
		i.Role = room.Moderator
	}
	s.w.connect(i.Session)
	s.c.MemberJoined(i, nil)
	s.subscribe(i.Session)
	s.live = append(s.live, i)
}

// subscribe is what a client does that reads the join event.
func (s *soak) subscribe(session string) {
	s.w.mu.Lock()
	s.w.sessions[session].subs[testTable] = true
	s.w.mu.Unlock()
	m := &mirror{session: session, asks: 1}
	m.Mirror = livearraytest.New("3500", func() { m.asks++ })
	m.Table = true
	s.mu.Lock()
	s.mirrors[session] = m
	s.mu.Unlock()
}

func (s *soak) leave(n int) {
	i := s.live[n]
	s.live = append(s.live[:n], s.live[n+1:]...)
	s.c.MemberLeft(i, room.Left)
	s.mu.Lock()
	delete(s.mirrors, i.Session)
	s.mu.Unlock()
	s.w.mu.Lock()
	delete(s.w.sessions, i.Session)
	s.w.mu.Unlock()
}

// happen lets one thing happen in the room.
func (s *soak) happen() {
	r := s.rng
	if len(s.live) == 0 {
		s.join()
		return
	}
	n := r.IntN(len(s.live))
	i := &s.live[n]
	switch r.IntN(16) {
	case 0, 1:
		s.join()
		return
	case 2:
		s.leave(n)
		return
	case 3:
		i.Muted = !i.Muted
	case 4:
		i.Role = []room.Role{room.Moderator, room.Participant, room.Viewer}[r.IntN(3)]
	case 5:
		i.Hand = time.Now()
	case 6: // lost and back, on a new connection
		i.Detached = true
		s.c.MemberChanged(*i)
		i.Detached = false
		s.w.connect(i.Session)
		s.c.MemberAttached(*i, nil)
		s.subscribe(i.Session)
		return
	case 7:
		i.Layer = r.IntN(9) - 1
	default:
		i.Talking, i.Floor, i.Score = r.IntN(2) == 0, r.IntN(3) == 0, r.IntN(9000)
	}
	s.c.MemberChanged(*i)
}

// read lets one client read what has come, and lose some of it if the wire is lossy.
func (s *soak) read(m *mirror, lossy func() bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.w.mu.Lock()
	in := s.w.sessions[m.session]
	var got []sent
	if in != nil {
		got, in.got = in.got, nil
	}
	s.w.mu.Unlock()
	for _, e := range got {
		if e.EventChannel != testTable || lossy() && m.Counting() && !bytes.Contains(e.Data, []byte(`"wireSerno":-1`)) {
			continue
		}
		m.Receive(e.Data)
	}
	for ; m.asks > 0 && in != nil; m.asks-- {
		s.c.bootstrapRows(m.session, "3500")
	}
}

func (s *soak) some(r *rand.Rand) *mirror {
	s.mu.Lock()
	defer s.mu.Unlock()
	skip := r.IntN(max(len(s.mirrors), 1))
	for _, m := range s.mirrors {
		if skip--; skip < 0 {
			return m
		}
	}
	return nil
}

// clients read at random until stop is closed.
func (s *soak) clients(seed uint64, stop <-chan struct{}) {
	r := rand.New(rand.NewPCG(seed, 1))
	for {
		select {
		case <-stop:
			return
		default:
		}
		if m := s.some(r); m != nil {
			s.read(m, func() bool { return r.IntN(40) == 0 })
			_ = s.c.say(words("hi"), sender{m.session, m.session, m.session})
		}
		time.Sleep(7 * time.Millisecond)
	}
}

// settle lets everybody read everything, and then an event by which they see whether
// they lost any.
func (s *soak) settle() {
	for range 4 {
		s.join()
		s.mu.Lock()
		for _, m := range s.mirrors {
			for range 3 {
				s.read(m, func() bool { return false })
			}
		}
		s.mu.Unlock()
	}
	time.Sleep(2 * talkTick)
	synctest.Wait()
	for _, m := range s.mirrors {
		s.read(m, func() bool { return false })
	}
}

// TestSoak: after hundreds of joins and leaves, and changes,, every client has the rows
// that the server has, by the hash that it asks for; and once all have left nothing
// is kept.
func TestSoak(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := testConference(t, room.Profile{JSONEvents: true})
		s := &soak{t: t, c: c, w: w, rng: rand.New(rand.NewPCG(1, 2)), mirrors: make(map[string]*mirror)}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for seed := range uint64(4) {
			wg.Go(func() { s.clients(seed, stop) })
		}
		for range 800 {
			s.happen()
			if len(s.live) > 25 {
				s.leave(s.rng.IntN(len(s.live)))
			}
			time.Sleep(time.Duration(s.rng.IntN(20)) * time.Millisecond)
		}
		close(stop)
		wg.Wait()
		s.settle()
		if len(s.live) < 5 || s.next < 50 || len(s.mirrors) != len(s.live) || c.roster.Len() != len(s.live) {
			t.Fatalf("%d members, %d mirrors, %d rows", len(s.live), len(s.mirrors), c.roster.Len())
		}
		for session, m := range s.mirrors {
			if want := s.hash(session); m.Hash() != want {
				t.Errorf("%s has %d rows with the hash %s, the server %d with %s", session, len(m.Keys()), m.Hash(), c.roster.Len(), want)
			}
		}
		for len(s.live) > 0 {
			s.leave(0)
		}
		c.Ended()
		if len(c.people)+len(c.legs)+len(c.visits)+c.roster.Len() > 0 || c.tick != nil || c.roster.Bytes() != 0 {
			t.Errorf("kept: %d people, %d sessions, %d visits, %d rows", len(c.people), len(c.legs), len(c.visits), c.roster.Len())
		}
	})
}

// hash asks the server as a client does.
func (s *soak) hash(session string) string {
	s.w.take(session)
	if err := s.c.table(session, livearray.Command{Command: "hash", Name: "3500"}); err != nil {
		s.t.Error(err)
	}
	var d struct{ Hash string }
	got := s.w.take(session)
	if len(got) != 1 || json.Unmarshal(got[0].Data, &d) != nil {
		s.t.Fatalf("%s asked for the hash and got %+v", session, got)
	}
	return d.Hash
}
