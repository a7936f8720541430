package livearray_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/livearray/livearraytest"
)

// TestCanonical: the examples of RFC 8785, and what they leave open.
func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"RFC 8785 3.2.2", `{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}`, `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`},
		{"RFC 8785 3.2.3", `{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
			"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"},
		{"markup and separators stay", `"<&>\u2028\u2029\u007f"`, "\"<&>\u2028\u2029\u007f\""},
		{"controls", `"\u0000\u0008\u0009\u000a\u000b\u000c\u000d\u001f"`, `"\u0000\b\t\n\u000b\f\r\u001f"`},
		{"minus zero", `[-0,-0.0,0e9]`, `[0,0,0]`},
		{"small", `[1e-6,1e-7,-1.5e-9,5e-324]`, `[0.000001,1e-7,-1.5e-9,5e-324]`},
		{"large", `[1e20,1e21,9007199254740993]`, `[100000000000000000000,1e+21,9007199254740992]`},
		{"half a surrogate", `"\ud800"`, `"` + "\ufffd" + `"`},
		{"the last of two", `{"a":1,"a":2}`, `{"a":2}`},
		{"order of names", `{"\ud83d\ude00":1,"\ud83d\ude01":2,"\ue000":3,"\uffff":4,"\ud7ff":5,"a":6,"aa":7,"":8}`, "{\"\":8,\"a\":6,\"aa\":7,\"\ud7ff\":5,\"😀\":1,\"😁\":2,\"\ue000\":3,\"\uffff\":4}"},
		{"empty", ` { "b" : [ ] , "a" : { } } `, `{"a":{},"b":[]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := livearray.Canonical([]byte(c.text))
			if err != nil || string(got) != c.want {
				t.Errorf("%v\n got %s\nwant %s", err, got, c.want)
			}
		})
	}
	if _, err := livearray.Canonical([]byte("{")); err == nil {
		t.Error("half an object has a canonical form")
	}
}

// TestHashTellsStates: the same rows have the same hash however they came about,
// and any difference shows.
func TestHashTellsStates(t *testing.T) {
	t.Parallel()
	fill := func(keys ...string) *livearray.Array {
		a := livearray.NewArray("r", "ch")
		for _, k := range keys {
			a.Set(k, json.RawMessage(strconv.Quote("row "+k)))
		}
		return a
	}
	base := fill("a", "b", "c")
	detour := fill("c", "x", "a", "b")
	detour.Hash()
	detour.Delete("x")
	if base.Hash() != detour.Hash() {
		t.Error("the order of the adds shows in the hash")
	}
	seen := map[string]string{}
	for name, change := range map[string]func(a *livearray.Array){
		"nothing":       func(*livearray.Array) {},
		"another value": func(a *livearray.Array) { a.Set("b", json.RawMessage("1")) },
		"one less":      func(a *livearray.Array) { a.Delete("b") },
		"one more":      func(a *livearray.Array) { a.Set("d", json.RawMessage("1")) },
		"none":          func(a *livearray.Array) { a.Clear() },
		"keys swapped": func(a *livearray.Array) {
			a.Set("a", json.RawMessage(`"row b"`))
			a.Set("b", json.RawMessage(`"row a"`))
		},
		"another type":    func(a *livearray.Array) { a.Set("b", json.RawMessage(`["row b"]`)) },
		"an empty object": func(a *livearray.Array) { a.Set("b", json.RawMessage(`{}`)) },
	} {
		a := fill("a", "b", "c")
		a.Hash()
		change(a)
		if other, ok := seen[a.Hash()]; ok {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[a.Hash()] = name
	}
}

// TestHashOfRowsAsSent: a client that parses what it was sent has the server's hash,
// whatever people call themselves.
func TestHashOfRowsAsSent(t *testing.T) {
	t.Parallel()
	r := livearray.NewRoster("r", "ch")
	m := livearraytest.New("r", func() { t.Error("lost count") })
	for i, name := range hostile() {
		p := person(uint32(i), name)
		p.Number, p.UserVariables = name, map[string]string{name: name, "1": "x"}
		for _, d := range r.Add("key "+name, p) {
			m.Receive([]byte(marshal(t, d)))
		}
	}
	if m.Hash() != r.Hash() || len(m.Trouble()) > 0 {
		t.Errorf("mirror %s, server %s; %v", m.Hash(), r.Hash(), m.Trouble())
	}
}

// hostile are names that somebody may have given himself.
func hostile() []string {
	return []string{
		"<script>alert(1)</script>", `<img src=x onerror=alert(1)>`, "javascript:alert(1)", "a\"b\\c'd", "&amp;&lt;",
		"\x00\x1f\x7f", "bad \xff\xfe utf-8 \xed\xa0\x80", "\u202e\u2066right to left", "\u2028\u2029", "\u200b\u200d\ufeff",
		"line\r\nline\ttab", "😀👨‍👩‍👧‍👦", "{{constructor}}", "%s%n%00", strings.Repeat("é", 1<<19), "",
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	for _, name := range hostile() {
		m := livearray.Member{Name: name, UserVariables: map[string]string{"k": name}, Video: &livearray.Video{ReservationID: name}}
		var cols [7]any
		unmarshal(t, m.Row(), &cols)
		status, ok := cols[4].(string)
		if !ok || !json.Valid([]byte(status)) {
			t.Errorf("name %.40q: status %.200q", name, status)
		}
		if want := strings.ToValidUTF8(name, "\ufffd"); len(name) < 100 && cols[2] != name && !strings.Contains(want, "\ufffd") {
			t.Errorf("name %q became %q", name, cols[2])
		}
		c := livearray.Conference{Name: "r"}
		for what, v := range map[string]any{
			"relay": c.Relay(livearray.Chat{Message: name, Type: name}.Said(name, name)), "reaction": c.ReactionEvent(1, name, name),
			"join":  c.Join(livearray.Leg{CallID: name, Variables: map[string]string{name: name}}),
			"lobby": livearray.Lobby([]livearray.Guest{{Name: name, CallID: name}}), "bootstrap": livearray.Empty(name),
			"waiting": c.Waiting(name, name, name),
		} {
			if text := marshal(t, v); !json.Valid([]byte(text)) {
				t.Errorf("%s of %.40q: %.200s", what, name, text)
			}
		}
	}
}

func TestCleanRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"white space", " { \"a\" : [ 1 , 2 ] } ", `{"a":[1,2]}`},
		{"twice the same name", `{"a":1,"a":2}`, `{"a":2}`},
		{"half a surrogate", `["\ud800"]`, `["` + "\ufffd" + `"]`},
		{"large whole numbers stay", `[12345678901234567890]`, `[12345678901234567890]`},
		{"markup stays", `["<b>&"]`, `["<b>&"]`},
		{"nothing", ``, ""},
		{"two", `1 2`, ""},
		{"a bracket too many", `{}}`, ""},
		{"half", `{"a":`, ""},
		{"a number that does not fit", `[1e999]`, ""},
		{"one deep inside", `{"a":[{"b":-1e999}]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := livearray.CleanRow([]byte(c.text))
			if string(got) != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

// FuzzCanonical: numbers and texts are written as json.Marshal does, but for the
// escapes that it adds, and the form is a fixed point.
func FuzzCanonical(f *testing.F) {
	f.Add(`{"b":[1.5,"é"],"a":null}`, 1e21)
	f.Add("\"\\ud83d\\ude00\"", math.SmallestNonzeroFloat64)
	f.Fuzz(func(t *testing.T, text string, n float64) {
		if number, err := json.Marshal(n); err == nil && n != 0 {
			if got, err := livearray.Canonical(number); err != nil || string(got) != string(number) {
				t.Errorf("%s became %s, %v", number, got, err)
			}
		}
		row, err := livearray.CleanRow([]byte(text))
		if err != nil {
			return
		}
		once, err := livearray.Canonical(row)
		if err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		if twice, err := livearray.Canonical(once); err != nil || string(twice) != string(once) {
			t.Errorf("%s became %s, %v", once, twice, err)
		}
	})
}
