package livearray

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Data is one event of an array: the "data" member of a verto.event. It is made by
// an Array and only read by others.
type Data struct {
	Action   string
	Name     string
	Key      string // hashKey
	Serial   int    // wireSerno; -1 is outside the count
	Position int    // of an add
	Row      json.RawMessage
	Rows     []Entry // of a bootObj
	Hash     string  // of a hash
	Last     int     // of a hash: the serial of the newest event that it knows of
}

// unnumbered is the serial of messages that clients do not count.
const unnumbered = -1

// MarshalJSON makes the wire form, whose members and their order depend on the
// action.
func (d Data) MarshalJSON() ([]byte, error) {
	w := writer{make([]byte, 0, d.size())}
	if d.Action == "del" {
		w.text("name", d.Name)
	}
	w.text("action", d.Action)
	if d.Action == "add" {
		w.number("arrIndex", d.Position)
	}
	if d.Action != "del" {
		w.text("name", d.Name)
	}
	switch d.Action {
	case "add", "modify", "del":
		w.text("hashKey", d.Key)
	}
	w.number("wireSerno", d.Serial)
	switch d.Action {
	case "bootObj":
		w.key("data")
		w.rows(d.Rows)
	case "clear":
		w.raw("data", []byte("{}"))
	case "hash":
		w.number("lastSerno", d.Last)
		w.text("hash", d.Hash)
	default:
		w.raw("data", d.Row)
	}
	return append(w.out, '}'), nil
}

// size is about what the wire form takes.
func (d Data) size() int {
	n := 160 + len(d.Name) + len(d.Key) + len(d.Row)
	for _, e := range d.Rows {
		n += len(e.Key) + len(e.Row) + 8
	}
	return n
}

// writer writes the members of an object.
type writer struct{ out []byte }

// key begins a member; the names are this package's own and need no escaping.
func (w *writer) key(name string) {
	sep := byte(',')
	if len(w.out) == 0 {
		sep = '{'
	}
	w.out = append(append(append(w.out, sep, '"'), name...), '"', ':')
}

func (w *writer) raw(name string, value []byte) {
	w.key(name)
	w.out = append(w.out, value...)
}

func (w *writer) text(name, value string) {
	w.key(name)
	w.out = appendText(w.out, value)
}

func (w *writer) number(name string, n int) {
	w.key(name)
	w.out = strconv.AppendInt(w.out, int64(n), 10)
}

// rows writes pairs of key and row.
func (w *writer) rows(list []Entry) {
	w.out = append(w.out, '[')
	for i, e := range list {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = appendText(append(w.out, '['), e.Key)
		w.out = append(append(append(w.out, ','), e.Row...), ']')
	}
	w.out = append(w.out, ']')
}

// encode is json.Marshal that leaves <, > and & alone, for values that always
// encode.
func encode(v any) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // of bools, numbers and strings: cannot be
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
