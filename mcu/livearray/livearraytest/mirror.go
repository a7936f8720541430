// Package livearraytest has a client's side of a live array, for tests.
package livearraytest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/omniverto/omniverto/mcu/livearray"
)

// Mirror follows a live array as the library of stock clients does
// ($.verto.liveArray with its checkSerno and hashArray), faults included.
type Mirror struct {
	Name string
	// Bootstrap sends the command bootstrap.
	Bootstrap func()
	// Table stands for $.verto.liveTable, which forgives earlier losses with every
	// change that it applied; without it a third rejection is for ever.
	Table bool

	lastSerno, errs int
	order           []string
	rows            map[string]json.RawMessage
	trouble         []string
}

// New returns a mirror that knows nothing. The first bootstrap is the caller's.
func New(name string, bootstrap func()) *Mirror {
	return &Mirror{Name: name, Bootstrap: bootstrap, rows: map[string]json.RawMessage{}}
}

// packet is the data of a verto.event.
type packet struct {
	Action    string          `json:"action"`
	Name      string          `json:"name"`
	HashKey   string          `json:"hashKey"`
	WireSerno int             `json:"wireSerno"`
	ArrIndex  *int            `json:"arrIndex"`
	Data      json.RawMessage `json:"data"`
}

// Receive takes the data of one verto.event.
func (m *Mirror) Receive(data []byte) {
	var p packet
	if err := json.Unmarshal(data, &p); err != nil {
		m.complain("not an event: %v", err)
		return
	}
	if p.Name != m.Name {
		return
	}
	switch p.Action {
	case "bootObj":
		m.bootObj(p)
	case "add", "modify":
		if p.HashKey == "" {
			m.complain("%s without hashKey", p.Action)
		} else if m.checkSerno(p.WireSerno) {
			m.add(p.HashKey, p.Data, p.ArrIndex)
			m.applied()
		}
	case "del":
		if m.checkSerno(p.WireSerno) {
			m.del(p.HashKey)
			m.applied()
		}
	case "clear":
		m.order, m.rows, m.lastSerno = nil, map[string]json.RawMessage{}, 0
		m.applied()
	default:
		m.checkSerno(p.WireSerno)
	}
}

func (m *Mirror) applied() {
	if m.Table {
		m.errs = 0
	}
}

func (m *Mirror) checkSerno(serno int) bool {
	if serno < 0 {
		return true
	}
	if m.lastSerno > 0 && serno != m.lastSerno+1 {
		if m.errs++; m.errs < 3 {
			m.Bootstrap()
		}
		return false
	}
	m.lastSerno = serno
	return true
}

func (m *Mirror) bootObj(p packet) {
	var rows [][2]json.RawMessage
	if err := json.Unmarshal(p.Data, &rows); err != nil {
		m.complain("bootObj: %v", err)
		return
	}
	if !m.checkSerno(p.WireSerno) {
		return
	}
	for _, r := range rows {
		var key string
		if err := json.Unmarshal(r[0], &key); err != nil {
			m.complain("bootObj: %v", err)
		}
		m.add(key, r[1], nil)
	}
	m.applied()
}

func (m *Mirror) add(key string, row json.RawMessage, at *int) {
	if m.rows[key] == nil {
		if at == nil || *at < 0 || *at >= len(m.order) {
			m.order = append(m.order, key)
		} else {
			m.order = slices.Insert(m.order, *at, key)
		}
	}
	m.rows[key] = slices.Clone(row)
}

func (m *Mirror) del(key string) {
	if m.rows[key] == nil {
		m.complain("can't del nonexistant key %s", key)
		return
	}
	delete(m.rows, key)
	m.order = slices.DeleteFunc(m.order, func(k string) bool { return k == key })
}

func (m *Mirror) complain(format string, args ...any) {
	m.trouble = append(m.trouble, fmt.Sprintf(format, args...))
}

// Trouble is what a stock client would have written to its console.
func (m *Mirror) Trouble() []string { return m.trouble }

// Keys are the rows' keys in the mirror's order.
func (m *Mirror) Keys() []string { return slices.Clone(m.order) }

// Counting reports whether the mirror knows which serial comes next, so that it sees
// when one is missing.
func (m *Mirror) Counting() bool { return m.lastSerno > 0 }

// Row is a row, nil if there is none.
func (m *Mirror) Row(key string) json.RawMessage { return m.rows[key] }

// Hash is the fingerprint that the server gives of the same rows.
func (m *Mirror) Hash() string {
	text, err := json.Marshal(m.rows)
	if err == nil {
		text, err = livearray.Canonical(text)
	}
	if err != nil {
		return err.Error()
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
