package room_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
)

// knock reserves and joins somebody who may have to wait.
func (c commanded) knock(name string) *room.Member {
	c.t.Helper()
	return c.join(room.Request{Name: name, CallID: name, Session: name, Role: room.Participant}, both)
}

func TestDoorCommands(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("lobby", "+OK lobby is off\n", "lobby on", "+OK lobby is on\n", "lobby maybe", "lobby [on|off]",
			"admit 8", "-ERR Non-Existant ID 8\n", "admit all", "-ERR nobody waits\n", "admit", "admit <[member_id|all|last]>",
			"deny nonsense", "deny <[member_id|all|last]>")
		for _, name := range []string{"Dora", "Emil", "Fritz", "Gerda"} {
			c.knock(name)
		}
		c.expect("count", "3", "mute 8", "-ERR Non-Existant ID 8\n", // he is not there yet
			"admit 8", "+OK admitted 8\n", "admit 8", "-ERR Non-Existant ID 8\n", "count", "4",
			"deny last", "+OK denied 11\n",
			"ban 10", "+OK ban 10\n",
			"admit all", "+OK admitted 9\n", "count", "5")
		if _, err := c.Reserve(c.t.Context(), room.Request{Name: "Fritz", Session: "Fritz"}); err != room.ErrBanned {
			t.Errorf("a banned one: %v", err)
		}
		c.expect("lobby off", "+OK lobby is off\n", "ban 9", "+OK ban 9\n", "ban", "ban <[member_id|all|last|non_moderator]>", "count", "4")
		c.expect("lock", "+OK 3720 locked\n", "get is_locked", "locked")
		if _, err := c.Reserve(c.t.Context(), room.Request{Name: "Late"}); err != room.ErrLocked {
			t.Errorf("a locked room: %v", err)
		}
		c.expect("unlock", "+OK 3720 unlocked\n", "pin "+strings.Repeat("1", 33), "-ERR Invalid parameters:\npin <pin#>",
			"pin mod 1 2", "-ERR Invalid parameters:\npin <pin#>", "PIN MOD 77", "+OK Moderator Pin for conference 3720 set: 77\n",
			"pin 4711", "+OK Pin for conference 3720 set: 4711\n")
		waits := c.knock("Hugo")
		c.expect("count", "4", "nopin", "+OK Pin for conference 3720 deleted\n", "count", "5")
		c.expect("promote 6", "+OK promote 6\n", "mute non_moderator",
			"+OK mute 14\n+OK mute 8\n+OK mute 7\nSkipping moderator (member id 6).\nSkipping moderator (member id 5).\n",
			"tmute moderators", "+OK mute 6\n+OK mute 5\n", "demote 6 viewer", "+OK demote 6\n", "tmute moderators", "+OK unmute 5\n",
			"tmute hands", "-ERR Non-Existant member\n", "hand 7", "+OK hand 7 up\n", "tmute HANDS", "+OK unmute 7\n")
		if waits.ID() != 14 || c.info(6).Role != room.Viewer {
			t.Errorf("%d, %+v", waits.ID(), c.info(6))
		}
		c.expect("endconf", "+OK 3720 ended\n")
		<-c.Done()
	})
}

// exchange is a switchboard whose calls are answered by the test.
type exchange struct {
	sent    []room.Destination
	dialled chan room.Dial
	cause   chan string
}

func (x *exchange) Transfer(_ *room.Member, to room.Destination) error {
	x.sent = append(x.sent, to)
	return nil
}

func (x *exchange) Dial(ctx context.Context, _ *room.Room, d room.Dial) string {
	x.dialled <- d
	select {
	case cause := <-x.cause:
		return cause
	case <-ctx.Done():
		return "NO_ANSWER"
	}
}

// withExchange runs a test in a room with three members and a switchboard.
func withExchange(t *testing.T, test func(c commanded, x *exchange, d *diary)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		images, dir := newMedia(t)
		x, d := &exchange{dialled: make(chan room.Dial, 1), cause: make(chan string)}, &diary{last: map[string]string{}}
		next := room.MemberID(4)
		c := commandWith(t, images, dir, "video-mcu-stereo-480", nil, func(o *room.Options) {
			o.Switchboard, o.Observer = x, d
			o.Engine.NextID = func() room.MemberID { next++; return next }
		})
		c.three()
		<-time.After(time.Second) // somebody has the floor
		test(c, x, d)
		c.Close()
	})
}

func TestDialCommands(t *testing.T) {
	withExchange(t, func(c commanded, x *exchange, d *diary) {
		reply := make(chan string)
		go func() { text, _ := c.Execute(c.t.Context(), "dial user/1009 4711 'The Room'"); reply <- text }()
		if got := <-x.dialled; got.URL != "user/1009" || got.CallerNumber != "4711" || got.CallerName != "The Room" || got.Timeout != time.Minute {
			t.Errorf("dialled %+v", got)
		}
		c.expect("count", "3") // the room goes on meanwhile
		x.cause <- "SUCCESS"
		if got := <-reply; got != "+OK Call Requested: result: [SUCCESS]\n" {
			t.Errorf("%q", got)
		}
		d.takeEvents()
		got := c.ask("bgdial user/1001")
		job, ok := strings.CutPrefix(strings.TrimSpace(got), "+OK Job-UUID: ")
		if !ok || len(job) != 36 {
			t.Errorf("%q", got)
		}
		<-x.dialled
		<-time.After(2 * time.Minute) // nobody answers
		synctest.Wait()
		if got := d.takeEvents(); len(got) != 1 || got[0] != "bgdial-result Result=NO_ANSWER Job-UUID="+job {
			t.Errorf("events %q", got)
		}
		const usage = " <endpoint_module_name>/<destination> <callerid number> <callerid name>"
		c.expect("dial", "-ERR Bad Args\ndial"+usage, "bgdial "+strings.Repeat("x", 513), "-ERR Bad Args\nbgdial"+usage)
		for range 20 {
			c.ask("bgdial user/1001")
			<-x.dialled
		}
		c.expect("bgdial user/1001", "-ERR too many calls\n")
		c.expect("kick all", "+OK kicked 7\n+OK kicked 6\n+OK kicked 5\n") // the calls go on
		<-time.After(2 * time.Minute)
		<-c.Done() // until nobody comes
	})
	withThree(t, nil, func(c commanded) {
		c.expect("dial user/1001", "-ERR Calls are not available.\n", "bgdial user/1001", "-ERR Calls are not available.\n",
			"transfer 3721 6", "-ERR Calls are not available.\n",
			"record x.wav", "-ERR Recording is not available.\n", "norecord all", "-ERR Recording is not available.\n",
			"pause x.wav", "-ERR Recording is not available.\n", "recording start x.wav", "-ERR Recording is not available.\n",
			"chkrecord", "-ERR Conference is not being recorded.\n",
			"dtmf 6 12", "-ERR member 6 takes no digits\n", "dtmf 6 1x", "-ERR Invalid input!\n")
	})
}

func TestTransferCommand(t *testing.T) {
	withExchange(t, func(c commanded, x *exchange, d *diary) {
		d.takeEvents()
		c.expect("transfer 3721@default 6 caller_id_name=Carol 99", "+OK Member '6' sent to conference 3721@default.\n"+
			"+OK Member '7' sent to conference 3721@default.\n-ERR No Member 99 in conference 3720.\n",
			"transfer '' 6", "transfer <conference_name> <member id> [...<member id>]")
		if len(x.sent) != 2 || x.sent[0].Conference != "3721@default" {
			t.Errorf("%+v", x.sent)
		}
		want := "transfer Bob Old-Conference-Name=3720 New-Conference-Name=3721@default"
		if got := d.takeEvents(); len(got) != 2 || got[0] != want {
			t.Errorf("events %q", got)
		}
	})
}

// TestKickWithSound: who is kicked hears a sound, and is out of the room before.
func TestKickWithSound(t *testing.T) {
	inRoom(t, nil, []int{0, 0}, func(t *testing.T, h *hearing) {
		h.says("kick 2 level:700:50")
		if got := h.ask("count"); got != "1" {
			t.Errorf("%s members", got)
		}
		<-time.After(500 * time.Millisecond)
		if left, _, _ := h.all[1].leg.sound.heard(); left != 700 || h.all[1].leg.closed.Load() {
			t.Errorf("hears %d; closed %t", left, h.all[1].leg.closed.Load())
		}
		<-time.After(2 * time.Second)
		if !h.all[1].leg.closed.Load() {
			t.Error("his call goes on")
		}
	})
}
