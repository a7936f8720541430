package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// savedVersion is what Save writes and New takes.
const savedVersion = 1

// ErrSaved says that a saved room cannot be brought back.
var ErrSaved = errors.New("room: saved state is not usable")

// Saved is a room as it outlives the server, as JSON. It holds PINs: the file is
// its owner's alone.
type Saved struct {
	Version            int
	Name, Domain       string
	Profile            string // its name
	UUID               string
	Started            time.Time
	Locked, Lobby      bool
	PIN, ModeratorPIN  string
	MaxMembers         int
	WaitModerator      bool
	EndGrace           int
	MinTwo, Enough     bool // whether it ends below two members, and had as many
	Variables          map[string]string
	CallerName         string
	CallerNumber       string
	SoundPrefix        string
	Bans               []string
	FPS                int
	Canvases           []SavedCanvas // the super canvas, if there is one, is the last
	Personal           bool
	PersonalLayout     string
	Auto3D             bool
	Enter, Exit, Music SavedSound
	NoVideoAvatar      string
	VideoFloor         MemberID
	FloorLocked        bool
	Relations          []SavedRelation
	Members            []SavedMember // in join order
}

// SavedCanvas is a canvas of a Saved room.
type SavedCanvas struct {
	Width, Height   int
	Layout          string // name, or group:NAME
	Current         string // the layout that shows, by name
	Seats           []MemberID
	Backdrop, Front string
	Keep            bool // canvas-auto-clear is off
}

// SavedSound is a sound that can be turned on and off.
type SavedSound struct {
	File string
	On   bool
}

// SavedRelation restricts what a member says to another or hears of him.
type SavedRelation struct {
	From, To                   MemberID
	NoSpeak, NoHear, SendVideo bool
}

// SavedMember is a member of a Saved room. Its Request is as it became.
type SavedMember struct {
	Request
	ID                         MemberID
	Joined                     time.Time
	Directions                 media.Directions // of his last leg
	Muted, Deafened, Hidden    bool             // hidden: his camera is muted
	Hold, CallHold             bool
	Hand                       time.Time
	VolumeIn, VolumeOut        string
	Energy                     int
	AGC                        audio.AGC
	Place                      [3]float64
	Placed                     bool
	Banner, LogoImage, MuteImg string
	Border                     int
	Turn                       canvas.Turn
	Filter, FilterBehind       canvas.Filter
	CodecGroup                 string
	SeesNothing                bool
}

// Bounds of a saved room.
const (
	maxSaved        = 16 << 20 // bytes
	maxSavedMembers = 2000
	maxText         = 4096
)

// ParseSaved reads a saved room. What is no such thing, or of another version, is
// refused with ErrSaved.
func ParseSaved(data []byte) (Saved, error) {
	var v Saved
	if len(data) > maxSaved {
		return Saved{}, fmt.Errorf("%w: larger than %d bytes", ErrSaved, maxSaved)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return Saved{}, fmt.Errorf("%w: %w", ErrSaved, err)
	}
	return v, v.check()
}

// check refuses what could not have been saved.
func (v *Saved) check() error {
	switch {
	case v.Version != savedVersion:
		return fmt.Errorf("%w: version %d, want %d", ErrSaved, v.Version, savedVersion)
	case len(v.Members) > maxSavedMembers, len(v.Canvases) > MaxCanvases+1, len(v.Bans) > maxBans,
		len(v.Variables) > maxVariables, len(v.Relations) > maxSavedMembers, len(v.UUID) > maxWord:
		return fmt.Errorf("%w: too much of it", ErrSaved)
	case v.FPS < 1 || v.FPS > maxCanvasFPS:
		return fmt.Errorf("%w: %d fps", ErrSaved, v.FPS)
	}
	for _, c := range v.Canvases {
		if c.Width < minCanvasWidth || c.Width > maxCanvasWidth || c.Height < minCanvasHeight || c.Height > maxCanvasHeight || (c.Width|c.Height)&1 != 0 {
			return fmt.Errorf("%w: canvas of %dx%d", ErrSaved, c.Width, c.Height)
		}
	}
	seen := make(map[MemberID]bool)
	for i := range v.Members {
		m := &v.Members[i]
		if err := m.check(); err != nil {
			return fmt.Errorf("%w: member %d: %w", ErrSaved, m.ID, err)
		}
		if seen[m.ID] {
			return fmt.Errorf("%w: two members %d", ErrSaved, m.ID)
		}
		seen[m.ID] = true
	}
	return nil
}

func (m *SavedMember) check() error {
	switch {
	case m.ID == 0:
		return errors.New("no id")
	case m.Role != Moderator && m.Role != Participant && m.Role != Viewer && m.Role != "":
		return fmt.Errorf("role %.20q", m.Role)
	case m.AudioCodec > media.G722:
		return fmt.Errorf("codec %d", m.AudioCodec)
	case m.AGC.Level < 0 || m.AGC.Level > 9999, m.Turn.Quarters > 3, m.Border < -1 || m.Border > maxBorder:
		return errors.New("look")
	}
	for _, text := range []string{
		m.CallID, m.Session, m.User, m.Name, m.Number, string(m.ReservationID), m.RoleID, m.DeviceID, m.Banner, m.LogoImage, m.MuteImg, m.CodecGroup,
	} {
		if len(text) > maxText {
			return errors.New("long text")
		}
	}
	return nil
}

// Save tells what the room is like, its members without those at the door.
func (r *Room) Save(ctx context.Context) (Saved, error) {
	var v Saved
	err := r.Do(ctx, func(s *State) error { v = s.save(); return nil })
	return v, err
}

// Suspend saves the room and ends it. Nobody is told that it did: neither the
// observer nor Request.Left.
func (r *Room) Suspend(ctx context.Context) (Saved, error) {
	var v Saved
	err := r.Do(ctx, func(s *State) error {
		v = s.save()
		s.suspending, s.observer = true, Observers(nil)
		s.close(Suspended)
		return nil
	})
	if err == nil {
		<-r.done
	}
	return v, err
}

// Restored are the members that a restored room began with.
func (r *Room) Restored() []*Member { return r.restored }

func (s *State) save() Saved {
	d, l, r := &s.door, &s.life, s.room
	v := Saved{
		Version: savedVersion, Name: r.name, Domain: r.domain, Profile: r.profile.Name, UUID: r.uuid, Started: r.started,
		Locked: d.locked, Lobby: d.lobby, PIN: d.pin, ModeratorPIN: d.moderatorPIN, MaxMembers: d.maxMembers,
		WaitModerator: l.waitModerator, EndGrace: l.endGrace, MinTwo: l.minTwo, Enough: l.enough,
		Variables: maps.Clone(l.variables), CallerName: l.callerName, CallerNumber: l.callerNumber, SoundPrefix: l.soundPrefix,
		Bans: slices.Sorted(maps.Keys(d.bans)), FPS: s.fps, Personal: s.personalMode,
		PersonalLayout: layoutName(s.personalLayout, s.personalGroup), Auto3D: s.auto3D,
		Enter: s.prompts.enter.saved(), Exit: s.prompts.exit.saved(), Music: s.prompts.music.saved(),
		NoVideoAvatar: s.noVideoAvatar, VideoFloor: s.videoFloor, FloorLocked: s.floorLocked,
	}
	for _, c := range s.canvases {
		v.Canvases = append(v.Canvases, c.saved())
	}
	if s.super != nil {
		v.Canvases = append(v.Canvases, s.super.saved())
	}
	for _, rel := range s.relations {
		v.Relations = append(v.Relations, SavedRelation{rel.from, rel.to, rel.NoSpeak, rel.NoHear, rel.sendVideo})
	}
	for _, m := range s.members {
		v.Members = append(v.Members, m.saved())
	}
	return v
}

func (c chime) saved() SavedSound { return SavedSound{c.file, c.on} }

// restored is a chime as it was saved.
func (v SavedSound) restored() chime { return chime{bounded(v.File, maxText), v.On} }

// layoutName is how SetLayout calls it, "" for none.
func layoutName(l *layouts.Layout, g *layouts.Group) string {
	switch {
	case g != nil:
		return "group:" + g.Name
	case l != nil:
		return l.Name
	}
	return ""
}

func (c *canvasState) saved() SavedCanvas {
	return SavedCanvas{
		Width: c.form.width, Height: c.form.height, Layout: layoutName(c.layout, c.group), Current: c.layout.Name,
		Seats: slices.Clone(c.seats), Backdrop: c.bgFile, Front: c.fgFile, Keep: c.keep,
	}
}

func (m *Member) saved() SavedMember {
	v := SavedMember{
		Request: m.req, ID: m.id, Joined: m.joined, Directions: m.dir, Muted: m.muted, Deafened: m.deaf, Hidden: m.vmuted,
		Hold: m.voice.hold, CallHold: m.callHold, Hand: m.hand,
		VolumeIn: m.voice.in.String(), VolumeOut: m.voice.out.String(), Energy: m.voice.energy, AGC: m.voice.agc,
		Place: m.voice.position, Placed: m.voice.placed, Banner: m.look.banner, LogoImage: m.look.logo, MuteImg: m.look.muteImage,
		Border: m.look.border, Turn: m.look.turn, Filter: m.look.filter, FilterBehind: m.look.behind,
		CodecGroup: m.look.codecGroup, SeesNothing: m.look.blind,
	}
	v.PIN, v.Left, v.Lost = "", nil, nil
	v.Canvas, v.Watching, v.Personal = m.canvas, m.watchesCanvas, m.wantsPersonal
	return v
}

// restore brings back what was saved, which was checked. The room does not run yet.
func (s *State) restore(v Saved, adopt func(SavedMember) (func(Cause), func())) {
	d, l, r := &s.door, &s.life, s.room
	if v.UUID != "" {
		r.uuid = v.UUID
	}
	if !v.Started.IsZero() && v.Started.Before(r.started) {
		r.started = v.Started
	}
	d.locked, d.lobby, d.pin, d.moderatorPIN, d.maxMembers = v.Locked, v.Lobby, bounded(v.PIN, maxPIN), bounded(v.ModeratorPIN, maxPIN), max(v.MaxMembers, 0)
	l.waitModerator, l.endGrace, l.minTwo, l.enough = v.WaitModerator, max(v.EndGrace, 0), v.MinTwo, v.Enough
	l.callerName, l.callerNumber, l.soundPrefix = cleanName(v.CallerName), cleanName(v.CallerNumber), bounded(v.SoundPrefix, maxVariable)
	clear(l.variables)
	for name, value := range v.Variables {
		if name != "" && len(name) <= maxWord && len(value) <= maxVariable {
			l.variables[name] = value
		}
	}
	for _, name := range v.Bans {
		d.bans[name] = true
	}
	s.prompts.enter, s.prompts.exit, s.prompts.music = v.Enter.restored(), v.Exit.restored(), v.Music.restored()
	s.noVideoAvatar, s.auto3D, s.personalMode = v.NoVideoAvatar, v.Auto3D, v.Personal
	s.restoreCanvases(v)
	for _, saved := range v.Members {
		m := r.restoreMember(saved)
		if adopt != nil {
			m.req.Left, m.req.Lost = adopt(saved)
		}
		r.restored = append(r.restored, m)
	}
	s.videoFloor, s.floorLocked = v.VideoFloor, v.FloorLocked
	for _, rel := range v.Relations {
		s.relations = append(s.relations, relation{from: rel.From, to: rel.To, sendVideo: rel.SendVideo,
			Relation: audio.Relation{NoSpeak: rel.NoSpeak, NoHear: rel.NoHear}})
		r.mixer.SetRelation(audio.PortID(rel.From), audio.PortID(rel.To), audio.Relation{NoSpeak: rel.NoSpeak, NoHear: rel.NoHear})
	}
}

// restoreCanvases gives the canvases their sizes, layouts and seats again. A layout
// that does not exist any more leaves the profile's.
func (s *State) restoreCanvases(v Saved) {
	s.fps = v.FPS
	all := s.canvases
	if s.super != nil {
		all = append(slices.Clip(all), s.super)
	}
	var old []*form
	for i, c := range all {
		old = append(old, c.form)
		w, h := c.form.width, c.form.height
		if i < len(v.Canvases) {
			w, h = v.Canvases[i].Width, v.Canvases[i].Height
			s.restoreCanvas(c, v.Canvases[i])
		}
		c.form = s.room.newForm(w, h, s.fps, c.form.monitor != nil)
	}
	if layout, group, err := s.set.Resolve(v.PersonalLayout); err == nil && v.PersonalLayout != "" {
		s.personalLayout, s.personalGroup = layout, group
	}
	s.publish(old...)
}

func (s *State) restoreCanvas(c *canvasState, v SavedCanvas) {
	c.bgFile, c.fgFile, c.keep = bounded(v.Backdrop, maxText), bounded(v.Front, maxText), v.Keep
	layout, group, err := s.set.Resolve(v.Layout)
	if err != nil {
		s.room.log.Warn("a layout does not exist any more", "layout", bounded(v.Layout, maxWord), "canvas", c.index+1)
		return
	}
	if current, ok := s.set.Layout(v.Current); ok && group != nil {
		layout = current
	}
	c.group = group
	if layout != nil {
		c.layout = layout
	}
	c.seats = make([]MemberID, len(c.layout.Images))
	if c != s.super { // whose seats are canvases
		copy(c.seats, v.Seats)
	}
}

// restoreMember is a member without a leg, as he was saved.
func (r *Room) restoreMember(v SavedMember) *Member {
	m := r.newMember(v.ID, v.Request)
	m.joined, m.dir, m.hand = v.Joined, v.Directions, v.Hand
	m.req.Role, m.req.Flags = v.Role, v.Flags // as they became
	m.digits.controls = m.controls()
	m.muted, m.deaf, m.vmuted, m.callHold = v.Muted, v.Deafened, v.Hidden, v.CallHold
	m.voice.hold, m.voice.energy, m.voice.agc = v.Hold, v.Energy, v.AGC
	m.voice.in, m.voice.out = volume{}.change(v.VolumeIn), volume{}.change(v.VolumeOut)
	m.voice.position, m.voice.placed = v.Place, v.Placed
	m.look = look{
		banner: v.Banner, border: v.Border, turn: v.Turn, filter: v.Filter, behind: v.FilterBehind,
		logo: v.LogoImage, muteImage: v.MuteImg, codecGroup: v.CodecGroup, blind: v.SeesNothing,
	}
	m.media = mediaState{connected: true, detached: true, since: time.Now(), socketLost: true}
	m.live.Store(new(ear))
	m.openSources()
	return m
}

// reappear makes the restored members members, before anything else happens.
func (s *State) reappear() {
	if len(s.room.restored) == 0 {
		return
	}
	s.members = slices.Clone(s.room.restored)
	s.room.members.Store(int32(len(s.members)))
	s.prompts.alone = s.company() == 1
	if _, err := s.Member(s.videoFloor); err != nil {
		s.videoFloor, s.floorLocked = 0, false
	}
	s.roomChanged() // clients are told it when they come back
	for _, m := range s.members {
		m.log.Info("member restored", "name", m.req.Name, "role", string(m.req.Role))
		s.observer.MemberJoined(s.info(m), s.Canvases())
	}
	s.reseat()
	s.placeVoices()
	s.playMusic()
	s.roomChanged()
}
