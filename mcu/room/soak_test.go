package room_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// pooledDecoder draws nothing into pictures of the pool.
type pooledDecoder struct{ quietCodec }

func (pooledDecoder) Decode(_ []byte, pool *media.PicturePool) (*media.Picture, error) {
	return pool.Get(64, 36), nil
}

// soaked is one who comes, goes, loses his media and comes back.
type soaked struct {
	*room.Member
	leg *testLeg
	seq uint16
}

// send lets a second of the member's camera and microphone pass, in short.
func (s *soaked) send() {
	for range 5 {
		s.seq++
		s.leg.packets.Add(2)
		s.leg.handler.VideoPacket(packet(int(s.ID()), image.Pt(64, 36), s.seq))
		s.leg.handler.AudioPacket(&media.Packet{Arrival: time.Now(), SSRC: uint32(s.ID()), Seq: s.seq, Timestamp: uint32(s.seq) * media.TickSamples, Payload: []byte{3, 232, 0, 0}})
	}
}

// TestSoak is X4 of the faults in small: joins, leaves, lost media and commands, 500
// of them; at the end everything is given back.
func TestSoak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pool *media.PicturePool
		r, _ := newRoomOf(t, func(p *room.Profile) { p.PersonalLimit = 2; p.Sounds.Kicked = "level:5:10" }, func(o *room.Options) {
			o.Engine.NewVideoDecoder = func() (media.VideoDecoder, error) { return pooledDecoder{}, nil }
			o.DetachTime, pool = 20*time.Second, o.Engine.Pictures
		})
		rnd := rand.New(rand.NewPCG(1, 2))
		keeper, _ := join(t, r, room.Request{Name: "Keeper", Trusted: true}, both)
		var all []*soaked
		ask := func(line string) {
			if _, err := r.Execute(t.Context(), line); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 500 {
			m, leg := join(t, r, room.Request{Name: fmt.Sprint("M", n), Session: fmt.Sprint("s", n%7), Trusted: n%5 > 0}, both)
			leg.handler.Connected()
			all = append(all, &soaked{Member: m, leg: leg})
			for _, s := range all {
				s.send()
			}
			s := all[rnd.IntN(len(all))]
			switch rnd.IntN(8) {
			case 0:
				s.leg.handler.Closed(errLost)
			case 1:
				_ = s.SocketLost(t.Context())
			case 2, 3:
				leg := &testLeg{dir: both, handler: s.Handler()}
				leg.handler.Connected()
				if r.Attach(t.Context(), s.Member, leg) == nil {
					s.leg = leg
				}
			case 4:
				ask(fmt.Sprintf("kick %d", s.ID()))
			case 5:
				ask([]string{"vid-layout 3x3", "vid-layout group:grid", "vid-personal on", "vid-personal off", "vid-canvas last 1"}[rnd.IntN(5)])
				_ = r.Do(t.Context(), func(s *room.State) error { s.SetLobby(!s.Lobby()); return nil })
			case 6:
				_ = s.HoldCall(t.Context(), n%2 == 0)
			default:
				_ = s.Leave(t.Context(), room.Left)
			}
			if len(all) > 8 {
				_ = all[0].Leave(t.Context(), room.Left)
				all = all[1:]
			}
			<-time.After(60 * time.Millisecond)
		}
		if n := pool.InUse(); n == 0 {
			t.Error("no picture was ever shown")
		}
		<-time.After(25 * time.Second) // those without media are given up
		for _, s := range all {
			_ = s.Leave(t.Context(), room.Left)
		}
		do(t, r, func(s *room.State) error {
			s.SetLobby(false)
			for _, i := range s.Members() {
				if i.ID != keeper.ID() {
					t.Errorf("%s is still there: detached %t", i.Name, i.Detached)
				}
			}
			return nil
		})
		if err := keeper.Leave(t.Context(), room.Left); err != nil {
			t.Fatal(err)
		}
		<-r.Done()
		if n := pool.InUse(); n != 0 {
			t.Errorf("%d pictures were not given back", n)
		}
	})
}
