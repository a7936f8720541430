package room

import (
	"fmt"
	"strings"
	"time"
)

// xmlList is what xml_list answers, in the manner of FreeSWITCH's writer: two
// spaces for each level, and an end tag for every element.
func xmlList(rooms []Listing) string {
	w := new(xmlWriter)
	w.b.WriteString(`<?xml version="1.0"?>` + "\n")
	w.open("conferences")
	for _, l := range rooms {
		w.conference(l)
	}
	w.close("conferences")
	return w.b.String()
}

// xmlWriter writes elements, each on a line of its own.
type xmlWriter struct {
	b     strings.Builder
	depth int
	empty bool // nothing was written since the last open
}

// escapeXML is switch_xml_ampencode.
func escapeXML(text string, attribute bool) string {
	pairs := []string{"&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;"}
	if attribute {
		pairs = append(pairs, `"`, "&quot;", "\n", "&#xA;", "\t", "&#x9;")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (w *xmlWriter) indent() {
	if w.empty {
		w.b.WriteByte('\n')
		w.empty = false
	}
	w.b.WriteString(strings.Repeat("  ", w.depth))
}

func (w *xmlWriter) start(name string, attributes []Header) {
	w.indent()
	w.b.WriteString("<" + name)
	for _, a := range attributes {
		fmt.Fprintf(&w.b, ` %s="%s"`, a.Name, escapeXML(a.Value, true))
	}
	w.b.WriteByte('>')
}

func (w *xmlWriter) open(name string, attributes ...Header) {
	w.start(name, attributes)
	w.depth++
	w.empty = true
}

func (w *xmlWriter) close(name string) {
	w.depth--
	if !w.empty {
		w.indent()
	}
	w.empty = false
	w.b.WriteString("</" + name + ">\n")
}

// text writes an element with a text.
func (w *xmlWriter) text(name string, value any, attributes ...Header) {
	w.start(name, attributes)
	w.b.WriteString(escapeXML(fmt.Sprint(value), false) + "</" + name + ">\n")
}

// xmlFlags are those conference flags that xml_list tells as attributes, and
// json_list as members with other names for some.
func xmlFlags() []string {
	return []string{"locked", "destruct", "wait_mod", "audio_always", "running", "answered", "enforce_min", "bridge_to", "dynamic",
		"exit_sound", "enter_sound", "recording", "video_floor_only", "video_rfc4579"}
}

func (w *xmlWriter) conference(l Listing) {
	members, ghosts := l.count()
	attributes := []Header{{"name", l.Name}, {"member-count", fmt.Sprint(members)}, {"ghost-count", fmt.Sprint(ghosts)},
		{"rate", fmt.Sprint(listRate)}, {"uuid", l.UUID}}
	for _, f := range xmlFlags() {
		if l.flag(f) {
			attributes = append(attributes, Header{f, "true"})
		}
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"max_members", l.MaxMembers}, {"endconference_grace_time", l.EndGrace}} {
		if n.value > 0 {
			attributes = append(attributes, Header{n.name, fmt.Sprint(n.value)})
		}
	}
	w.open("conference", append(attributes, Header{"run_time", fmt.Sprint(l.runTime())})...)
	w.open("variables")
	for _, v := range l.Variables {
		w.text("variable", "", Header{"name", v.Name}, Header{"value", v.Value})
	}
	w.close("variables")
	w.open("members")
	for _, r := range l.Recordings {
		w.recording(r)
	}
	for _, m := range l.Members {
		w.member(m, l.Now)
	}
	w.close("members")
	w.close("conference")
}

func (w *xmlWriter) recording(r Recording) {
	w.open("member", Header{"type", "recording_node"})
	if r.Paused {
		w.text("record_path", r.Path, Header{"status", "paused"})
	} else {
		w.text("record_path", r.Path)
	}
	w.text("join_time", r.Started.Unix(), Header{"type", "UNIX-epoch"})
	w.close("member")
}

// noTime is xml_list's word for somebody who has never talked.
const noTime = "N/A"

func (w *xmlWriter) member(m ListedMember, now time.Time) {
	w.open("member", Header{"type", "caller"})
	w.text("id", m.ID)
	w.open("flags")
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"can_hear", m.CanHear}, {"can_see", m.CanSee}, {"can_speak", m.CanSpeak}, {"mute_detect", m.MuteDetect},
		{"talking", m.Talking}, {"hold", m.Hold}, {"has_video", m.Video}, {"video_bridge", false},
		{"has_floor", m.Floor}, {"is_moderator", m.Role == Moderator}, {"end_conference", m.EndConference},
		{"mandatory_member_end_conference", m.MandatoryEndConference}, {"is_ghost", m.Ghost},
	} {
		w.text(f.name, f.on)
	}
	w.close("flags")
	w.text("uuid", m.CallID)
	w.text("caller_id_name", urlEncode(m.Name))
	w.text("caller_id_number", urlEncode(m.Number))
	w.text("join_time", ago(now, m.Joined))
	if m.LastTalking.IsZero() {
		w.text("last_talking", noTime)
	} else {
		w.text("last_talking", ago(now, m.LastTalking))
	}
	w.text("energy", m.Energy)
	w.text("volume_in", m.VolumeIn)
	w.text("volume_out", m.VolumeOut)
	w.text("output-volume", m.VolumeOut)
	w.close("member")
}

// urlEncode is switch_url_encode, which leaves more as it is than net/url.
func urlEncode(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte("\"#%&+:;<=>?@[\\]^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// jsonList is what json_list answers, in the manner of FreeSWITCH's writer.
func jsonList(rooms []Listing, args []string) string {
	all := jsonArray{}
	for _, l := range rooms {
		all = append(all, l.json())
	}
	w := &jsonWriter{compact: strings.EqualFold(arg(args, 0), "compact")}
	w.write(all, 0)
	return w.b.String()
}

// jsonObject keeps the order of its members.
type jsonObject []jsonMember

type jsonMember struct {
	name  string
	value any // jsonObject, jsonArray, string, int, int64, bool
}

type jsonArray []any

// jsonWriter writes as cJSON does: tabs, each object's members on lines of their
// own, arrays without line feeds.
type jsonWriter struct {
	b       strings.Builder
	compact bool
}

func (w *jsonWriter) write(v any, depth int) {
	switch v := v.(type) {
	case jsonArray:
		between := ", "
		if w.compact {
			between = ","
		}
		w.b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				w.b.WriteString(between)
			}
			w.write(item, depth+1)
		}
		w.b.WriteByte(']')
	case jsonObject:
		w.object(v, depth+1)
	case string:
		w.string(v)
	default:
		fmt.Fprint(&w.b, v)
	}
}

func (w *jsonWriter) object(o jsonObject, depth int) {
	line := func(tabs int) {
		if !w.compact {
			w.b.WriteString("\n" + strings.Repeat("\t", tabs))
		}
	}
	w.b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			w.b.WriteByte(',')
		}
		line(depth)
		w.string(m.name)
		w.b.WriteByte(':')
		if !w.compact {
			w.b.WriteByte('\t')
		}
		w.write(m.value, depth)
	}
	line(depth - 1)
	w.b.WriteByte('}')
}

func (w *jsonWriter) string(s string) {
	w.b.WriteByte('"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			w.b.WriteByte('\\')
			w.b.WriteByte(c)
		case c >= ' ':
			w.b.WriteByte(c)
		case strings.IndexByte("\b\f\n\r\t", c) >= 0:
			w.b.WriteByte('\\')
			w.b.WriteByte("bfnrt"[strings.IndexByte("\b\f\n\r\t", c)])
		default:
			fmt.Fprintf(&w.b, "\\u%04x", c)
		}
	}
	w.b.WriteByte('"')
}

func (l Listing) json() jsonObject {
	members, ghosts := l.count()
	o := jsonObject{
		{"conference_name", l.Name}, {"member_count", members}, {"ghost_count", ghosts}, {"rate", listRate},
		{"run_time", l.runTime()}, {"conference_uuid", l.UUID}, {"canvas_count", l.Canvases},
		{"max_bw_in", 0}, {"force_bw_in", 0}, {"video_floor_packets", floorPackets},
	}
	for _, name := range xmlFlags() {
		if name == "video_floor_only" {
			o = append(o, jsonMember{"video_bridge", false})
		}
		o = append(o, jsonMember{name, l.flag(name)})
	}
	if l.MaxMembers > 0 {
		o = append(o, jsonMember{"max_members", l.MaxMembers})
	}
	variables, all := jsonObject{}, jsonArray{}
	for _, v := range l.Variables {
		variables = append(variables, jsonMember{v.Name, v.Value})
	}
	for _, r := range l.Recordings {
		all = append(all, r.json())
	}
	for _, m := range l.Members {
		all = append(all, m.json(l.Now))
	}
	return append(o, jsonMember{"variables", variables}, jsonMember{"members", all})
}

// floorPackets is what FreeSWITCH tells of its video floor: a second in packets of
// 20 ms, which is video-auto-floor-msec of its stock profiles.
const floorPackets = 50

func (r Recording) json() jsonObject {
	o := jsonObject{{"type", "recording_node"}, {"record_path", r.Path}}
	if r.Paused {
		o = append(o, jsonMember{"status", "paused"})
	}
	return append(o, jsonMember{"join_time", r.Started.Unix()})
}

func (m ListedMember) json(now time.Time) jsonObject {
	talked := 0 // never
	if !m.LastTalking.IsZero() {
		talked = ago(now, m.LastTalking)
	}
	return jsonObject{
		{"type", "caller"}, {"id", int(m.ID)},
		{"flags", jsonObject{
			{"can_hear", m.CanHear}, {"can_see", m.CanSee}, {"can_speak", m.CanSpeak}, {"hold", m.Hold},
			{"mute_detect", m.MuteDetect}, {"talking", m.Talking}, {"has_video", m.Video}, {"video_bridge", false},
			{"has_floor", m.Floor}, {"is_moderator", m.Role == Moderator}, {"end_conference", m.EndConference},
			{"mandatory_member_end_conference", m.MandatoryEndConference}, {"pass_digits", false},
		}},
		{"uuid", m.CallID}, {"caller_id_name", m.Name}, {"caller_id_number", m.Number},
		{"join_time", ago(now, m.Joined)}, {"last_talking", talked}, {"energy", m.Energy},
		{"volume_in", m.VolumeIn}, {"volume_out", m.VolumeOut}, {"output-volume", m.VolumeOut}, {"input-volume", m.VolumeIn},
	}
}
