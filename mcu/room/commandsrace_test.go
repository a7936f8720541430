package room_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// TestCommandsRaceWithLeaves: while people come and go, every command is answered, by
// its reply or by the end of the room, and none finds somebody who is gone. The layout
// that FreeSWITCH divided by zero over is among them.
func TestCommandsRaceWithLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		images, dir := newMedia(t)
		c := command(t, images, dir, 5, func(p *room.Profile) { p.Width, p.Height = 320, 180 })
		c.join(room.Request{Name: "Stays", Role: room.Moderator}, both)
		var lines []string
		for _, info := range room.CommandTable() {
			if info.Name == "endconf" || info.Name == "ban" {
				continue // nobody would come any more
			}
			for _, args := range []string{"", "ID", "non_moderator", "ID 1", "ID clear", "ID level:1:5", "1x1+2x1"} {
				lines = append(lines, strings.TrimSpace(info.Name+" "+args))
			}
		}
		var wg sync.WaitGroup
		gone := make(chan struct{})
		var newest atomic.Uint32 // to come, who may have left already
		for i := range 4 {
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-gone:
						return
					default:
					}
					m, err := c.Reserve(t.Context(), room.Request{Name: fmt.Sprint(i, n), Session: fmt.Sprint(i, n), Trusted: true})
					if err != nil {
						<-time.After(10 * time.Millisecond)
						continue
					}
					dir := media.Directions{AudioIn: true, VideoIn: i%2 == 0, AudioOut: true, VideoOut: true}
					newest.Store(uint32(m.ID()))
					if c.Join(t.Context(), m, &testLeg{dir: dir}) == nil {
						<-time.After(time.Duration(7*i+1) * time.Millisecond)
						_ = m.Leave(context.Background(), room.Left)
					} else {
						m.Discard()
					}
				}
			})
		}
		for i, line := range lines {
			line = strings.ReplaceAll(line, "ID", fmt.Sprint(max(newest.Load(), 6))) // never who stays
			reply, err := c.Execute(t.Context(), line)
			switch {
			case errors.Is(err, room.ErrEnded):
				t.Fatalf("%q ended the room", line)
			case err != nil:
				t.Errorf("%q: %v", line, err)
			case strings.Contains(reply, "not found.\n") && strings.HasPrefix(reply, "-ERR Conference command"):
				t.Errorf("%q: %q", line, reply)
			}
			if i%5 == 0 {
				_ = c.ask("vid-layout 1x1+2x1")
				_ = c.ask("vid-layout group:grid")
				<-time.After(5 * time.Millisecond)
			}
		}
		close(gone)
		wg.Wait()
		if got := c.ask("count"); got != "1" {
			t.Errorf("%s are left", got)
		}
		c.Close()
	})
}
