package rtc

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of a description; a browser's offer has about 10 kB, 300 lines and
// three sections.
const (
	maxDescription = 128 << 10
	maxLine        = 4 << 10
	maxSections    = 32
	maxPayloads    = 128
	maxMid         = 32
)

// description is a parsed offer or answer: what this package reads of it. The
// parser takes line ends of any kind and unknown lines.
type description struct {
	transport
	bundle   []string // mids of the first BUNDLE group
	sections []section
}

// transport is what a session or a section says about ICE and DTLS.
type transport struct {
	ufrag, pwd, setup string
	print             fingerprint
}

type fingerprint struct{ alg, value string }

// section is one media section.
type section struct {
	transport
	kind, proto string
	port        int
	formats     []string
	mid         string
	send, recv  bool // as its writer sees it
	rtcpMux     bool
	rsize       bool
	bundleOnly  bool
	payloads    []payload
	extensions  []extension
	ssrcs       []uint32 // of the media streams, without the repair streams
	repairs     []uint32 // second of each FID group
}

// payload is one payload type with its rtpmap, fmtp and rtcp-fb lines.
type payload struct {
	pt       uint8
	codec    string // "vp8/90000", "opus/48000/2"
	format   string // fmtp parameters
	feedback []string
}

type extension struct {
	id  uint8
	uri string
}

// parseDescription reads an SDP. It never trusts the text: whatever is kept has
// been checked for length and characters, so that it may be written back.
func parseDescription(text string) (*description, error) {
	if len(text) > maxDescription {
		return nil, fmt.Errorf("session description of %d bytes", len(text))
	}
	d := &description{}
	n := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if n++; len(line) > maxLine {
			return nil, fmt.Errorf("session description: line %d is too long", n)
		}
		if err := d.line(line); err != nil {
			return nil, fmt.Errorf("session description: line %d: %w", n, err)
		}
	}
	if len(d.sections) == 0 {
		return nil, errors.New("session description without a media section")
	}
	return d, nil
}

func (d *description) line(line string) error {
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return errors.New("control character")
	}
	switch {
	case strings.HasPrefix(line, "m="):
		return d.media(line[2:])
	case !strings.HasPrefix(line, "a="):
		return nil
	}
	name, value, _ := strings.Cut(line[2:], ":")
	if len(d.sections) == 0 {
		return d.sessionAttribute(name, value)
	}
	return d.sections[len(d.sections)-1].attribute(name, value)
}

// media begins a section: m=<kind> <port> <proto> <formats>.
func (d *description) media(value string) error {
	f := strings.Fields(value)
	if len(f) < 4 || len(f) > 3+maxPayloads {
		return errors.New("media line with too few or too many fields")
	}
	if len(d.sections) == maxSections {
		return fmt.Errorf("more than %d media sections", maxSections)
	}
	portText, _, _ := strings.Cut(f[1], "/")
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return errors.New("media port is not a number")
	}
	for _, word := range f {
		if !isToken(word, maxMid) {
			return errors.New("media line with strange characters")
		}
	}
	d.sections = append(d.sections, section{
		kind: strings.ToLower(f[0]), port: int(port), proto: f[2], formats: f[3:], send: true, recv: true,
	})
	return nil
}

func (d *description) sessionAttribute(name, value string) error {
	if f := strings.Fields(value); name == "group" && len(f) > 0 && f[0] == "BUNDLE" && d.bundle == nil {
		d.bundle = f[1:]
		return nil
	}
	return d.transport.attribute(name, value)
}

// attribute reads ICE credentials (RFC 8839 5.4), setup and fingerprint.
func (t *transport) attribute(name, value string) error {
	switch name {
	case "ice-ufrag":
		if len(value) < 4 || !isToken(value, 256) {
			return errors.New("bad ice-ufrag")
		}
		t.ufrag = value
	case "ice-pwd":
		if len(value) < 22 || !isToken(value, 256) {
			return errors.New("bad ice-pwd")
		}
		t.pwd = value
	case "setup":
		t.setup = strings.TrimSpace(value)
	case "fingerprint":
		if p, ok := parseFingerprint(value); ok && t.print.alg == "" {
			t.print = p
		}
	}
	return nil
}

// parseFingerprint takes SHA-2 only: older hashes prove nothing (RFC 8122 5).
func parseFingerprint(value string) (fingerprint, bool) {
	alg, hex, _ := strings.Cut(value, " ")
	alg, hex = strings.ToLower(alg), strings.TrimSpace(hex)
	bytes, known := map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}[alg]
	digit := func(r rune) bool { return r == ':' || isHex(r) }
	if !known || len(hex) != bytes*3-1 || strings.Trim(strings.Map(keep(digit), hex), ":") != hex {
		return fingerprint{}, false
	}
	return fingerprint{alg: alg, value: hex}, true
}

func keep(ok func(rune) bool) func(rune) rune {
	return func(r rune) rune {
		if ok(r) {
			return r
		}
		return -1
	}
}

func isHex(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
}

// isToken tells whether s is printable ASCII without blanks, 1 to limit bytes.
func isToken(s string, limit int) bool {
	return s != "" && len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (s *section) attribute(name, value string) error {
	switch name {
	case "mid":
		if !isToken(value, maxMid) {
			return errors.New("bad mid")
		}
		s.mid = value
	case "sendrecv":
		s.send, s.recv = true, true
	case "sendonly":
		s.send, s.recv = true, false
	case "recvonly":
		s.send, s.recv = false, true
	case "inactive":
		s.send, s.recv = false, false
	case "rtcp-mux":
		s.rtcpMux = true
	case "rtcp-rsize":
		s.rsize = true
	case "bundle-only":
		s.bundleOnly = true
	case "rtpmap", "fmtp", "rtcp-fb":
		s.payloadAttribute(name, value)
	case "extmap":
		s.extmap(value)
	case "ssrc", "ssrc-group":
		s.source(name, value)
	default:
		return s.transport.attribute(name, value)
	}
	return nil
}

// payloadAttribute reads "<pt> <rest>"; lines for payload types that the media
// line does not list are left out.
func (s *section) payloadAttribute(name, value string) {
	ptText, rest, _ := strings.Cut(value, " ")
	rest = strings.TrimSpace(rest)
	if ptText == "*" && name == "rtcp-fb" {
		for i := range s.payloads {
			s.payloads[i].feedback = append(s.payloads[i].feedback, rest)
		}
		return
	}
	pt, err := strconv.ParseUint(ptText, 10, 7)
	if err != nil || !slices.Contains(s.formats, ptText) {
		return
	}
	p := s.payload(uint8(pt))
	if p == nil {
		s.payloads = append(s.payloads, payload{pt: uint8(pt)})
		p = &s.payloads[len(s.payloads)-1]
	}
	switch {
	case name == "rtpmap":
		p.codec = strings.ToLower(rest)
	case name == "fmtp":
		p.format = rest
	case len(p.feedback) < maxPayloads:
		p.feedback = append(p.feedback, rest)
	}
}

func (s *section) payload(pt uint8) *payload {
	i := slices.IndexFunc(s.payloads, func(p payload) bool { return p.pt == pt })
	if i < 0 {
		return nil
	}
	return &s.payloads[i]
}

// extmap reads "<id>[/<direction>] <uri> …" (RFC 8285 8); one-byte ids only.
func (s *section) extmap(value string) {
	f := strings.Fields(value)
	if len(f) < 2 || len(s.extensions) == maxPayloads {
		return
	}
	idText, _, _ := strings.Cut(f[0], "/")
	if id, err := strconv.ParseUint(idText, 10, 8); err == nil && id >= 1 && id <= 14 {
		s.extensions = append(s.extensions, extension{uint8(id), f[1]})
	}
}

// source reads declared SSRCs (RFC 5576): "ssrc:<id> …", "ssrc-group:FID <id> <id>".
func (s *section) source(name, value string) {
	f := strings.Fields(value)
	if name == "ssrc" && len(f) > 0 {
		f = append([]string{""}, f[0])
	}
	for i := 1; i < len(f) && len(s.ssrcs)+len(s.repairs) < maxPayloads; i++ {
		id, err := strconv.ParseUint(f[i], 10, 32)
		ssrc := uint32(id)
		switch {
		case err != nil:
		case f[0] == "FID" && i == 2:
			s.repairs = append(s.repairs, ssrc)
			s.ssrcs = slices.DeleteFunc(s.ssrcs, func(x uint32) bool { return x == ssrc })
		case (f[0] == "" || f[0] == "FID") && !slices.Contains(s.ssrcs, ssrc) && !slices.Contains(s.repairs, ssrc):
			s.ssrcs = append(s.ssrcs, ssrc)
		}
	}
}
