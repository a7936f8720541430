package mcu

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/cdr"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// rooms is the registry of live rooms by name.
type rooms struct {
	// constant after construction
	engine      *room.Engine
	log         *slog.Logger
	clock       *media.Clock // of all rooms: a leg goes from one to the other
	detach      time.Duration
	most        int // rooms at a time
	observe     func(name, domain string, p room.Profile) *conference
	records     *cdr.Store
	changed     func() // something that a restart should keep
	switchboard room.Switchboard

	// guarded by mu
	mu       sync.Mutex
	profiles *room.Profiles // of rooms to come
	layouts  *layouts.Set
	live     map[string]*hosted
	hidden   map[*hosted]struct{} // of bridges: nobody can call them
	closed   bool

	wg sync.WaitGroup
}

// hosted is a live room with what hears of it.
type hosted struct {
	*room.Room
	conference *conference // nil for a hidden room
	record     *cdr.Room   // nil for a hidden room
	maker      string      // user@domain whose call made it
}

// wish is what a call asks of a room that it may make.
type wish struct {
	name, domain, profile string
	pin, flags            string // of a room that the call makes
	maker                 string // user@domain; "" whoever runs the server
	joinOnly              bool   // makes none
}

// Bounds of the rooms that calls make. Limits of one user do not count for who may
// make many: each room costs a canvas and two goroutines.
const (
	defaultMaxRooms = 1000
	maxRoomsOfUser  = 20
)

var (
	errClosing  = errors.New("mcu: server is shutting down")
	errTooMany  = errors.New("mcu: too many rooms")
	errUserMany = errors.New("mcu: too many rooms of one user")
)

// get returns the live room of that name, made if there is none.
func (rs *rooms) get(w wish) (*hosted, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.closed {
		return nil, errClosing
	}
	if h, ok := rs.live[w.name]; ok {
		return h, nil
	}
	if w.joinOnly {
		return nil, room.ErrJoinOnly
	}
	if err := rs.roomLocked(w.maker); err != nil {
		return nil, err
	}
	p := rs.profileLocked(w.name, w.profile)
	p.PIN = cmp.Or(w.pin, p.PIN)
	p.WaitModerator = p.WaitModerator || hasFlag(w.flags, "wait-mod")
	return rs.openLocked(w.name, cmp.Or(p.Domain, w.domain), w.maker, p, room.Options{})
}

// hasFlag looks for a conference flag among flags.
func hasFlag(flags, name string) bool {
	return slices.Contains(strings.FieldsFunc(flags, func(c rune) bool { return c == '|' || c == ',' || c == ' ' }), name)
}

// roomLocked tells whether one more room may be made.
func (rs *rooms) roomLocked(maker string) error {
	if len(rs.live)+len(rs.hidden) >= rs.most {
		return errTooMany
	}
	n := 0
	for _, h := range rs.live {
		if h.maker == maker {
			n++
		}
	}
	if maker != "" && n >= maxRoomsOfUser {
		return errUserMany
	}
	return nil
}

// profileLocked is a profile for a new room, with a layout that exists.
func (rs *rooms) profileLocked(name, profile string) room.Profile {
	p := rs.profiles.Get(profile)
	if found := layoutFor(rs.layouts, p.Layout); found != p.Layout {
		rs.log.Warn("the profile's layout does not exist, took another", "room", name, "profile", p.Name, "layout", p.Layout, "took", found)
		p.Layout = found
	}
	return p
}

// openLocked makes a room that people can call.
func (rs *rooms) openLocked(name, domain, maker string, p room.Profile, o room.Options) (*hosted, error) {
	if o.UUID == "" {
		o.UUID = uuid.NewString()
	}
	h := &hosted{conference: rs.observe(name, domain, p), maker: maker}
	about := cdr.Conference{Name: name, Domain: domain, UUID: o.UUID, Profile: p.Name, Dir: p.CDRDir}
	if o.Restore != nil {
		about.Started = o.Restore.Started
	}
	h.record = rs.records.Room(about)
	o.Name, o.Domain, o.Profile = name, domain, p
	o.Observer = room.Observers{h.conference, h.record, &watcher{changed: rs.changed}}
	if err := rs.startLocked(h, o); err != nil {
		return nil, err
	}
	rs.live[name] = h
	rs.wg.Go(func() {
		<-h.Done()
		rs.forget(name, h)
	})
	return h, nil
}

// startLocked starts a room.
func (rs *rooms) startLocked(h *hosted, o room.Options) error {
	o.Layouts, o.Engine, o.Log, o.Clock = rs.layouts, rs.engine, rs.log, rs.clock
	o.DetachTime, o.Switchboard = rs.detach, rs.switchboard
	r, err := room.New(o)
	h.Room = r
	return err
}

// bridgeProfile is that of a room in which two calls are joined.
func (rs *rooms) bridgeProfile() room.Profile {
	p := room.Stock("bridge")
	p.Layout, p.Personal, p.PersonalWidth, p.PersonalHeight = "1x1", true, p.Width, p.Height
	p.Sounds.Music, p.TransitionMsec, p.Controls = holdMusic, 0, room.Controls{}
	p.EnergyLevel, p.Codecs = 0, []media.AudioCodec{media.Opus, media.G722, media.PCMU, media.PCMA}
	return p
}

// hide makes a room that nobody can call and no list shows. It ends when those who
// met in it have left.
func (rs *rooms) hide(p room.Profile, domain string) (*hosted, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.closed {
		return nil, errClosing
	}
	if len(rs.live)+len(rs.hidden) >= rs.most {
		return nil, errTooMany
	}
	p.Layout = layoutFor(rs.layouts, p.Layout)
	h := new(hosted)
	// A name with a blank can be no destination.
	if err := rs.startLocked(h, room.Options{Name: "bridge " + uuid.NewString(), Domain: domain, Profile: p, Observer: room.Observers{}}); err != nil {
		return nil, err
	}
	rs.hidden[h] = struct{}{}
	rs.wg.Go(func() {
		<-h.Done()
		rs.mu.Lock()
		defer rs.mu.Unlock()
		delete(rs.hidden, h)
	})
	return h, nil
}

// turnedAway is why somebody has to leave who waited at the door.
func (h *hosted) turnedAway() error {
	ctx, cancel := context.WithTimeout(context.Background(), roomPatience)
	defer cancel()
	why := errDenied
	_ = h.Do(ctx, func(s *room.State) error {
		if s.PIN() != "" && !s.Lobby() {
			why = room.ErrPINWrong
		}
		return nil
	})
	return why
}

// layoutFor is the layout that a profile names, or where there is none of that name
// what FreeSWITCH takes instead: the group grid, or the first layout of the file.
func layoutFor(set *layouts.Set, name string) string {
	for _, known := range []string{name, "group:grid"} {
		if _, _, err := set.Resolve(known); err == nil {
			return known
		}
	}
	if all := set.Layouts(); len(all) > 0 {
		return all[0].Name
	}
	return name
}

func (rs *rooms) forget(name string, h *hosted) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.live[name] == h {
		delete(rs.live, name)
	}
}

// find returns the live room of that name or nil.
func (rs *rooms) find(name string) *hosted {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.live[name]
}

// all lists the live rooms.
func (rs *rooms) all() []*hosted {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	out := make([]*hosted, 0, len(rs.live))
	for _, h := range rs.live {
		out = append(out, h)
	}
	return out
}

// reserve takes a place in the named room, made if need be. What is asked for may
// depend on the room's profile. A room that ends at this very moment is made anew.
func (rs *rooms) reserve(ctx context.Context, w wish, ask func(room.Profile) room.Request) (*hosted, *room.Member, error) {
	for {
		h, err := rs.get(w)
		if err != nil {
			return nil, nil, err
		}
		m, err := h.Reserve(ctx, ask(h.Profile()))
		if !errors.Is(err, room.ErrEnded) {
			return h, m, err
		}
		<-h.Done()
		rs.forget(w.name, h)
	}
}

// restore brings back a room from before a restart.
func (rs *rooms) restore(r keptRoom, adopt func(room.SavedMember) (func(room.Cause), func())) (*hosted, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.live[r.Room.Name] != nil {
		return nil, errors.New("mcu: kept twice")
	}
	p := rs.profileLocked(r.Room.Name, r.Room.Profile)
	h, err := rs.openLocked(r.Room.Name, r.Room.Domain, r.Maker, p, room.Options{UUID: r.Room.UUID, Restore: &r.Room, Adopt: adopt})
	if err != nil || r.Chat == nil {
		return h, err
	}
	if err := h.conference.restore(r.Chat); err != nil {
		rs.log.Warn("the chat from before the restart is lost", "room", r.Room.Name, "error", err)
	}
	return h, nil
}

// shut lets no more rooms be made.
func (rs *rooms) shut() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.closed = true
}

// close ends all rooms and waits.
func (rs *rooms) close() {
	rs.shut()
	var wg sync.WaitGroup
	for _, h := range append(rs.all(), rs.bridges()...) {
		wg.Go(h.Close)
	}
	wg.Wait()
	rs.wg.Wait()
}

// bridges lists the hidden rooms of calls between users.
func (rs *rooms) bridges() []*hosted {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return slices.Collect(maps.Keys(rs.hidden))
}

// parseProfiles reads a conference.conf.xml; nil stands for none.
func parseProfiles(doc []byte, path string, vars map[string]string, log *slog.Logger) (*room.Profiles, error) {
	if doc == nil {
		return nil, nil
	}
	ps, err := room.ParseProfiles(doc, vars)
	if err != nil {
		return nil, err
	}
	if len(ps.Unknown) > 0 {
		log.Warn("conference profiles hold parameters that are not used", "file", path, "parameters", ps.Unknown)
	}
	return ps, nil
}

// parseLayouts reads a conference_layouts.conf.xml; nil stands for the embedded set.
func parseLayouts(doc []byte, path string, log *slog.Logger) (*layouts.Set, error) {
	if doc == nil {
		return layouts.Stock(), nil
	}
	set, err := layouts.Parse(doc)
	if err != nil {
		return nil, err
	}
	if unknown := set.Unknown(); len(unknown) > 0 {
		log.Warn("layouts hold what is not understood", "file", path, "unknown", unknown)
	}
	return set, nil
}
