package replay_test

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// detachTime is that of a server whose scenario is about it; FreeSWITCH's is 120 s.
const detachTime = 1500 * time.Millisecond

// aboutDetaching tells whether a scenario is about the end of a detached call. What
// came before is not recorded: two are in the conference, and of one of them, whose
// tab is closed, there is no more than his row.
func (s scenario) aboutDetaching() bool { return s.name == "f-detach-timeout" }

// prologue brings both into the conference.
func (d *director) prologue() {
	own := d.firstOf("verto.bye")
	dialog, _ := at(own, "params.dialogParams").(map[string]any)
	d.joins("1000", dialog)
	other := maps.Clone(dialog)
	for _, h := range d.scenario.recordedRun() {
		row, _ := at(h.msg, "params.data.data").([]any)
		if id := textAt(h.msg, "params.data.hashKey"); len(row) > 5 && id != textAt(dialog, "callID") {
			other["callID"], other["caller_id_number"], other["caller_id_name"], other["userVariables"] = id, row[1], row[2], row[5]
		}
	}
	d.joins("1001", other)
	for user := range d.sockets {
		d.barrier(user)
	}
	d.forget(d.scenario.users...)
}

// joins lets a user call and subscribe what members subscribe.
func (d *director) joins(user string, dialog map[string]any) {
	s := d.socket(entry{user: user, Conn: 1})
	call, room := textAt(dialog, "callID"), textAt(dialog, "destination_number")+"@127.0.0.1"
	c := newCaller(d.t, "audio/opus sendrecv, video/vp8 sendrecv")
	d.peers[user] = map[string]*caller{call: c}
	say := func(method string, params map[string]any) {
		text, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": method, "method": method, "params": params})
		s.write(string(text))
	}
	say("verto.invite", map[string]any{"sdp": c.offer(false), "dialogParams": dialog})
	d.await("join of "+user, func() bool { return d.told(user, "conference-liveArray-join", call) })
	say("verto.subscribe", map[string]any{"eventChannel": []string{"conference-liveArray." + room, "conference-chat." + room, "conference-info." + room}})
	c.await(d.t.Context())
}

// firstOf is the first message that a client sent with a method.
func (d *director) firstOf(method string) any {
	for _, st := range d.scenario.steps {
		for _, e := range st.entries {
			if e.Dir == "c2s" && textAt(e.msg, "method") == method {
				return e.msg
			}
		}
	}
	return nil
}

// vanish closes the tab of one of whom nothing is recorded.
func (d *director) vanish(user string) {
	d.close(user)
	d.forget(user)
}

// forget drops what users heard.
func (d *director) forget(users ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = slices.DeleteFunc(d.heard, func(h heard) bool { return slices.Contains(users, h.user) })
}
