package room

import (
	"errors"
	"slices"

	"github.com/omniverto/omniverto/mixer/audio"
)

// relation restricts what a member says to another or hears of him.
type relation struct {
	from, to MemberID
	audio.Relation
	sendVideo bool // to sees from's picture alone
}

// errReceiving says that somebody else's video is sent to a member.
var errReceiving = errors.New("room: already receiving video")

// relate sets a relation; it replaces what was said of the two in this direction.
func (s *State) relate(r relation) error {
	if r.sendVideo && slices.ContainsFunc(s.relations, func(o relation) bool {
		return o.sendVideo && o.to == r.to && o.from != r.from
	}) {
		return errReceiving
	}
	s.unrelate(r.from, r.to)
	s.relations = append(s.relations, r)
	s.room.mixer.SetRelation(audio.PortID(r.from), audio.PortID(r.to), r.Relation)
	s.reseat()
	return nil
}

// unrelate removes the relation of two members in one direction.
func (s *State) unrelate(from, to MemberID) {
	s.dropRelations(func(r relation) bool { return r.from == from && r.to == to })
}

// forgetRelations removes those of a member who left.
func (s *State) forgetRelations(gone MemberID) {
	s.dropRelations(func(r relation) bool { return r.from == gone || r.to == gone })
}

func (s *State) dropRelations(drop func(relation) bool) {
	n := len(s.relations)
	s.relations = slices.DeleteFunc(s.relations, func(r relation) bool {
		if drop(r) {
			s.room.mixer.SetRelation(audio.PortID(r.from), audio.PortID(r.to), audio.Relation{})
			return true
		}
		return false
	})
	if len(s.relations) < n {
		s.reseat()
	}
}

// sends is the member whose picture alone is sent to another, nil for none.
func (s *State) sends(to *Member) *Member {
	for _, r := range s.relations {
		if r.sendVideo && r.to == to.id {
			m, _ := s.Member(r.from)
			return m
		}
	}
	return nil
}
