package rtc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/omniverto/omniverto/media"
)

// The header extensions that are answered; video-orientation is not, so that
// senders rotate their pictures themselves (media.md 19).
const (
	uriLevel    = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	uriSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	uriTWCC     = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	uriMid      = "urn:ietf:params:rtp-hdrext:sdes:mid"
)

const (
	codecOpus = "opus/48000/2"
	codecVP8  = "vp8/90000"
	codecRTX  = "rtx/90000"
	codecRED  = "red/48000/2"
)

// Codecs are what is agreed to, the server's order of preference before the
// peer's. The zero value is Opus and VP8.
type Codecs struct {
	Audio   []media.AudioCodec
	NoVideo bool
}

// rtpmap is a codec of sound as rtpmap lines write it, in lower case.
func rtpmap(c media.AudioCodec) string {
	if c == media.Opus {
		return codecOpus
	}
	return strings.ToLower(c.String()) + "/8000"
}

// lane is what was agreed for audio or for video. Immutable.
type lane struct {
	used       bool
	index      int // of its section
	section    section
	pt         uint8
	codec      media.AudioCodec // of audio
	format     string           // fmtp parameters of pt
	red        uint8            // payload type of RFC 2198 around pt, 0 if none
	rtx        uint8            // payload type of RFC 4588, 0 if none
	events     []payload        // telephone-event
	feedback   []string
	extensions []extension
	in, out    bool // as the server sees it
}

// terms are what a description and its answer agreed on. Immutable once
// published; the packet loops read them through an atomic pointer.
type terms struct {
	audio, video lane
	remote       transport
	bundled      bool // the description used BUNDLE

	level, twcc uint8 // extension ids, 0 if not agreed
}

// directions tells what flows, as the server sees it.
func (t *terms) directions() media.Directions {
	return media.Directions{
		AudioIn: t.audio.in, AudioOut: t.audio.out,
		VideoIn: t.video.in, VideoOut: t.video.out,
	}
}

// readTerms decides what of a description is used: the first audio section and the
// first video section with one of the codecs, as far as they share one transport.
func readTerms(d *description, c Codecs) (*terms, error) {
	t := &terms{bundled: len(d.bundle) > 0}
	for i := range d.sections {
		s := &d.sections[i]
		switch l := readLane(s, i, c); {
		case !l.used:
		case s.kind == "audio" && !t.audio.used:
			t.audio = l
		case s.kind == "video" && !t.video.used:
			t.video = l
		}
	}
	t.unbundle(d.bundle)
	if !t.audio.used && !t.video.used {
		return nil, fmt.Errorf("%w: no section with a known codec, rtcp-mux and a port", ErrUnusable)
	}
	if err := t.setTransport(d); err != nil {
		return nil, err
	}
	t.level = extensionID(t.audio.extensions, uriLevel)
	t.twcc = max(extensionID(t.audio.extensions, uriTWCC), extensionID(t.video.extensions, uriTWCC))
	return t, nil
}

// unbundle gives up video when it would need a transport of its own: a peer
// without BUNDLE gets sound.
func (t *terms) unbundle(bundle []string) {
	if !t.audio.used || !t.video.used {
		return
	}
	inGroup := func(l lane) bool { return l.section.mid != "" && slices.Contains(bundle, l.section.mid) }
	if !inGroup(t.audio) || !inGroup(t.video) {
		t.video = lane{}
	}
}

// setTransport takes ICE and DTLS parameters from the section that carries the
// bundle (RFC 8843 7.2), else from the session, else from the first used section.
func (t *terms) setTransport(d *description) error {
	first := t.audio.section
	if !t.audio.used || t.video.used && t.video.index < t.audio.index {
		first = t.video.section
	}
	from := []transport{d.transport, first.transport}
	if len(d.bundle) > 0 && first.mid != "" && slices.Contains(d.bundle, first.mid) {
		for i := range d.sections {
			if d.sections[i].mid == d.bundle[0] {
				from = append([]transport{d.sections[i].transport}, from...)
			}
		}
	} else {
		slices.Reverse(from)
	}
	for _, f := range from {
		if t.remote.ufrag == "" {
			t.remote.ufrag, t.remote.pwd = f.ufrag, f.pwd
		}
		if t.remote.print.alg == "" {
			t.remote.print = f.print
		}
		if t.remote.setup == "" {
			t.remote.setup = f.setup
		}
	}
	switch {
	case t.remote.ufrag == "" || t.remote.pwd == "":
		return fmt.Errorf("%w: no ICE credentials", ErrUnusable)
	case t.remote.print.alg == "":
		return fmt.Errorf("%w: no SHA-2 fingerprint", ErrUnusable)
	}
	return nil
}

// readLane reads one section; used is false when it has to be refused.
func readLane(s *section, index int, c Codecs) lane {
	l := lane{index: index, section: *s, in: s.send, out: s.recv}
	if s.port == 0 && !s.bundleOnly || !s.rtcpMux || !strings.HasSuffix(s.proto, "RTP/SAVPF") {
		return l
	}
	switch {
	case s.kind == "video" && !c.NoVideo:
		l.choose(s, codecVP8)
	case s.kind == "audio":
		all := c.Audio
		if len(all) == 0 {
			all = []media.AudioCodec{media.Opus}
		}
		for _, codec := range all {
			if l.choose(s, rtpmap(codec)); l.used {
				l.codec = codec
				break
			}
		}
	}
	if !l.used {
		return l
	}
	for _, p := range s.payloads {
		switch {
		case p.codec == codecRTX && muxable(p.pt) && repairs(p.format, l.pt) && slices.Contains(l.feedback, "nack"):
			l.rtx = p.pt
		case p.codec == codecRED && muxable(p.pt) && l.codec == media.Opus && s.kind == "audio" && wraps(p.format, l.pt):
			l.red = p.pt
		case strings.HasPrefix(p.codec, "telephone-event/") && s.kind == "audio" && len(l.events) < 4 && isToken(p.codec, 32):
			l.events = append(l.events, p)
		}
	}
	l.extensions = pickExtensions(s.kind, s.extensions)
	return l
}

// choose takes the codec in the peer's order of payload types.
func (l *lane) choose(s *section, codec string) {
	for _, f := range s.formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil || !muxable(uint8(pt)) {
			continue
		}
		p := s.payload(uint8(pt))
		if p == nil { // static payload types need no rtpmap (RFC 3551 6)
			p = &payload{pt: uint8(pt), codec: staticCodecs[uint8(pt)]}
		}
		if strings.TrimSuffix(p.codec, "/1") == codec {
			l.used, l.pt, l.format, l.feedback = true, p.pt, p.format, pickFeedback(s.kind, p.feedback)
			return
		}
	}
}

// staticCodecs are the payload types that RFC 3551 fixes, as far as they are known
// here. Read-only.
var staticCodecs = map[uint8]string{0: "pcmu/8000", 8: "pcma/8000", 9: "g722/8000"}

// wraps reads the format of RED, "111/111", which lists what it carries.
func wraps(format string, pt uint8) bool {
	inner := strings.Split(format, "/")
	return !slices.ContainsFunc(inner, func(f string) bool { return strings.TrimSpace(f) != strconv.Itoa(int(pt)) })
}

// channels is how many the peer plays: two if it says stereo=1 (RFC 7587 7.1).
func (l *lane) channels() int {
	if l.codec == media.Opus && l.says("stereo=1") {
		return 2
	}
	return 1
}

// says looks for one of the fmtp parameters.
func (l *lane) says(want string) bool {
	for param := range strings.SplitSeq(l.format, ";") {
		if strings.TrimSpace(param) == want {
			return true
		}
	}
	return false
}

// muxable tells whether a payload type can be told from RTCP (RFC 5761 4).
func muxable(pt uint8) bool { return pt < 64 || pt > 95 }

// repairs reads apt= of an RTX format (RFC 4588 8.1).
func repairs(format string, pt uint8) bool {
	for param := range strings.SplitSeq(format, ";") {
		if strings.TrimSpace(param) == "apt="+strconv.Itoa(int(pt)) {
			return true
		}
	}
	return false
}

func pickFeedback(kind string, offered []string) []string {
	known := []string{"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"}
	if kind == "audio" {
		known = []string{"transport-cc"}
	}
	return slices.DeleteFunc(known, func(f string) bool { return !slices.Contains(offered, f) })
}

func pickExtensions(kind string, offered []extension) []extension {
	var picked []extension
	for _, uri := range []string{uriLevel, uriSendTime, uriTWCC, uriMid} {
		if id := extensionID(offered, uri); id != 0 && (uri != uriLevel || kind == "audio") {
			picked = append(picked, extension{id, uri})
		}
	}
	return picked
}

func extensionID(list []extension, uri string) uint8 {
	for _, e := range list {
		if e.uri == uri {
			return e.id
		}
	}
	return 0
}

// limit keeps of an answer what was offered.
func (t *terms) limit(offer *terms) {
	for _, pair := range []struct{ got, want *lane }{{&t.audio, &offer.audio}, {&t.video, &offer.video}} {
		got, want := pair.got, pair.want
		if !want.used {
			*got = lane{}
			continue
		}
		got.in, got.out = got.in && want.in, got.out && want.out
	}
}

// offeredTerms are what the server offers.
func offeredTerms(d media.Directions, c Codecs) *terms {
	t := &terms{bundled: true}
	index := 0
	add := func(kind string, in, out bool) lane {
		if !in && !out {
			return lane{}
		}
		s := section{kind: kind, proto: "UDP/TLS/RTP/SAVPF", port: 9, mid: strconv.Itoa(index), rtcpMux: true, rsize: true}
		l := lane{used: true, index: index, section: s, in: in, out: out}
		index++
		if kind == "audio" {
			if len(c.Audio) > 0 {
				l.codec = c.Audio[0]
			}
			l.pt, l.feedback = l.codec.PayloadType(), []string{"transport-cc"}
			l.extensions = []extension{{1, uriLevel}, {2, uriSendTime}, {3, uriTWCC}, {4, uriMid}}
		} else {
			l.pt, l.rtx = 96, 97
			l.feedback = []string{"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"}
			l.extensions = []extension{{2, uriSendTime}, {3, uriTWCC}, {4, uriMid}}
		}
		return l
	}
	t.audio = add("audio", d.AudioIn, d.AudioOut)
	if !c.NoVideo {
		t.video = add("video", d.VideoIn, d.VideoOut)
	}
	return t
}
