package livearray

import (
	"encoding/json"
	"slices"
)

// Array is the member table of one conference, which every subscriber mirrors
// by counting serials. Every Data that a method returns with a serial goes to all
// subscribers, in order.
type Array struct {
	// constant after construction
	name, channel string

	keys    []string
	members map[string]Member
	serial  int // next
	added   int // adds so far; deleting does not shrink it
	booted  map[string]bool
}

// NewArray returns an empty table. name is the conference's laName, channel its
// laChannel.
func NewArray(name, channel string) *Array {
	return &Array{name: name, channel: channel, serial: 1, members: map[string]Member{}, booted: map[string]bool{}}
}

// Name is the table's name in its messages.
func (a *Array) Name() string { return a.name }

// Channel is the event channel that the messages go out on.
func (a *Array) Channel() string { return a.channel }

// Len is the number of rows.
func (a *Array) Len() int { return len(a.keys) }

// Data is one table event: the "data" member of a verto.event. It is made by an
// Array and only read by others.
type Data struct {
	Action   string
	Name     string
	Key      string // hashKey: the member's call id
	Serial   int    // wireSerno; -1 is outside the count
	Position int    // of an add
	Row      Row
	Rows     []Entry // of a bootObj
}

// Entry is one row of a bootObj.
type Entry struct {
	Key string
	Row Row
}

// unnumbered is the serial of messages that clients do not count.
const unnumbered = -1

// Add puts a new member at the end. A key that is there already is modified
// instead; nothing is returned when that changes nothing.
func (a *Array) Add(key string, m Member) (Data, bool) {
	if _, ok := a.members[key]; ok {
		return a.Modify(key, m)
	}
	a.keys = append(a.keys, key)
	a.members[key] = m
	d := a.event("add", key)
	d.Position = a.added
	a.added++
	return d, true
}

// Modify tells a member's new state. It returns false, and there is nothing to
// send, when the row has not changed (the energy score alone does not count) or
// the key is unknown.
func (a *Array) Modify(key string, m Member) (Data, bool) {
	old, ok := a.members[key]
	if !ok || old.same(m) {
		return Data{}, false
	}
	a.members[key] = m
	return a.event("modify", key), true
}

// Delete takes a member out; false when the key is unknown.
func (a *Array) Delete(key string) (Data, bool) {
	if _, ok := a.members[key]; !ok {
		return Data{}, false
	}
	d := a.event("del", key)
	delete(a.members, key)
	a.keys = slices.DeleteFunc(a.keys, func(k string) bool { return k == key })
	return d, true
}

// event numbers an event about a row that is there.
func (a *Array) event(action, key string) Data {
	d := Data{Action: action, Name: a.name, Key: key, Serial: a.serial, Row: a.members[key].Row()}
	a.serial++
	return d
}

// Clear empties the table at the conference's end. Its message is for all who
// are still subscribed.
func (a *Array) Clear() Data {
	a.keys = nil
	clear(a.members)
	clear(a.booted)
	return a.empty()
}

func (a *Array) empty() Data { return Data{Action: "clear", Name: a.name, Serial: unnumbered} }

// boot is the whole table for one subscriber.
func (a *Array) boot() Data {
	d := Data{Action: "bootObj", Name: a.name, Serial: unnumbered, Rows: make([]Entry, len(a.keys))}
	for i, k := range a.keys {
		d.Rows[i] = Entry{k, a.members[k].Row()}
	}
	return d
}

// Bootstrap answers a subscriber's bootstrap of the table name; what it returns
// is for him alone. Whoever bootstraps again has lost count: stock clients find
// back into it by clear and bootObj only (livearray.md 5). Another table than
// this is empty.
func (a *Array) Bootstrap(subscriber, name string) []Data {
	if name != a.name {
		return []Data{{Action: "bootObj", Name: name, Serial: unnumbered}}
	}
	if a.booted[subscriber] {
		return a.Resync()
	}
	a.booted[subscriber] = true
	return []Data{a.boot()}
}

// Resync brings one subscriber back who missed events.
func (a *Array) Resync() []Data { return []Data{a.empty(), a.boot()} }

// Forget tells that a subscriber is gone, or begins anew.
func (a *Array) Forget(subscriber string) { delete(a.booted, subscriber) }

// Params are the parameters of the verto.event that carries d to all subscribers.
func (a *Array) Params(d Data) map[string]any {
	return map[string]any{"data": d, "eventChannel": a.channel}
}

// Unicast are the parameters of the verto.event that carries d to one session.
func (a *Array) Unicast(d Data, sessid string) map[string]any {
	return map[string]any{"data": d, "eventChannel": a.channel, "sessid": sessid}
}

// MarshalJSON makes the wire form, whose members and their order depend on the
// action.
func (d Data) MarshalJSON() ([]byte, error) {
	switch d.Action {
	case "add":
		return json.Marshal(struct {
			Action   string `json:"action"`
			Position int    `json:"arrIndex"`
			Name     string `json:"name"`
			Key      string `json:"hashKey"`
			Serial   int    `json:"wireSerno"`
			Row      Row    `json:"data"`
		}{d.Action, d.Position, d.Name, d.Key, d.Serial, d.Row})
	case "modify":
		return json.Marshal(struct {
			Action string `json:"action"`
			Name   string `json:"name"`
			Key    string `json:"hashKey"`
			Serial int    `json:"wireSerno"`
			Row    Row    `json:"data"`
		}{d.Action, d.Name, d.Key, d.Serial, d.Row})
	case "del":
		return json.Marshal(struct {
			Name   string `json:"name"`
			Action string `json:"action"`
			Key    string `json:"hashKey"`
			Serial int    `json:"wireSerno"`
			Row    Row    `json:"data"`
		}{d.Name, d.Action, d.Key, d.Serial, d.Row})
	}
	return d.marshalWhole()
}

// marshalWhole makes the wire form of clear and bootObj.
func (d Data) marshalWhole() ([]byte, error) {
	var data any = struct{}{}
	if d.Action == "bootObj" {
		data = append([]Entry{}, d.Rows...)
	}
	return json.Marshal(struct {
		Action string `json:"action"`
		Name   string `json:"name"`
		Serial int    `json:"wireSerno"`
		Data   any    `json:"data"`
	}{d.Action, d.Name, d.Serial, data})
}

// MarshalJSON makes the pair of key and row.
func (e Entry) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{e.Key, e.Row}) }
