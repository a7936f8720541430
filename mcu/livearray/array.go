package livearray

import "encoding/json"

// Array is an ordered list of rows that every subscriber mirrors by counting
// serials. Every Data that a method returns with a serial goes to all
// subscribers, in order. A row is JSON text, encoded once and never changed.
type Array struct {
	// constant after construction
	name, channel string

	rows        map[string]*row
	first, last *row // in the order of the adds
	bytes       int  // of keys and rows
	serial      int  // of the newest event; 0: none yet
	added       int  // adds so far; deleting does not shrink it
	booted      map[string]struct{}

	// made when asked for, "" or nil when a row has changed since
	whole []Entry
	hash  string
}

// row is one place in the list.
type row struct {
	key        string
	data       json.RawMessage
	canonical  []byte // of data, made when a hash is asked for
	next, prev *row
}

// maxBooted bounds how many subscribers an Array remembers to have bootstrapped.
// Beyond it all are forgotten: one who then loses events needs two bootstraps.
const maxBooted = 1 << 16

// NewArray returns an empty array with the name and the event channel of its
// messages.
func NewArray(name, channel string) *Array {
	return &Array{name: name, channel: channel, rows: map[string]*row{}, booted: map[string]struct{}{}}
}

// Name is the array's name in its messages.
func (a *Array) Name() string { return a.name }

// Channel is the event channel that the messages go out on.
func (a *Array) Channel() string { return a.channel }

// Len is the number of rows.
func (a *Array) Len() int { return len(a.rows) }

// Bytes is the size of all keys and rows.
func (a *Array) Bytes() int { return a.bytes }

// Serial is that of the newest event, 0 before the first.
func (a *Array) Serial() int { return a.serial }

// Row is the row of a key, nil if there is none.
func (a *Array) Row(key string) json.RawMessage {
	if r := a.rows[key]; r != nil {
		return r.data
	}
	return nil
}

// Entry is one row with its key.
type Entry struct {
	Key string
	Row json.RawMessage
}

// Rows lists all rows in order. The list is shared: it is only read.
func (a *Array) Rows() []Entry {
	if a.whole == nil {
		a.whole = make([]Entry, 0, len(a.rows))
		for r := a.first; r != nil; r = r.next {
			a.whole = append(a.whole, Entry{r.key, r.data})
		}
	}
	return a.whole
}

// Set puts a row at the end, or in the place of the one that has its key. The
// text must be JSON and not change afterwards.
func (a *Array) Set(key string, data json.RawMessage) Data {
	r := a.rows[key]
	if r != nil {
		a.bytes += len(data) - len(r.data)
		r.data, r.canonical = data, nil
		return a.event("modify", r)
	}
	r = &row{key: key, data: data, prev: a.last}
	if a.last == nil {
		a.first = r
	} else {
		a.last.next = r
	}
	a.last = r
	a.rows[key] = r
	a.bytes += len(key) + len(data)
	d := a.event("add", r)
	d.Position = a.added
	a.added++
	return d
}

// Delete takes a row out; false when the key is unknown.
func (a *Array) Delete(key string) (Data, bool) {
	r := a.rows[key]
	if r == nil {
		return Data{}, false
	}
	if r.prev == nil {
		a.first = r.next
	} else {
		r.prev.next = r.next
	}
	if r.next == nil {
		a.last = r.prev
	} else {
		r.next.prev = r.prev
	}
	delete(a.rows, key)
	a.bytes -= len(key) + len(r.data)
	return a.event("del", r), true
}

// event numbers an event about a row.
func (a *Array) event(action string, r *row) Data {
	a.serial++
	a.whole, a.hash = nil, ""
	return Data{Action: action, Name: a.name, Key: r.key, Serial: a.serial, Row: r.data}
}

// Clear empties the array. Its message is for all who are subscribed; they begin
// to count anew.
func (a *Array) Clear() Data {
	a.first, a.last, a.whole, a.hash, a.bytes = nil, nil, nil, "", 0
	clear(a.rows)
	return a.empty()
}

func (a *Array) empty() Data { return Data{Action: "clear", Name: a.name, Serial: unnumbered} }

// boot is the whole array for one subscriber.
func (a *Array) boot() Data {
	return Data{Action: "bootObj", Name: a.name, Serial: unnumbered, Rows: a.Rows()}
}

// Bootstrap answers a subscriber's bootstrap of the array of that name; what it
// returns is for him alone. Whoever bootstraps again has lost count: stock clients
// find back into it by clear and bootObj only (livearray.md 5). Another array than
// this is empty.
func (a *Array) Bootstrap(subscriber, name string) []Data {
	if name != a.name {
		return []Data{Empty(name)}
	}
	if _, again := a.booted[subscriber]; again {
		return a.Resync()
	}
	if len(a.booted) >= maxBooted {
		clear(a.booted)
	}
	a.booted[subscriber] = struct{}{}
	return []Data{a.boot()}
}

// Empty answers the bootstrap of an array that nobody has made.
func Empty(name string) Data {
	return Data{Action: "bootObj", Name: cut(name, maxName), Serial: unnumbered}
}

// maxName bounds an array's name that a client asked for, in bytes.
const maxName = 256

// Resync brings one subscriber back who missed events.
func (a *Array) Resync() []Data { return []Data{a.empty(), a.boot()} }

// Forget tells that a subscriber is gone, or begins anew.
func (a *Array) Forget(subscriber string) { delete(a.booted, subscriber) }

// Params are the parameters of the verto.event that carries d to all subscribers.
func (a *Array) Params(d Data) map[string]any {
	return map[string]any{"data": d, "eventChannel": a.channel}
}

// Unicast are the parameters of the verto.event that carries d to one session.
func (a *Array) Unicast(d Data, sessid string) map[string]any { return Unicast(d, a.channel, sessid) }

// Unicast are the parameters of the verto.event that carries d to one session.
func Unicast(d Data, channel, sessid string) map[string]any {
	return map[string]any{"data": d, "eventChannel": channel, "sessid": sessid}
}
