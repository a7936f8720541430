package verto_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/omniverto/omniverto/mcu/verto"
)

func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{
		`{"jsonrpc":"2.0","method":"login","params":{"login":"1000","passwd":"1"},"id":1}`,
		`[{"jsonrpc":"2.0","method":"echo","params":{"a":1,"A":2},"id":{"a":[1]}},1]`,
		`{"jsonrpc":"2.0","method":"verto.ping","params":{"echoParams":true},"id":null}`,
		`{"jsonrpc":"2.0","method":"verto.invite","params":{"sdp":"x","dialogParams":{"callID":"c"}},"id":2}`,
		`{"jsonrpc":"2.0","method":"verto.broadcast","params":{"eventChannel":"demo","localBroadcast":true}}`,
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, loggedIn bool) {
		if !utf8.Valid(text) {
			return // such a frame closes the connection before
		}
		reply := verto.Handle(text, loggedIn)
		if reply != nil && !json.Valid(reply) {
			t.Errorf("reply is not JSON: %s", reply)
		}
		if !loggedIn && bytes.Contains(reply, []byte(`"result"`)) && !bytes.Contains(text, []byte(`result`)) {
			t.Errorf("a result before login: %s", reply)
		}
	})
}

func FuzzInvite(f *testing.F) {
	f.Add([]byte(`{"sdp":"v=0","dialogParams":{"callID":"c","destination_number":"3500","conferenceCanvasID":"1",` +
		`"caller_id_name":"\u202eA","outgoingBandwidth":"default","userVariables":{"a":true,"b":{}},"pin":"1234","deviceID":"d-1"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		inv, ok := verto.ReadInvite(text)
		if !ok {
			return
		}
		if inv.CallID == "" || inv.SDP == "" || inv.Destination == "" || inv.Canvas < -1 || inv.OutgoingKbps < 0 {
			t.Errorf("%+v", inv)
		}
		if strings.ContainsAny(inv.CallerName, "\u202e\n\x00") || utf8.RuneCountInString(inv.CallerName) > 80 {
			t.Errorf("name %q", inv.CallerName)
		}
		if len(inv.PIN) > 32 || len(inv.DeviceID) > 64 || strings.ContainsAny(inv.PIN+inv.DeviceID, "\n\x00\u202e") {
			t.Errorf("PIN %q, device %q", inv.PIN, inv.DeviceID)
		}
		if len(inv.UserVariables) > 64 {
			t.Errorf("%d variables", len(inv.UserVariables))
		}
	})
}

func FuzzLogin(f *testing.F) {
	f.Add([]byte(`{"login":"a@b","passwd":"x","sessid":"s-1","loginParams":{"user":"root"},"userVariables":{"a":"b"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		id, variables, _ := verto.ReadLogin(text)
		if strings.ContainsAny(id, ".@ ") || len(id) > 64 || len(variables) > 64 {
			t.Errorf("session %q, %d variables", id, len(variables))
		}
	})
}

func FuzzDialog(f *testing.F) {
	f.Add([]byte(`{"sdp":"x","action":"hold","cause":"USER_BUSY","causeCode":"17","dialogParams":{"callID":"c"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if cause, ok := verto.ReadBye(text); ok && strings.HasPrefix(cause.String(), "CAUSE_") {
			t.Errorf("cause %v", cause)
		}
		if id, ok := verto.ReadSDP(text); ok && (id == "" || strings.ContainsAny(id, " \n\"\\")) {
			t.Errorf("callID %q", id)
		}
		if action, ok := verto.ReadModify(text); ok && action == "" {
			t.Error("no action")
		}
	})
}

func FuzzAPI(f *testing.F) {
	f.Add([]byte(`{"cmd":"conference","arg":"3500 list","command":"fsapi","data":{"cmd":"status"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, _, data := verto.ReadAPI(text); data != nil && (data[0] != '{' || !json.Valid(data)) {
			t.Errorf("data %s", data)
		}
	})
}

func FuzzInfo(f *testing.F) {
	f.Add([]byte(`{"dtmf":"*0","candidate":{"candidate":"x"},"msg":{"to":"a","body":"b","from_x":"y"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		digits, candidate, _ := verto.ReadInfo(text)
		if strings.Trim(digits, "0123456789ABCD*#") != "" || len(digits) > 32 || strings.ContainsAny(candidate, "\r\n") {
			t.Errorf("digits %q, candidate %q", digits, candidate)
		}
	})
}

func FuzzBroadcast(f *testing.F) {
	f.Add([]byte(`{"eventChannel":["a",1,"b"],"data":{"x":1},"userid":"forged","sessID":"forged"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return
		}
		verto.ReadChannels(text)
		if _, data := verto.ReadBroadcast(text); data != nil && !json.Valid(data) {
			t.Errorf("data %s", data)
		}
		var signed struct{ Userid, Sessid string }
		if err := json.Unmarshal(verto.Sign(text), &signed); err != nil || signed.Userid != "u@d" || signed.Sessid != "s" {
			t.Errorf("signed %s: %v", verto.Sign(text), err)
		}
	})
}
