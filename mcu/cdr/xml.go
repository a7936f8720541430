package cdr

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
)

// XML is the record as FreeSWITCH writes it: elements in its order, the newest
// member first, times in seconds since 1970.
func (rec Record) XML() []byte {
	w := &xmlWriter{}
	w.WriteString("<?xml version=\"1.0\"?>\n")
	w.element("cdr", func() {
		w.element("conference", func() { rec.write(w) })
	})
	return w.Bytes()
}

func (rec Record) write(w *xmlWriter) {
	w.text("name", rec.Name)
	w.text("hostname", rec.Hostname)
	w.text("rate", strconv.Itoa(rec.Rate))
	w.text("interval", strconv.Itoa(rec.Interval))
	w.time("start_time", rec.Start)
	w.time("end_time", rec.End, "endconference_forced", strconv.FormatBool(rec.Forced))
	w.element("members", func() {
		for i := len(rec.Members) - 1; i >= 0; i-- {
			m := rec.Members[i]
			w.element("member", func() { m.write(w, rec.Name) }, "type", "caller")
		}
	})
	w.element("rejected", func() {
		for i := len(rec.Rejected) - 1; i >= 0; i-- {
			a := rec.Rejected[i]
			w.element("attempt", func() {
				w.text("reason", string(a.Reason))
				w.time("reject_time", a.At)
				a.write(w, rec.Name)
			})
		}
	})
}

func (m Member) write(w *xmlWriter, conference string) {
	w.time("join_time", m.Join)
	w.time("leave_time", m.Leave)
	w.element("flags", func() {
		w.flag("is_moderator", m.Role == room.Moderator)
		w.flag("end_conference", m.EndConference)
		w.flag("was_kicked", m.Cause == "kicked" || m.Cause == "banned")
		w.flag("is_ghost", m.Ghost)
	})
	m.Caller.write(w, conference)
}

// write is FreeSWITCH's caller profile; what is not known here is empty.
func (c Caller) write(w *xmlWriter, conference string) {
	user, _, _ := strings.Cut(c.User, "@")
	w.element("caller_profile", func() {
		w.text("username", user)
		w.text("dialplan", "XML")
		w.text("caller_id_name", c.Name)
		w.text("caller_id_number", c.Number)
		for _, unknown := range []string{"callee_id_name", "callee_id_number", "ani", "aniii", "network_addr", "rdnis"} {
			w.text(unknown, "")
		}
		w.text("destination_number", conference)
		w.text("uuid", c.CallID)
		w.text("source", "mod_verto")
		w.text("context", "default")
		w.text("chan_name", "verto.rtc/"+conference)
	})
}

// xmlWriter writes elements, indented by two spaces.
type xmlWriter struct {
	bytes.Buffer
	depth int
}

func (w *xmlWriter) open(name string, attributes []string) {
	w.WriteString(strings.Repeat("  ", w.depth) + "<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		w.WriteString(" " + attributes[i] + `="`)
		w.escaped(attributes[i+1])
		w.WriteByte('"')
	}
	w.WriteByte('>')
}

// element has others in it.
func (w *xmlWriter) element(name string, inner func(), attributes ...string) {
	w.open(name, attributes)
	before := w.Len()
	w.WriteByte('\n')
	w.depth++
	inner()
	w.depth--
	if w.Len() == before+1 { // nothing in it
		w.Truncate(before)
	} else {
		w.WriteString(strings.Repeat("  ", w.depth))
	}
	w.WriteString("</" + name + ">\n")
}

func (w *xmlWriter) text(name, text string, attributes ...string) {
	w.open(name, attributes)
	w.escaped(text)
	w.WriteString("</" + name + ">\n")
}

func (w *xmlWriter) flag(name string, on bool) { w.text(name, strconv.FormatBool(on)) }

func (w *xmlWriter) time(name string, t time.Time, attributes ...string) {
	w.text(name, strconv.FormatInt(t.Unix(), 10), append(attributes, "type", "UNIX-epoch")...)
}

func (w *xmlWriter) escaped(text string) { _ = xml.EscapeText(&w.Buffer, []byte(text)) } // a buffer takes all
