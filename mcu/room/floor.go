package room

import (
	"slices"
	"time"
)

// mayHoldFloor reports whether m may be the video floor holder: he sends video,
// is not dedicated to a role, and there is one canvas (layouts.md §8).
func (s *State) mayHoldFloor(m *Member) bool {
	return s.hasCamera(m) && !m.callHold && len(s.canvases) == 1 && !s.dedicated(m)
}

// dedicated reports whether m sits on a seat of his role.
func (s *State) dedicated(m *Member) bool {
	at := s.layerOf(m)
	return m.req.RoleID != "" && at[1] >= 0 && s.canvases[at[0]].layout.Images[at[1]].RoleID == m.req.RoleID
}

// Dedicated reports whether m sits on a seat of his role, and so may have neither
// floor.
func (s *State) Dedicated(m *Member) bool { return s.dedicated(m) }

// floorForNewcomer gives the first camera the video floor; the second is the last
// holder, to whom it goes back. A shared screen takes it and keeps it.
func (s *State) floorForNewcomer(m *Member) {
	switch {
	case !s.mayHoldFloor(m):
	case m.req.JoinVideoFloor && s.videoFloor != m.id:
		s.setVideoFloor(m.id)
		s.floorLocked = true
	case s.videoFloor == 0:
		s.setVideoFloor(m.id)
	case s.lastVideo == 0 && s.videoFloor != m.id:
		s.lastVideo = m.id
	}
}

// VideoFloor is the video floor holder, 0 for nobody, and whether it is locked.
func (s *State) VideoFloor() (holder MemberID, locked bool) { return s.videoFloor, s.floorLocked }

// TakeVideoFloor makes m the video floor holder; locked, it follows nobody's
// voice until it is unlocked. It reports false for somebody who cannot hold it.
func (s *State) TakeVideoFloor(m *Member, lock bool) bool {
	if !s.mayHoldFloor(m) {
		return false
	}
	s.stopFollowing()
	s.floorLocked = lock
	if s.videoFloor == m.id {
		s.changed(m)
	} else {
		s.setVideoFloor(m.id)
	}
	s.reseat()
	return true
}

// UnlockVideoFloor lets the video floor follow the voice again.
func (s *State) UnlockVideoFloor() {
	s.floorLocked = false
	if m, err := s.Member(s.videoFloor); err == nil {
		s.changed(m)
	}
	s.followFloor()
}

// followFloor lets the video floor follow the audio floor once its holder has
// talked for video-auto-floor-msec.
func (s *State) followFloor() {
	holder, err := s.Member(s.floor)
	if err != nil || !holder.talking || !s.mayHoldFloor(holder) || holder.id == s.videoFloor || s.floorLocked {
		s.stopFollowing()
		return
	}
	if s.following == holder.id {
		return
	}
	s.stopFollowing()
	s.following = holder.id
	wait := time.Duration(s.room.profile.AutoFloorMsec) * time.Millisecond
	s.floorTimer = s.room.after(wait, func(s *State) {
		if s.following == holder.id && !s.floorLocked {
			s.following = 0
			s.setVideoFloor(holder.id)
			s.reseat()
		}
	})
}

func (s *State) stopFollowing() {
	s.following = 0
	if s.floorTimer != nil {
		s.floorTimer.Stop()
	}
}

func (s *State) setVideoFloor(id MemberID) {
	old := s.videoFloor
	s.videoFloor, s.lastVideo = id, old
	if old != id {
		s.happened("video-floor-change", nil, floorHeaders(old, id)...)
	}
	for _, m := range s.members {
		if m.id == old || m.id == id {
			s.changed(m)
		}
	}
}

// dropFloor takes the floors from a leaving member; the video floor goes to the
// newest other member with a camera, but back from who had joined with it, as in
// FreeSWITCH.
func (s *State) dropFloor(gone *Member) {
	if s.floor == gone.id {
		s.floor = 0
		s.happened("floor-change", nil, floorHeaders(gone.id, 0)...)
	}
	if s.following == gone.id {
		s.stopFollowing()
	}
	if s.lastVideo == gone.id {
		s.lastVideo = 0
	}
	if s.videoFloor != gone.id {
		return
	}
	s.floorLocked = false
	next := MemberID(0)
	if m, err := s.Member(s.lastVideo); err == nil && gone.req.JoinVideoFloor && s.mayHoldFloor(m) {
		s.setVideoFloor(m.id)
		s.lastVideo = 0
		return
	}
	for _, m := range slices.Backward(s.members) {
		if s.mayHoldFloor(m) {
			next = m.id
			break
		}
	}
	s.setVideoFloor(next)
	s.lastVideo = 0
}
