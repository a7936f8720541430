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
)

// lane is what was agreed for audio or for video. Immutable.
type lane struct {
	used       bool
	index      int // of its section
	section    section
	pt         uint8
	rtx        uint8     // payload type of RFC 4588, 0 if none
	events     []payload // telephone-event
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

// readTerms decides what of a description is used: the first audio section with
// Opus and the first video section with VP8, as far as they share one transport.
func readTerms(d *description) (*terms, error) {
	t := &terms{bundled: len(d.bundle) > 0}
	for i := range d.sections {
		s := &d.sections[i]
		switch l := readLane(s, i); {
		case !l.used:
		case s.kind == "audio" && !t.audio.used:
			t.audio = l
		case s.kind == "video" && !t.video.used:
			t.video = l
		}
	}
	t.unbundle(d.bundle)
	if !t.audio.used && !t.video.used {
		return nil, fmt.Errorf("%w: no section with opus or VP8, rtcp-mux and a port", ErrUnusable)
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
func readLane(s *section, index int) lane {
	l := lane{index: index, section: *s, in: s.send, out: s.recv}
	codec := map[string]string{"audio": codecOpus, "video": codecVP8}[s.kind]
	if codec == "" || s.port == 0 && !s.bundleOnly || !s.rtcpMux || !strings.HasSuffix(s.proto, "RTP/SAVPF") {
		return l
	}
	for _, f := range s.formats { // the peer's order of preference
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil {
			continue
		}
		p := s.payload(uint8(pt))
		if p != nil && p.codec == codec && !l.used && muxable(p.pt) {
			l.used, l.pt, l.feedback = true, p.pt, pickFeedback(s.kind, p.feedback)
		}
	}
	for _, p := range s.payloads {
		switch {
		case l.used && p.codec == codecRTX && muxable(p.pt) && repairs(p.format, l.pt) && slices.Contains(l.feedback, "nack"):
			l.rtx = p.pt
		case strings.HasPrefix(p.codec, "telephone-event/") && s.kind == "audio" && len(l.events) < 4 && isToken(p.codec, 32):
			l.events = append(l.events, p)
		}
	}
	l.extensions = pickExtensions(s.kind, s.extensions)
	return l
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
func offeredTerms(d media.Directions) *terms {
	t := &terms{bundled: true}
	index := 0
	add := func(kind, codec string, in, out bool) lane {
		if !in && !out {
			return lane{}
		}
		s := section{kind: kind, proto: "UDP/TLS/RTP/SAVPF", port: 9, mid: strconv.Itoa(index), rtcpMux: true, rsize: true}
		l := lane{used: true, index: index, section: s, in: in, out: out}
		index++
		if kind == "audio" {
			l.pt, l.feedback = 111, []string{"transport-cc"}
			l.extensions = []extension{{1, uriLevel}, {2, uriSendTime}, {3, uriTWCC}, {4, uriMid}}
		} else {
			l.pt, l.rtx = 96, 97
			l.feedback = []string{"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"}
			l.extensions = []extension{{2, uriSendTime}, {3, uriTWCC}, {4, uriMid}}
		}
		return l
	}
	t.audio = add("audio", codecOpus, d.AudioIn, d.AudioOut)
	t.video = add("video", codecVP8, d.VideoIn, d.VideoOut)
	return t
}
