package room_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/room"
)

// forWhom is what each role may run: one list for what viewers may do to themselves,
// one for what only participants may besides, and one for what nobody in the room may.
// Everything else is for moderators.
func forWhom() map[string]room.Permission {
	table := map[string]room.Permission{}
	for p, names := range map[room.Permission]string{
		room.ForViewer:   "hand rename react deaf undeaf volume_out vid-watching-canvas",
		room.ForSelf:     "mute unmute tmute vmute unvmute tvmute vid-flip energy agc volume_in",
		room.ForOperator: "set getvar setvar",
	} {
		for name := range strings.FieldsSeq(names) {
			table[name] = p
		}
	}
	return table
}

// TestRoles runs every command as every role, on oneself and on others: who may not is
// refused, and then nothing happens.
func TestRoles(t *testing.T) {
	self := map[string]string{"rename": "Bob", "react": "👍", "vid-flip": "mirror", "vid-watching-canvas": "1"}
	ids := map[room.Role]room.MemberID{room.Moderator: 5, room.Participant: 6, room.Viewer: 7}
	others := []string{"5", "all", "last", "non_moderator", "moderators", "hands", "06abc", "+6", "-1", "4294967302", "4294967303",
		"uuid=fbccc1d7-39a8-736e-c9f8-bc8d7c4c453a", "caller_id_name=Bob", "", "99"}
	table := forWhom()
	for i, c := range room.CommandTable() {
		want, listed := table[c.Name]
		if delete(table, c.Name); !listed {
			want = room.ForModerator
		}
		if c.Permission != want {
			t.Errorf("%s is for %s, want %s", c.Name, c.Permission, want)
		}
		if !thorough && i%4 != 0 {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			withThree(t, twoCanvases, func(w commanded) {
				w.expect("demote 7 viewer", "+OK demote 7\n")
				before := w.state()
				for _, role := range []room.Role{room.Viewer, room.Participant} {
					own := fmt.Sprint(ids[role])
					mayOwn := want == room.ForViewer || want == room.ForSelf && role == room.Participant
					for _, who := range append(slices.Clone(others), own, "0"+own) {
						allowed := mayOwn && strings.TrimLeft(who, "0") == own
						if allowed {
							continue // runs below
						}
						err := w.as(ids[role], c.Name, who, self[c.Name])
						if !errors.Is(err, room.ErrDenied) {
							t.Errorf("%s %q by a %s: %v", c.Name, who, role, err)
						}
					}
					if err := w.as(ids[role], c.Name); !errors.Is(err, room.ErrDenied) {
						t.Errorf("%s by a %s: %v", c.Name, role, err)
					}
				}
				if after := w.state(); after != before {
					t.Errorf("refused commands left traces:\n%s\n%s", before, after)
				}
				if want == room.ForOperator {
					if err := w.as(5, c.Name, "count"); !errors.Is(err, room.ErrDenied) {
						t.Errorf("%s by a moderator: %v", c.Name, err)
					}
					return
				}
				if mod := w.as(5, c.Name, "none"); mod != nil {
					t.Errorf("%s by a moderator: %v", c.Name, mod)
				}
				for _, role := range []room.Role{room.Viewer, room.Participant} {
					mayOwn := want == room.ForViewer || want == room.ForSelf && role == room.Participant
					if !mayOwn {
						continue
					}
					if err := w.as(ids[role], c.Name, fmt.Sprint(ids[role]), self[c.Name]); err != nil {
						t.Errorf("%s by a %s on himself: %v", c.Name, role, err)
					}
				}
			})
		})
	}
	if len(table) > 0 {
		t.Errorf("no such commands: %v", slices.Collect(maps.Keys(table)))
	}
}

// as runs a command for a member; what it waits for is left out.
func (c commanded) as(by room.MemberID, name string, args ...string) (refused error) {
	c.t.Helper()
	err := c.Do(c.t.Context(), func(s *room.State) error {
		_, refused = s.CommandAs(by, name, args...)
		return nil
	})
	if err != nil && !errors.Is(err, room.ErrEnded) {
		c.t.Fatal(err)
	}
	return refused
}

// state is all that a list tells of the room.
func (c commanded) state() string {
	c.t.Helper()
	var text string
	err := c.Do(c.t.Context(), func(s *room.State) error {
		text = fmt.Sprintf("%+v %+v %+v", s.Members(), s.Canvases(), s.RoomInfo())
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return text
}

// TestRolesOfWords: what a participant may do to himself, word by word.
func TestRolesOfWords(t *testing.T) {
	withThree(t, twoCanvases, func(c commanded) {
		for _, x := range []struct {
			line    string
			reply   string
			refusal error
		}{
			{"mute 6", "+OK mute 6\n", nil},
			{"TMUTE 6", "+OK unmute 6\n", nil},
			{"vmute 6 quiet", "+OK vmute 6\n", nil},
			{"unvmute 0006", "+OK unvmute 6\n", nil},
			{"vid-watching-canvas 6 personal", "+OK watching canvas personal\n", nil},
			{"volume_in 6 up", "+OK Volume IN 6 = 1\n", nil},
			{"energy 6 -300", "Energy 6 = -300\n", nil},
			{"agc 6 900:50", "Agc 6 = 900\n", nil},
			{"vid-flip 6 mirror", "+OK flipped 6\n", nil},
			{"vid-flip 6 rotate", "", room.ErrDenied},
			{"vid-flip 6", "", room.ErrDenied},
			{"hand 6", "+OK hand 6 up\n", nil},
			{"hand 6 on", "+OK hand 6 up\n", nil},
			{"hand 6 toggle", "+OK hand 6 down\n", nil},
			{"hand 6 maybe", "-ERR Invalid DATA\n", nil},
			{"rename 6 'Bob B.'", "+OK rename 6\n", nil},
			{"rename 6 ' '", "-ERR member 6 cannot have that name\n", nil},
			{"react 6 👍", "+OK react 6\n", nil},
			{"react 6 nonsensical", "-ERR no reaction of member 6\n", nil},
			{"max-energy 6 0", "", room.ErrDenied},
			{"nonsense 6", "", room.ErrDenied},
		} {
			words := room.Split(x.line)
			err := c.Do(c.t.Context(), func(s *room.State) error {
				reply, err := s.CommandAs(6, words[0], words[1:]...)
				if reply.Text != x.reply || reply.Later != nil || err != x.refusal {
					t.Errorf("%q by 6: %q, %v; want %q, %v", x.line, reply.Text, err, x.reply, x.refusal)
				}
				if _, err := s.CommandAs(5, "nonsense"); err != room.ErrNoCommand {
					t.Errorf("nonsense by a moderator: %v", err)
				}
				if _, err := s.CommandAs(99, "mute", "99"); err != room.ErrNoMember {
					t.Errorf("nobody's command: %v", err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if i := c.info(6); i.Muted || i.VideoMuted || i.Name != "Bob B." {
			t.Errorf("%+v", i)
		}
	})
}
