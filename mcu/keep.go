package mcu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// keptFile, in the data folder, is what a restart does not lose. It holds PINs.
const keptFile = "rooms.json"

// keptVersion is that of keptFile's form. Other versions are not read.
const keptVersion = 1

// How often the file is written at most when something changes, and at least while
// there are rooms: its age tells whether their members may still come back.
const (
	keepEvery  = 5 * time.Second
	keepAnyway = 30 * time.Second
)

// kept is the content of keptFile.
type kept struct {
	Version int           `json:"version"`
	Saved   time.Time     `json:"saved"`
	LastID  room.MemberID `json:"lastID"` // of any member
	Rooms   []keptRoom    `json:"rooms"`
}

type keptRoom struct {
	Room  room.Saved          `json:"room"`
	Maker string              `json:"maker,omitempty"`
	Chat  json.RawMessage     `json:"chat,omitempty"`
	Calls map[string]keptCall `json:"calls"` // by call id
}

// keptCall is what of a call outlives its socket and its media.
type keptCall struct {
	CalledName, CalledNumber   string
	Sound                      media.AudioForm
	Media                      media.Directions
	Held                       bool
	DisplayName, DisplayNumber string
}

// keeper writes keptFile. Its methods are safe for concurrent use.
type keeper struct {
	server *Server
	path   string
	ids    *atomic.Uint32
	dirty  atomic.Bool

	mu      sync.Mutex // orders writings
	written time.Time  // guarded by mu
}

func newKeeper(s *Server, ids *atomic.Uint32) *keeper {
	return &keeper{server: s, ids: ids, path: filepath.Join(s.cfg.Data, keptFile)}
}

// touch notes that something changed.
func (k *keeper) touch() { k.dirty.Store(true) }

// run writes what changes until ctx ends.
func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		k.refresh(ctx)
	}
}

// refresh writes the file if something changed, or if it is getting old.
func (k *keeper) refresh(ctx context.Context) {
	k.mu.Lock()
	age := time.Since(k.written)
	k.mu.Unlock()
	if !k.dirty.Swap(false) && (age < keepAnyway || len(k.server.rooms.all()) == 0) {
		return
	}
	k.write(k.collect(ctx, (*room.Room).Save))
}

// suspend saves all rooms and ends them without a word to anybody, for a server that
// comes back.
func (k *keeper) suspend() {
	ctx, cancel := context.WithTimeout(context.Background(), roomPatience)
	defer cancel()
	k.server.rooms.shut()
	k.write(k.collect(ctx, (*room.Room).Suspend))
}

// collect asks all rooms at once. One that does not answer is not kept.
func (k *keeper) collect(ctx context.Context, save func(*room.Room, context.Context) (room.Saved, error)) kept {
	all := k.server.rooms.all()
	saved := make([]*keptRoom, len(all))
	var wg sync.WaitGroup
	for i, h := range all {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, roomPatience)
			defer cancel()
			calls := k.server.calls.kept(h)
			chat := h.conference.save()
			r, err := save(h.Room, ctx)
			switch {
			case errors.Is(err, room.ErrEnded):
			case err != nil:
				k.server.log.Warn("room is not kept for a restart", "room", h.Name(), "error", err)
			default:
				saved[i] = &keptRoom{Room: r, Maker: h.maker, Chat: chat, Calls: calls}
			}
		})
	}
	wg.Wait()
	out := kept{Version: keptVersion, Saved: time.Now(), LastID: room.MemberID(k.ids.Load())}
	for _, r := range saved {
		if r != nil && len(r.Room.Members) > 0 {
			out.Rooms = append(out.Rooms, *r)
		}
	}
	return out
}

// write replaces the file; without rooms there is none.
func (k *keeper) write(content kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.written = content.Saved
	if len(content.Rooms) == 0 {
		if err := os.Remove(k.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			k.server.log.Error("old rooms are not removed", "error", err)
		}
		return
	}
	doc, err := json.Marshal(content)
	if err == nil {
		err = replaceFile(k.path, doc)
	}
	if err != nil {
		k.server.log.Error("rooms are not kept for a restart", "error", err)
	}
}

// replaceFile writes a file that only its owner can read, so that at any time there
// is the old one or the new one.
func replaceFile(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = f.Chmod(0o600) // whatever was there before
	if err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// restore brings back what the file holds. Nothing of it keeps a server from
// starting.
func (k *keeper) restore() {
	log := k.server.log
	content, err := k.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		aside := k.path + ".damaged"
		log.Error("the rooms from before the restart are lost: their file is damaged", "error", err, "movedTo", aside)
		if err := os.Rename(k.path, aside); err != nil {
			log.Error("move the damaged file", "error", err)
		}
		return
	}
	if age := time.Since(content.Saved); age > k.server.cfg.DetachTimeout || age < -keepAnyway {
		log.Info("the rooms from before the restart are too old", "age", age.Round(time.Second))
		k.write(kept{})
		return
	}
	k.ids.Store(uint32(content.highestID()))
	for _, r := range content.Rooms {
		if err := k.server.restore(r); err != nil {
			log.Error("a room from before the restart does not come back", "room", r.Room.Name, "error", err)
		}
	}
}

// maxKept bounds the file in bytes.
const maxKept = 256 << 20

func (k *keeper) read() (kept, error) {
	var content kept
	if info, err := os.Stat(k.path); err != nil {
		return content, err
	} else if info.Size() > maxKept {
		return content, fmt.Errorf("%d bytes", info.Size())
	}
	doc, err := os.ReadFile(k.path)
	if err != nil {
		return content, err
	}
	if err := json.Unmarshal(doc, &content); err != nil {
		return content, err
	}
	if content.Version != keptVersion {
		return content, fmt.Errorf("version %d", content.Version)
	}
	return content, nil
}

// highestID is above which new ids begin.
func (c kept) highestID() room.MemberID {
	highest := c.LastID
	for _, r := range c.Rooms {
		for _, m := range r.Room.Members {
			highest = max(highest, m.ID)
		}
	}
	return highest
}

// restore brings one room back, with members who are away and whose calls wait for
// their clients.
func (s *Server) restore(r keptRoom) error {
	if !directory.ValidRoom(r.Room.Name) {
		return directory.ErrDestination
	}
	adopted := make(map[room.MemberID]*call)
	h, err := s.rooms.restore(r, func(m room.SavedMember) (func(room.Cause), func()) {
		c := s.exchange.newCall(m.CallID, r.Calls[m.CallID].caller(m), nil)
		c.sound, c.dir, c.held = r.Calls[m.CallID].Sound, r.Calls[m.CallID].Media, r.Calls[m.CallID].Held
		adopted[m.ID] = c
		return func(cause room.Cause) { c.left(c.at().member, cause) }, c.lostMedia
	})
	if err != nil {
		return err
	}
	n := 0
	for _, m := range h.Restored() {
		if c := adopted[m.ID()]; c != nil && s.park(c, place{room: h, member: m}) {
			n++
		}
	}
	s.log.Info("room is back after the restart", "room", h.Name(), "members", n)
	return nil
}

// park lets a restored call wait for its client.
func (s *Server) park(c *call, p place) bool {
	who := c.caller()
	from, to := who.ends()
	out, err := s.verto.Park(verto.Parked{
		SessionID: who.session, UserID: who.identity.UserID(), CallID: c.id, Call: c, Outbound: who.outbound,
		CallerName: from.name, CallerNumber: from.number, CalleeName: to.name, CalleeNumber: to.number,
		DisplayName: who.display.name, DisplayNumber: who.display.number,
	})
	if err != nil {
		s.log.Warn("a call from before the restart does not come back", "call", c.id, "error", err)
		c.logged("leave", c.do(func(ctx context.Context) error { return p.member.Leave(ctx, room.Left) }))
		return false
	}
	c.mu.Lock()
	c.out = out
	c.mu.Unlock()
	c.settle(p)
	return true
}

// caller is who was in the call; what his login grants him he has when he is back.
func (k keptCall) caller(m room.SavedMember) caller {
	user, domain, _ := strings.Cut(m.User, "@")
	return caller{
		identity: &directory.Identity{User: user, Domain: domain}, session: m.Session,
		name: m.Name, number: m.Number, called: party{k.CalledName, k.CalledNumber},
		userVariables: maps.Clone(m.UserVariables), device: m.DeviceID, screen: m.ScreenShare, canvas: -1,
		noRecover: m.NoRecover, outbound: m.Outbound, display: party{k.DisplayName, k.DisplayNumber},
	}
}

// keep is what of the call is written.
func (c *call) keep() keptCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &c.who
	return keptCall{
		CalledName: w.called.name, CalledNumber: w.called.number, Sound: c.sound, Media: c.dir, Held: c.held,
		DisplayName: w.display.name, DisplayNumber: w.display.number,
	}
}

// kept lists what is kept of the calls in a room.
func (t *calls) kept(h *hosted) map[string]keptCall {
	t.mu.Lock()
	all := make([]*call, 0, len(t.by))
	for m, c := range t.by {
		if m.Room() == h.Room {
			all = append(all, c)
		}
	}
	t.mu.Unlock()
	out := make(map[string]keptCall, len(all))
	for _, c := range all {
		out[c.id] = c.keep()
	}
	return out
}

// watcher notes every change of a room for the keeper.
type watcher struct {
	room.Observers // hears nothing
	changed        func()
}

var _ room.Observer = (*watcher)(nil)

// MemberJoined notes a change.
func (w *watcher) MemberJoined(room.Info, []room.CanvasInfo) { w.changed() }

// MemberChanged notes a change.
func (w *watcher) MemberChanged(room.Info) { w.changed() }

// MemberLeft notes a change.
func (w *watcher) MemberLeft(room.Info, room.Cause) { w.changed() }

// LayoutChanged notes a change.
func (w *watcher) LayoutChanged(room.CanvasInfo) { w.changed() }

// MemberAttached notes a change.
func (w *watcher) MemberAttached(room.Info, []room.CanvasInfo) { w.changed() }

// LobbyChanged notes a change.
func (w *watcher) LobbyChanged([]room.Info) { w.changed() }

// RoomChanged notes a change.
func (w *watcher) RoomChanged(room.RoomInfo) { w.changed() }

// Happened notes a change.
func (w *watcher) Happened(room.Event) { w.changed() }

// Ended notes a change.
func (w *watcher) Ended() { w.changed() }
