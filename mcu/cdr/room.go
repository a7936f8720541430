package cdr

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/omniverto/omniverto/mcu/room"
)

const (
	// maxMembers bounds the members of a record, those who come again counted again:
	// about 1 MB of memory.
	maxMembers = 5000
	// maxRejected bounds the attempts of a record.
	maxRejected = 1000
)

// Conference is what a record says of a conference as such.
type Conference struct {
	Name, Domain, UUID, Profile string
	Rate, Interval              int // of its sound, in Hz and ms; 0: 48000 and 20
	// Started is when a conference began that a restart interrupted; zero: now.
	Started time.Time
	// Dir is the folder of its record as FreeSWITCH's cdr-log-dir: a whole path, auto, or
	// one in the folder of all; empty: that one.
	Dir string // folder of its record, the profile's cdr-log-dir; empty: the store's
}

// nothing tells nobody: what a record does not hear of.
type nothing = room.Observers

// Room is the record of a conference that goes on. It is a room.Observer.
type Room struct {
	nothing
	// constant after construction
	store *Store
	dir   string // empty: nothing is recorded

	// guarded by mu: the room's goroutine tells of members, others of attempts
	mu      sync.Mutex
	record  Record
	present map[room.MemberID]Member
	order   []room.MemberID // of present, as they joined
	ended   bool
}

var _ room.Observer = (*Room)(nil)

// Room begins the record of a conference, or goes on with the one that a restart
// interrupted.
func (st *Store) Room(c Conference) *Room {
	r := &Room{store: st, dir: st.folder(c.Dir), present: map[room.MemberID]Member{}}
	r.record = Record{
		Version: 1, Name: c.Name, Domain: c.Domain, UUID: c.UUID, Profile: c.Profile, Hostname: st.host,
		Rate: c.Rate, Interval: c.Interval, Start: c.Started,
	}
	if r.record.Rate == 0 {
		r.record.Rate = 48000
	}
	if r.record.Interval == 0 {
		r.record.Interval = 20
	}
	if r.record.Start.IsZero() {
		r.record.Start = time.Now()
	}
	if id, err := uuid.Parse(c.UUID); err != nil || id.String() != c.UUID {
		r.record.UUID = uuid.NewString() // it becomes the name of a file
	}
	if r.dir == "" {
		return r
	}
	if !c.Started.IsZero() {
		r.resume()
	}
	st.mu.Lock()
	st.live[r] = true
	st.mu.Unlock()
	return r
}

// resume takes over what was kept at the end of the server's last run.
func (r *Room) resume() {
	path := partPath(r.dir, r.record.UUID)
	old, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		r.store.o.Log.Warn("call detail record of before the restart", "error", err)
		return
	}
	r.record.Interrupted, r.record.Peak = true, old.Peak
	r.record.MembersOmitted, r.record.Rejected, r.record.RejectedOmitted = old.MembersOmitted, old.Rejected, old.RejectedOmitted
	for _, m := range old.Members {
		if m.Cause == "" { // he was there: his time goes on, if he comes back
			r.present[m.ID] = m
			r.order = append(r.order, m.ID)
			continue
		}
		r.record.Members = append(r.record.Members, m)
	}
	if err := os.Remove(path); err != nil {
		r.store.o.Log.Warn("call detail record of before the restart", "error", err)
	}
}

// keep writes what is known so far for the server's next run.
func (r *Room) keep() {
	r.mu.Lock()
	rec := r.sofar("")
	r.mu.Unlock()
	if len(rec.Members) == 0 && len(rec.Rejected) == 0 {
		return
	}
	rec.End, rec.Interrupted = time.Now(), true
	if err := writeJSON(partPath(r.dir, rec.UUID), rec); err != nil {
		r.store.o.Log.Error("call detail record not kept over the restart", "room", rec.Name, "uuid", rec.UUID, "error", err)
	}
}

// sofar is the record with those who are there, who left for a cause.
func (r *Room) sofar(cause string) Record {
	rec := r.record
	// As lists in JSON, never null.
	rec.Members, rec.Rejected = append([]Member{}, rec.Members...), append([]Rejected{}, rec.Rejected...)
	for _, id := range r.order {
		m := r.present[id]
		m.Cause = cause
		rec.Members = append(rec.Members, m)
	}
	slices.SortFunc(rec.Members, func(a, b Member) int { return cmp.Or(a.Join.Compare(b.Join), cmp.Compare(a.ID, b.ID)) })
	return rec
}

// MemberJoined implements room.Observer.
func (r *Room) MemberJoined(i room.Info, _ []room.CanvasInfo) {
	if r.dir == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.changedLocked(i) {
		r.record.MembersOmitted++
	}
}

// MemberAttached implements room.Observer.
func (r *Room) MemberAttached(i room.Info, _ []room.CanvasInfo) { r.MemberChanged(i) }

// MemberChanged implements room.Observer. A member may be promoted and renamed; one
// who is not known yet was there before a restart.
func (r *Room) MemberChanged(i room.Info) {
	if r.dir == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changedLocked(i)
}

// changedLocked notes what a member is like; false when there is no place for one
// more.
func (r *Room) changedLocked(i room.Info) bool {
	m, known := r.present[i.ID]
	if !known {
		if len(r.record.Members)+len(r.present) >= maxMembers {
			return false
		}
		m.Join = i.Joined
		r.order = append(r.order, i.ID)
	}
	m.ID, m.Role = i.ID, i.Role
	m.Caller = Caller{CallID: i.CallID, User: i.User, Name: i.Name, Number: i.Number}
	m.EndConference, m.Ghost, m.Outbound = i.Flags.EndConference, i.Ghost, i.Outbound
	m.ScreenShare, m.SecondScreen = i.ScreenShare, i.SecondScreen
	r.present[i.ID] = m
	r.record.Peak = max(r.record.Peak, len(r.present))
	return true
}

// MemberLeft implements room.Observer.
func (r *Room) MemberLeft(i room.Info, c room.Cause) {
	if r.dir == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.changedLocked(i) {
		return
	}
	m := r.present[i.ID]
	m.Leave, m.Cause = time.Now(), causeName(c)
	r.record.Members = append(r.record.Members, m)
	delete(r.present, i.ID)
	r.order = slices.DeleteFunc(r.order, func(id room.MemberID) bool { return id == i.ID })
	if c == room.RoomEnded {
		r.record.Forced = true
	}
}

// Ended implements room.Observer: the record goes to the disk. As with FreeSWITCH
// there is none of a conference to which nobody came.
func (r *Room) Ended() {
	if r.dir == "" {
		return
	}
	r.mu.Lock()
	if r.ended {
		r.mu.Unlock()
		return
	}
	r.ended = true
	now := time.Now()
	rec := r.sofar(causeName(room.RoomEnded))
	r.mu.Unlock()
	rec.End = now
	for i := range rec.Members {
		if rec.Members[i].Leave.IsZero() {
			rec.Members[i].Leave = now
		}
	}
	if len(rec.Members) == 0 && len(rec.Rejected) == 0 {
		r.store.forget(r)
		return
	}
	r.store.put(r, rec)
}

func (st *Store) forget(r *Room) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.live, r)
}

// Attempt is somebody who was not let in.
type Attempt struct {
	Reason                     Reason
	CallID, User, Name, Number string
	At                         time.Time // zero: now
}

// Rejected adds somebody who was not let in. It may be called from any goroutine,
// also after the conference's end, when it does nothing.
func (r *Room) Rejected(a Attempt) {
	if r.dir == "" {
		return
	}
	if a.At.IsZero() {
		a.At = time.Now()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
	case len(r.record.Rejected) >= maxRejected:
		r.record.RejectedOmitted++
	default:
		r.record.Rejected = append(r.record.Rejected, Rejected{
			Reason: a.Reason, At: a.At, Caller: Caller{CallID: a.CallID, User: a.User, Name: a.Name, Number: a.Number},
		})
	}
}
