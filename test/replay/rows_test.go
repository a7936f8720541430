package replay_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// table is a live array, and the canvases' layouts, as one socket knows them.
type table struct {
	rows    map[string]any // by hashKey, or "canvas N"
	touched map[string]bool
	gone    map[string]bool
}

func (c *comparer) table(side string, p place) *table {
	at := place{conn: p.conn, user: side + p.user}
	if c.tables[at] == nil {
		c.tables[at] = &table{rows: map[string]any{}, touched: map[string]bool{}, gone: map[string]bool{}}
	}
	return c.tables[at]
}

// fold takes the changes of rows and of canvases' layouts out of a step's messages
// into the table; of the messages that say more than that, the rows' states go.
func (c *comparer) fold(side string, p place, msgs []any, of func(any) string) []any {
	t := c.table(side, p)
	var out []any
	for _, m := range msgs {
		k := of(m)
		action := textAt(m, "params.data.action")
		if canvas := at(m, "params.eventData.canvasInfo"); canvas != nil && c.may(p, k, func(d *difference) bool { return d.Rows }) {
			t.set("canvas "+textAt(m, "params.eventData.canvasInfo.canvasID"), canvas)
			continue
		}
		if at(m, "params.data.wireSerno") == nil || !c.may(p, k, func(d *difference) bool { return d.Rows }) {
			out = append(out, m)
			continue
		}
		id := textAt(m, "params.data.hashKey")
		if side == "recorded" && c.there[id] != "" {
			id = c.there[id]
		}
		switch action {
		case "modify":
			t.set(id, at(m, "params.data.data"))
		case "add":
			t.set(id, at(m, "params.data.data"))
			out = append(out, without(m))
		case "del":
			t.set(id, at(m, "params.data.data"))
			t.gone[id] = true
			out = append(out, without(m))
		case "bootObj":
			rows, _ := at(m, "params.data.data").([]any)
			for _, r := range rows {
				pair, _ := r.([]any)
				if len(pair) == 2 {
					key, _ := pair[0].(string)
					if side == "recorded" && c.there[key] != "" {
						key = c.there[key]
					}
					t.set(key, pair[1])
				}
			}
			out = append(out, without(m))
		default:
			out = append(out, m)
		}
	}
	return out
}

func (t *table) set(id string, row any) {
	t.rows[id] = row
	t.touched[id] = true
}

// without is a message without the rows that it carries.
func without(m any) any {
	c := clone(m)
	if data, ok := at(c, "params.data").(map[string]any); ok {
		delete(data, "data")
	}
	return c
}

// compareRows compares the rows that a step touched on either side.
func (c *comparer) compareRows(p place) {
	want, got := c.table("recorded", p), c.table("now", p)
	gone := c.legs[place{conn: p.conn, user: p.user}] <= 0
	keys := maps.Clone(want.touched)
	maps.Copy(keys, got.touched)
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		w, g := want.rows[id], got.rows[id]
		switch {
		case want.gone[id] != got.gone[id]: // it is missing or extra
		case w == nil && g == nil:
		case gone: // what he was told last depends on when he was told that he is out
		case (w == nil || g == nil) && strings.HasPrefix(id, "canvas "): // not told to this one yet
		case w == nil || g == nil:
			c.complain(p, "row %s: recorded %s, now %s", id, brief(w), brief(g))
		default:
			c.values(p, "row "+id, "row", w, g)
		}
	}
	want.settle()
	got.settle()
}

// settle forgets what a step did.
func (t *table) settle() {
	for id := range t.gone {
		delete(t.rows, id)
	}
	clear(t.gone)
	clear(t.touched)
}

// still tells whether a value of a row, or of a layout, differed in the same way when
// it was compared last: then that is said already.
func (c *comparer) still(p place, key, path string, want, got any) bool {
	if _, object := want.(map[string]any); object || !strings.HasPrefix(key, "row ") {
		return false
	}
	at, pair := fmt.Sprint(p.user, p.conn, key, path), whole(want)+whole(got)
	known := c.known[at] == pair
	c.known[at] = pair
	return known
}

func whole(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
