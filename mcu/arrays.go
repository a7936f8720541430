package mcu

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/verto"
)

// Bounds of application live arrays.
const (
	maxArrays        = 4096 // of the server
	maxChannelArrays = 64
	maxArrayRows     = 10000
	maxArrayRow      = 16 << 10  // bytes of a row
	maxArrayBytes    = 4 << 20   // of an array: half of what a client's queue holds
	maxArraysBytes   = 256 << 20 // of all
	maxArrayName     = 256       // bytes of a channel, name or key
)

// Errors of application live arrays.
var (
	ErrArrayChannel = errors.New("mcu: no live arrays on this channel")
	ErrArrayName    = errors.New("mcu: a live array's channel, name or key is empty, too long or reserved")
	ErrArrayRow     = errors.New("mcu: a live array's row is not JSON, too long, or nothing: null, false, 0 or \"\"")
	ErrArrayFull    = errors.New("mcu: too many live arrays or rows")
	ErrArrayNoRow   = errors.New("mcu: no such row")
)

// LiveArray is a named list of JSON rows on an event channel, which Verto clients
// who subscribe the channel mirror. It exists while it has rows. Methods are safe
// for concurrent use.
type LiveArray struct {
	arrays *arrays
	id     arrayID
}

// ArrayRow is one row of a LiveArray.
type ArrayRow struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Array returns the live array of that name on a channel, which need not have rows
// yet. Channels of conferences and of presence have none: ErrArrayChannel.
func (s *Server) Array(channel, name string) (*LiveArray, error) {
	return s.arrays.open(channel, name)
}

// Arrays lists the names of the live arrays that have rows, by channel.
func (s *Server) Arrays() map[string][]string { return s.arrays.list() }

// Channel is the event channel of the array.
func (a *LiveArray) Channel() string { return a.id.channel }

// Name is the array's name on its channel.
func (a *LiveArray) Name() string { return a.id.name }

// Set adds a row, any JSON value, or puts it in the place of the one with that key.
func (a *LiveArray) Set(key string, value json.RawMessage) error {
	return a.arrays.set(a.id, key, value)
}

// Delete removes a row: ErrArrayNoRow if there is none.
func (a *LiveArray) Delete(key string) error { return a.arrays.remove(a.id, key) }

// Clear removes all rows.
func (a *LiveArray) Clear() { a.arrays.clear(a.id) }

// Rows lists the rows in order.
func (a *LiveArray) Rows() []ArrayRow {
	out := []ArrayRow{}
	for _, e := range a.arrays.rows(a.id) {
		out = append(out, ArrayRow{e.Key, e.Row})
	}
	return out
}

// Hash is the fingerprint of the rows, as clients get it by the command hash.
func (a *LiveArray) Hash() string { return a.arrays.hash(a.id) }

// arrayID names an array.
type arrayID struct{ channel, name string }

// arrays are the application live arrays of a server.
type arrays struct {
	// constant after construction
	verto clients
	log   *slog.Logger

	mu    sync.Mutex // guards what follows; held while clients are told, so that serials stay in order
	all   map[arrayID]*livearray.Array
	count map[string]int // arrays by channel
	bytes int            // of all rows
}

func newArrays(v clients, log *slog.Logger) *arrays {
	return &arrays{verto: v, log: log, all: make(map[arrayID]*livearray.Array), count: make(map[string]int)}
}

// open checks a channel and a name.
func (as *arrays) open(channel, name string) (*LiveArray, error) {
	family, _, _ := strings.Cut(channel, ".")
	switch {
	case !bounded(channel) || !bounded(name):
		return nil, ErrArrayName
	case family == "conference" || strings.HasPrefix(family, "conference-") || family == "presence" || family == "FSevent":
		return nil, ErrArrayChannel
	}
	return &LiveArray{as, arrayID{channel, name}}, nil
}

func bounded(name string) bool { return name != "" && len(name) <= maxArrayName }

// isFalse reports whether JavaScript takes a value for false: stock clients take it
// for no row.
func isFalse(row json.RawMessage) bool {
	switch string(row) {
	case "null", "false", `""`:
		return true
	}
	n, err := strconv.ParseFloat(string(row), 64)
	return err == nil && n == 0
}

// inherited reports whether every object of JavaScript has a member of that name:
// stock clients would find a row where there is none.
func inherited(key string) bool {
	switch key {
	case "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf":
		return true
	}
	return strings.HasPrefix(key, "__") && strings.HasSuffix(key, "__")
}

func (as *arrays) list() map[string][]string {
	as.mu.Lock()
	defer as.mu.Unlock()
	out := make(map[string][]string)
	for id := range as.all {
		out[id.channel] = append(out[id.channel], id.name)
	}
	for _, names := range out {
		slices.Sort(names)
	}
	return out
}

func (as *arrays) set(id arrayID, key string, value json.RawMessage) error {
	if !bounded(key) || inherited(key) {
		return ErrArrayName
	}
	if len(value) > maxArrayRow {
		return ErrArrayRow
	}
	row, err := livearray.CleanRow(value)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrArrayRow, err)
	}
	if len(row) > maxArrayRow || isFalse(row) {
		return ErrArrayRow
	}
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.all[id]
	if a == nil {
		if len(as.all) >= maxArrays || as.count[id.channel] >= maxChannelArrays {
			return ErrArrayFull
		}
		a = livearray.NewArray(id.name, id.channel)
	}
	if !as.fitsLocked(a, key, row) {
		return ErrArrayFull
	}
	if as.all[id] == nil {
		as.all[id] = a
		as.count[id.channel]++
	}
	as.changeLocked(a, func() livearray.Data { return a.Set(key, row) })
	return nil
}

// fitsLocked reports whether there is room for a row.
func (as *arrays) fitsLocked(a *livearray.Array, key string, row json.RawMessage) bool {
	old := a.Row(key)
	more := len(row) - len(old)
	if old == nil {
		more += len(key)
		if a.Len() >= maxArrayRows {
			return false
		}
	}
	return more <= 0 || a.Bytes()+more <= maxArrayBytes && as.bytes+more <= maxArraysBytes
}

// changeLocked changes an array and tells its subscribers.
func (as *arrays) changeLocked(a *livearray.Array, change func() livearray.Data) {
	before := a.Bytes()
	d := change()
	as.bytes += a.Bytes() - before
	as.verto.Publish(a.Channel(), a.Params(d))
}

func (as *arrays) remove(id arrayID, key string) error {
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.all[id]
	if a == nil || a.Row(key) == nil {
		return ErrArrayNoRow
	}
	as.changeLocked(a, func() livearray.Data { d, _ := a.Delete(key); return d })
	if a.Len() == 0 {
		as.clearLocked(id, a)
	}
	return nil
}

func (as *arrays) clear(id arrayID) {
	as.mu.Lock()
	defer as.mu.Unlock()
	if a := as.all[id]; a != nil {
		as.clearLocked(id, a)
	}
}

// clearLocked forgets an array: whoever mirrors it counts anew after its message.
func (as *arrays) clearLocked(id arrayID, a *livearray.Array) {
	as.changeLocked(a, a.Clear)
	delete(as.all, id)
	if as.count[id.channel]--; as.count[id.channel] == 0 {
		delete(as.count, id.channel)
	}
}

func (as *arrays) rows(id arrayID) []livearray.Entry {
	as.mu.Lock()
	defer as.mu.Unlock()
	if a := as.all[id]; a != nil {
		return a.Rows()
	}
	return nil
}

func (as *arrays) hash(id arrayID) string {
	as.mu.Lock()
	defer as.mu.Unlock()
	if a := as.all[id]; a != nil {
		return a.Hash()
	}
	return livearray.NewArray(id.name, id.channel).Hash()
}

// broadcast takes a client's message on a channel that it may use. handled tells
// whether it was about a live array; an error refuses it and wraps verto.ErrDenied.
func (as *arrays) broadcast(b verto.Broadcast) (handled bool, err error) {
	cmd, ok := livearray.ParseCommand(b.Data)
	if !ok {
		return false, nil
	}
	a, err := as.open(b.Channel, cmd.Name)
	if err == nil {
		err = as.command(a, b.Session.ID(), cmd)
	}
	if err != nil {
		as.log.Warn("live array command refused", "session", b.Session.ID(), "user", b.UserID, "command", cmd.Command, "error", err)
		return true, fmt.Errorf("%w: %w", verto.ErrDenied, err)
	}
	return true, nil
}

// command does what a client asks of an array. heartbeat, changepage and what else
// clients of FreeSWITCH send is taken silently.
func (as *arrays) command(a *LiveArray, session string, cmd livearray.Command) error {
	switch cmd.Command {
	case "bootstrap", "hash":
		as.tell(a.id, session, cmd)
	case "add":
		return a.Set(cmd.Key, cmd.Data)
	case "modify":
		if !as.has(a.id, cmd.Key) {
			return ErrArrayNoRow
		}
		return a.Set(cmd.Key, cmd.Data)
	case "del":
		return a.Delete(cmd.Key)
	case "clear":
		a.Clear()
	}
	return nil
}

func (as *arrays) has(id arrayID, key string) bool {
	as.mu.Lock()
	defer as.mu.Unlock()
	return as.all[id] != nil && as.all[id].Row(key) != nil
}

// tell answers one session about an array, between the events that come before and
// after.
func (as *arrays) tell(id arrayID, session string, cmd livearray.Command) {
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.all[id]
	var out []livearray.Data
	switch {
	case a == nil && cmd.Hash():
		out = []livearray.Data{livearray.NewArray(id.name, id.channel).HashOf()}
	case a == nil:
		out = []livearray.Data{livearray.Empty(id.name)}
	case cmd.Hash():
		out = []livearray.Data{a.HashOf()}
	default:
		out = a.Bootstrap(session, id.name)
	}
	for _, d := range out {
		as.verto.SendSession(session, livearray.Unicast(d, id.channel, session))
	}
}

// subscribed tells that a session begins to mirror what is on a channel.
func (as *arrays) subscribed(session *verto.Session, channel string) {
	as.forget(session.ID(), channel)
}

func (as *arrays) forget(sessid, channel string) {
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.count[channel] == 0 {
		return
	}
	for id, a := range as.all {
		if id.channel == channel {
			a.Forget(sessid)
		}
	}
}
