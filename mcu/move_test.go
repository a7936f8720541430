package mcu_test

import (
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/media/mediatest"
)

// TestTransferRooms: a member goes to another room with his leg and his call, told
// by join and part events alone, and his media goes with him.
func TestTransferRooms(t *testing.T) {
	s := startHouse(t, nil)
	old, next := s.user("1000"), s.user("1002")
	old.join("3800", "Old")
	next.join("3801", "Next")
	next.memberID(0)
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.perform(mediatest.Color(1), 660)
	room, id, _ := strings.Cut(bob.memberID(0), "/")
	old.await("Bob's voice", func() bool { return old.level(660) > -23 })
	bob.await("the picture", func() bool { return bob.pics > 0 })

	from := bob.count()
	if reply := s.control(room, "transfer 3801 "+id); !strings.HasPrefix(reply, "+OK") && !strings.HasPrefix(reply, "OK") {
		t.Errorf("transfer: %q", reply)
	}
	at := bob.expect(from, "verto.event", "conference-liveArray-part", bob.callID, `"laName":"3800"`)
	now := bob.memberID(at)
	if !strings.HasPrefix(now, "3801/") {
		t.Errorf("he is in %s", now)
	}
	next.await("Bob's voice", func() bool { return next.level(660) > -23 })
	next.await("Bob's picture", func() bool {
		return next.canvas != nil && mediatest.Near(mediatest.Average(next.canvas, two()[1].Inset(40)), mediatest.Color(1).YUV(), 12)
	})
	old.await("silence", func() bool { return old.level(660) < -50 })
	pics := 0
	bob.note(func() { pics = bob.pics })
	bob.await("pictures of the new room", func() bool { return bob.pics > pics+10 })
	bob.expectWords(from, nil)

	from = bob.count()
	s.control("3801", "transfer 3800 "+strings.TrimPrefix(now, "3801/"))
	bob.expect(from, "verto.event", "conference-liveArray-join", `"laName":"3800"`)
	old.await("Bob's voice again", func() bool { return old.level(660) > -23 })
	m := bob.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": bob.callID}})
	if !strings.Contains(string(m.Result), "CALL ENDED") {
		t.Errorf("bye: %+v", m.Error)
	}
	bob.expect(from, "verto.event", "conference-liveArray-part", `"laName":"3800"`)
}

// TestTransferOfGuests: a token is for one room, whoever sends its holder elsewhere.
func TestTransferOfGuests(t *testing.T) {
	s := startHouse(t, nil)
	guest := connect(t, s.ws, s.token("3800", directory.RoleModerator))
	guest.join("3800", "Guest")
	room, id, _ := strings.Cut(guest.memberID(0), "/")
	s.control(room, "transfer 3801 "+id)
	if got := s.control(room, "list count"); got != "1" {
		t.Errorf("%q members stayed", got)
	}
	if rooms := s.rooms(); len(rooms) != 1 {
		t.Errorf("rooms %v", rooms)
	}
}

// TestDoor: who may not come in reads the cause that FreeSWITCH gives.
func TestDoor(t *testing.T) {
	s := startHouse(t, nil)
	host, bob := s.user("1000"), s.user("1001")
	host.join("3800", "Host")
	host.memberID(0)
	end := func(c *client) {
		c.t.Helper()
		c.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": c.callID}})
	}

	carol := s.user("1002")
	carol.join("3800", "Carol")
	carol.memberID(0)
	s.control("3800", "lock")
	main := carol.callID
	carol.share("3800-screen") // she is in
	carol.expect(0, "verto.event", "conference-liveArray-join", carol.callID, `"screenShare":true`)
	carol.callID = main
	end(carol)

	from := bob.count()
	bob.invite("3800", "Bob", nil)
	at := bob.expect(from, "verto.answer", bob.callID)
	bob.expect(at, "verto.bye", bob.callID, `"causeCode":16`)
	from = bob.count()
	bob.share("3800-screen") // he is not in
	at = bob.expect(from, "verto.answer", bob.callID)
	bob.expect(at, "verto.bye", bob.callID, `"causeCode":16`)
	s.control("3800", "unlock")

	s.control("3800", "set max_members 1")
	from = bob.count()
	bob.invite("3800", "Bob", nil)
	bob.expect(from, "verto.bye", bob.callID, `"causeCode":17`)
	s.control("3800", "set max_members 0")

	bob.join("3800", "Bob")
	_, id, _ := strings.Cut(bob.memberID(from), "/")
	s.control("3800", "ban "+id)
	bob.expect(from, "verto.bye", bob.callID, `"causeCode":21`)
	from = bob.count()
	bob.invite("3800", "Bob", map[string]any{"deviceID": "device"})
	bob.expect(from, "verto.bye", bob.callID, `"causeCode":21`)

	for _, nowhere := range []string{"..", "a b", "3800-screen-screen"} {
		from = bob.count()
		bob.invite(nowhere, "Bob", nil)
		bob.expect(from, "verto.bye", bob.callID, `"causeCode":3`)
	}
}

// TestPIN: the right one lets a call in at once; without one it waits and may dial it.
func TestPIN(t *testing.T) {
	s := startHouse(t, nil)
	host := s.user("1000")
	host.join("3800", "Host")
	host.memberID(0)
	s.control("3800", "pin 4711")
	bob := s.user("1001")
	bob.invite("3800", "Bob", map[string]any{"pin": "4711"})
	bob.established()
	bob.memberID(0)
	carol := s.user("1002")
	carol.join("3800", "Carol")
	carol.expect(0, "verto.event", "conference-waiting", carol.callID, `"reason":"pin"`)
	if got := s.control("3800", "list count"); got != "2" {
		t.Errorf("%q members before the PIN", got)
	}
	carol.call("verto.info", map[string]any{"dtmf": "4711#", "dialogParams": map[string]any{"callID": carol.callID}})
	carol.memberID(0)
}

// TestScreenEndsWithItsOwner: the second call of a session ends with the first.
func TestScreenEndsWithItsOwner(t *testing.T) {
	s := startHouse(t, nil)
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.memberID(0)
	main := bob.callID
	bob.share("3800-screen")
	bob.expect(0, "verto.event", "conference-liveArray-join", bob.callID)
	bob.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": main}})
	bob.expect(0, "verto.bye", bob.callID)
}

// TestManyRooms: callers make no more rooms than there may be.
func TestManyRooms(t *testing.T) {
	s := startHouse(t, func(c *config.Config) { c.MaxRooms = 1 })
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.memberID(0)
	carol := s.user("1002")
	carol.invite("3801", "Carol", nil)
	carol.expect(0, "verto.bye", carol.callID, `"causeCode":41`)
	carol.join("3800", "Carol")
	carol.memberID(0)
}

// TestJoinOnly: the flag of the directory makes no room, but comes into one.
func TestJoinOnly(t *testing.T) {
	s := start(t, func(c *config.Config) {
		put(t, c.Conf+"/directory/d.xml", strings.Replace(house, `<user id="1001"/>`,
			`<user id="1001"><variables><variable name="conference_member_flags" value="join-only|mute"/></variables></user>`, 1))
	})
	bob := s.user("1001")
	bob.invite("3800", "Bob", nil)
	bob.expect(0, "verto.bye", bob.callID, `"causeCode":3`)
	host := s.user("1000")
	host.join("3800", "Host")
	host.memberID(0)
	from := bob.count()
	bob.join("3800", "Bob")
	bob.memberID(from)
	if list := s.control("3800", "list"); !strings.Contains(list, "Bob;Bob;hear|video") {
		t.Errorf("the directory's flags do not count: %s", list)
	}
}

// TestDial: a room calls a user, who comes in past its lock; what is no user is not
// called.
func TestDial(t *testing.T) {
	s := startHouse(t, nil)
	host, bob := s.user("1000"), s.user("1001")
	host.join("3800", "Host")
	host.memberID(0)
	s.control("3800", "lock")
	s.control("3800", "bgdial {conference_member_flags=mute}user/1001 3800 Garden")
	if m := bob.pick(0, "verto.invite", "verto.answer"); m.Error != nil {
		t.Fatalf("answer: %+v", m.Error)
	}
	bob.expect(0, "verto.invite", `"caller_id_name":"Garden"`, `"caller_id_number":"3800"`)
	bob.memberID(0)
	if list := s.control("3800", "list"); !strings.Contains(list, "Outbound Call;1001;hear|video") {
		t.Errorf("he is in the list as %s", list)
	}
	for url, cause := range map[string]string{
		"user/1003": "USER_NOT_REGISTERED", "sofia/internal/1000@example.com": "DESTINATION_OUT_OF_ORDER",
		"verto.rtc/u:nobody": "USER_NOT_REGISTERED",
	} {
		if reply := s.control("3800", "dial "+url); reply != "+OK Call Requested: result: ["+cause+"]\n" {
			t.Errorf("dial %s: %q", url, reply)
		}
	}
	s.control("3800", "kick all")
	bob.expect(0, "verto.bye", bob.callID, `"causeCode":16`)
}

// TestDialGivesNoOtherRoom: who was called into a room with a right has it there alone.
func TestDialGivesNoOtherRoom(t *testing.T) {
	s := startHouse(t, nil)
	host, bob, other := s.user("1000"), s.user("1001"), s.user("1002")
	host.join("3800", "Host")
	host.memberID(0)
	other.join("3801", "Other")
	other.memberID(0)
	s.control("3801", "pin 4711")
	s.control("3800", "bgdial {conference_member_flags=moderator}user/1001")
	bob.pick(0, "verto.invite", "verto.answer")
	bob.expect(0, "verto.event", "conference-liveArray-join", `"role":"moderator"`)
	_, id, _ := strings.Cut(bob.memberID(0), "/")
	bob.connected()
	from := bob.count()
	s.control("3800", "transfer 3801 "+id)
	bob.expect(from, "verto.event", "conference-waiting", bob.callID, `"reason":"pin"`)
	bob.call("verto.info", map[string]any{"dtmf": "4711#", "dialogParams": map[string]any{"callID": bob.callID}})
	bob.expect(from, "verto.event", "conference-liveArray-join", `"laName":"3801"`, `"role":"participant"`)

	guest := connect(t, s.ws, s.token("3802", directory.RoleParticipant))
	guest.expect(0, "verto.clientReady")
	s.control("3800", "bgdial verto.rtc/u:"+guest.session)
	guest.pick(0, "verto.invite", "verto.answer")
	_, id, _ = strings.Cut(guest.memberID(0), "/")
	s.control("3800", "transfer 3801 "+id)
	if got := s.control("3800", "list count"); got != "2" {
		t.Errorf("%q members, want the host and the guest", got)
	}
}
