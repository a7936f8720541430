package livearray_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
)

// lines reads one file of testdata: recorded from a FreeSWITCH server, one JSON
// text per line.
func lines(t *testing.T, name string) []json.RawMessage {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []json.RawMessage
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		out = append(out, bytes.Clone(sc.Bytes()))
	}
	if sc.Err() != nil || len(out) == 0 {
		t.Fatalf("%s: %d lines, %v", name, len(out), sc.Err())
	}
	return out
}

func unmarshal(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// equalJSON compares what two texts say, not how.
func equalJSON(t *testing.T, what, got, want string) {
	t.Helper()
	var g, w any
	unmarshal(t, []byte(got), &g)
	unmarshal(t, []byte(want), &w)
	if !reflect.DeepEqual(g, w) {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// recordedStatus is column 4 as FreeSWITCH wrote it.
type recordedStatus struct {
	Audio struct {
		Muted, Deaf, OnHold, Talking, Floor bool
		EnergyScore                         int
	}
	Video     json.RawMessage
	OldStatus string
}

// recordedVideo is its video half.
type recordedVideo struct {
	NoRecover, ScreenShare, AvatarPresented, Muted, Floor, FloorLocked bool
	MediaFlow, ReservationID, RoleID                                   string
	VideoLayerID, CanvasID, WatchingCanvasID                           int
}

// member turns a recorded row into the state that it tells.
func member(t *testing.T, row []byte) livearray.Member {
	t.Helper()
	var cols [7]json.RawMessage
	unmarshal(t, row, &cols)
	var id, number, name, codec, status string
	for i, s := range []*string{&id, &number, &name, &codec, &status} {
		unmarshal(t, cols[i], s)
	}
	n, err := strconv.Atoi(id)
	if err != nil {
		t.Fatal(err)
	}
	m := livearray.Member{ID: uint32(n), Number: number, Name: name, Codec: codec}
	unmarshal(t, cols[5], &m.UserVariables)
	var s recordedStatus
	unmarshal(t, []byte(status), &s)
	m.Audio = livearray.Audio(s.Audio)
	m.Hold = s.OldStatus == "HOLD VIDEO"
	if string(s.Video) != "false" {
		var v recordedVideo
		unmarshal(t, s.Video, &v)
		m.Video = &livearray.Video{
			AvatarPresented: v.AvatarPresented, NoRecover: v.NoRecover, ScreenShare: v.ScreenShare,
			SendOnly: v.MediaFlow == "sendOnly", Muted: v.Muted, Floor: v.Floor, FloorLocked: v.FloorLocked,
			ReservationID: v.ReservationID, RoleID: v.RoleID,
			Layer: v.VideoLayerID, Canvas: v.CanvasID, Watching: v.WatchingCanvasID,
		}
	}
	return m
}

func TestRowAsRecorded(t *testing.T) {
	t.Parallel()
	for _, want := range lines(t, "rows.jsonl") {
		got := marshal(t, member(t, want).Row())
		equalJSON(t, "row", got, string(want))
		var g, w [7]json.RawMessage
		unmarshal(t, []byte(got), &g)
		unmarshal(t, want, &w)
		if !bytes.Equal(g[4], w[4]) {
			t.Errorf("status text:\n got %s\nwant %s", g[4], w[4])
		}
	}
}

// event is a recorded table event.
type event struct {
	Action    string          `json:"action"`
	HashKey   string          `json:"hashKey"`
	WireSerno int             `json:"wireSerno"`
	Data      json.RawMessage `json:"data"`
}

// TestArrayAsRecorded lets a table live through a recorded meeting and compares
// every event byte by byte.
func TestArrayAsRecorded(t *testing.T) {
	t.Parallel()
	a := livearray.NewRoster("3710", "conference-liveArray.3710@127.0.0.1")
	last := map[string]string{}
	serial, seen := 1, 0 // the first add went out before the recording
	for _, line := range lines(t, "events.jsonl") {
		var p struct {
			Data json.RawMessage `json:"data"`
		}
		unmarshal(t, line, &p)
		if p.Data == nil {
			continue // a join, a part or a layout
		}
		var e event
		unmarshal(t, p.Data, &e)
		got, ok := replay(t, a, e)
		repeated := e.Action == "modify" && last[e.HashKey] == string(e.Data)
		last[e.HashKey] = string(e.Data)
		if ok == repeated {
			t.Fatalf("%s: told %v, a repetition of the row %v", p.Data, ok, repeated)
		}
		if repeated {
			continue
		}
		seen++
		if e.WireSerno >= 0 {
			if got.Serial != serial+1 {
				t.Errorf("serial %d after %d", got.Serial, serial)
			}
			serial, got.Serial = got.Serial, e.WireSerno
		}
		if text := marshal(t, got); text != string(p.Data) {
			t.Errorf("\n got %s\nwant %s", text, p.Data)
		}
	}
	if seen < 20 || a.Len() != 0 {
		t.Errorf("%d events compared, %d rows left", seen, a.Len())
	}
}

// replay does to a what led to the recorded event e.
func replay(t *testing.T, a *livearray.Roster, e event) (livearray.Data, bool) {
	t.Helper()
	var out []livearray.Data
	switch e.Action {
	case "bootObj":
		var rows [][2]json.RawMessage
		unmarshal(t, e.Data, &rows)
		for _, r := range rows {
			var key string
			unmarshal(t, r[0], &key)
			a.Add(key, member(t, r[1]))
		}
		out = a.Bootstrap("session", a.Name())
	case "add":
		out = a.Add(e.HashKey, member(t, e.Data))
	case "modify": // FreeSWITCH holds nothing back
		out = append(a.Modify(e.HashKey, member(t, e.Data)), a.Flush()...)
	case "del":
		out = a.Delete(e.HashKey)
	case "clear":
		out = a.Clear()
	default:
		t.Fatalf("unknown action %q", e.Action)
	}
	if len(out) == 0 {
		return livearray.Data{}, false
	}
	return out[0], true
}

func TestJoinAndPartAsRecorded(t *testing.T) {
	t.Parallel()
	for _, want := range lines(t, "legs.jsonl") {
		var p struct {
			PvtData struct {
				CallID, Action, LaName, Role, ConferenceMemberID string
				CanvasCount                                      int
				SecondScreen                                     bool
			}
			EventChannel string
		}
		unmarshal(t, want, &p)
		d := p.PvtData
		id, err := strconv.Atoi(d.ConferenceMemberID)
		if err != nil {
			t.Fatal(err)
		}
		c := livearray.Conference{Name: d.LaName, Domain: "127.0.0.1"}
		build := c.Join
		if d.Action == "conference-liveArray-part" {
			build = c.Part
		}
		got := build(livearray.Leg{
			CallID: d.CallID, Session: p.EventChannel, MemberID: uint32(id), Moderator: d.Role == "moderator",
			CanvasCount: d.CanvasCount, SecondScreen: d.SecondScreen,
		})
		equalJSON(t, d.Action, marshal(t, got), string(want))
		if body := marshal(t, got["pvtData"]); !bytes.Contains(want, []byte(body)) {
			t.Errorf("order of the members:\n got %s\nwant %s", body, want)
		}
	}
}

func TestChatAsRecorded(t *testing.T) {
	t.Parallel()
	c := livearray.Conference{Name: "3712", Domain: "127.0.0.1"}
	for _, line := range lines(t, "chat.jsonl") {
		var p struct {
			Send  json.RawMessage
			Relay *struct {
				Data struct{ FromDisplay, From string }
			}
		}
		unmarshal(t, line, &p)
		var whole struct{ Relay json.RawMessage }
		unmarshal(t, line, &whole)
		m, ok := livearray.ParseChat(p.Send)
		if ok != (p.Relay != nil) {
			t.Errorf("%s: relayed %v", p.Send, ok)
		}
		if ok && p.Relay != nil {
			got := c.Relay(m.Said(p.Relay.Data.FromDisplay, p.Relay.Data.From))
			equalJSON(t, "relay", marshal(t, got), string(whole.Relay))
		}
	}
}
