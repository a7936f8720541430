package rtc

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/omniverto/omniverto/media"
)

// local is the server's side of a description.
type local struct {
	transport
	candidates []string
	addr       netip.Addr // for the c= lines, which only old clients read
	port       int
	stream     string // msid and CNAME: one for both kinds, so that browsers sync them
	ssrc       sources
	stereo     bool
	kbps       int // b=AS of video, 0 for none
	session    uint64
	version    int
}

// sources are the SSRCs of one leg.
type sources struct{ audio, video, rtx uint32 }

// writeAnswer answers d, section by section in the offer's order.
func writeAnswer(d *description, t *terms, l *local) string {
	var b strings.Builder
	var mids []string
	for i := range d.sections {
		if lane := t.at(i); lane != nil && slices.Contains(d.bundle, lane.section.mid) {
			mids = append(mids, lane.section.mid)
		}
	}
	l.head(&b, mids)
	first := true
	for i := range d.sections {
		lane := t.at(i)
		if lane == nil {
			refuse(&b, &d.sections[i])
			continue
		}
		l.media(&b, lane, first)
		first = false
	}
	return b.String()
}

// writeOffer offers t.
func writeOffer(t *terms, l *local) string {
	var b strings.Builder
	var lanes []*lane
	var mids []string
	for i := 0; t.at(i) != nil; i++ {
		lanes = append(lanes, t.at(i))
		mids = append(mids, t.at(i).section.mid)
	}
	l.head(&b, mids)
	for i, lane := range lanes {
		l.media(&b, lane, i == 0)
	}
	return b.String()
}

// at returns the lane of section i, nil when it is refused.
func (t *terms) at(i int) *lane {
	switch {
	case t.audio.used && t.audio.index == i:
		return &t.audio
	case t.video.used && t.video.index == i:
		return &t.video
	}
	return nil
}

func (l *local) head(b *strings.Builder, mids []string) {
	fmt.Fprintf(b, "v=0\r\no=- %d %d IN %s\r\ns=-\r\nt=0 0\r\n", l.session, l.version, netAddr(l.addr))
	if len(mids) > 0 {
		fmt.Fprintf(b, "a=group:BUNDLE %s\r\n", strings.Join(mids, " "))
	}
	fmt.Fprintf(b, "a=ice-lite\r\na=msid-semantic: WMS %s\r\n", l.stream)
}

// refuse answers a section with port 0 (RFC 3264 6).
func refuse(b *strings.Builder, s *section) {
	fmt.Fprintf(b, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\n", s.kind, s.proto, strings.Join(s.formats, " "))
	if s.mid != "" {
		fmt.Fprintf(b, "a=mid:%s\r\n", s.mid)
	}
	b.WriteString("a=inactive\r\n")
}

// media writes one used section; the first carries the candidates.
func (l *local) media(b *strings.Builder, n *lane, first bool) {
	fmt.Fprintf(b, "m=%s %d %s %d", n.section.kind, l.port, n.section.proto, n.pt)
	for _, pt := range []uint8{n.red, n.rtx} {
		if pt != 0 {
			fmt.Fprintf(b, " %d", pt)
		}
	}
	for _, e := range n.events {
		fmt.Fprintf(b, " %d", e.pt)
	}
	fmt.Fprintf(b, "\r\nc=IN %s\r\n", netAddr(l.addr))
	if n.section.kind == "video" && l.kbps > 0 {
		fmt.Fprintf(b, "b=AS:%d\r\n", l.kbps)
	}
	if first {
		for _, c := range l.candidates {
			fmt.Fprintf(b, "a=%s\r\n", c)
		}
		b.WriteString("a=end-of-candidates\r\n")
	}
	fmt.Fprintf(b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s %s\r\na=setup:%s\r\n",
		l.ufrag, l.pwd, l.print.alg, strings.ToUpper(l.print.value), l.setup)
	if n.section.mid != "" {
		fmt.Fprintf(b, "a=mid:%s\r\n", n.section.mid)
	}
	for _, e := range n.extensions {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", e.id, e.uri)
	}
	fmt.Fprintf(b, "a=%s\r\na=rtcp-mux\r\n", direction(n.out, n.in))
	if n.section.rsize {
		b.WriteString("a=rtcp-rsize\r\n")
	}
	l.codecs(b, n)
	if n.out {
		l.sources(b, n)
	}
}

func (l *local) codecs(b *strings.Builder, n *lane) {
	switch {
	case n.section.kind == "video":
		fmt.Fprintf(b, "a=rtpmap:%d VP8/90000\r\n", n.pt)
	case n.codec != media.Opus:
		fmt.Fprintf(b, "a=rtpmap:%d %s/8000\r\na=ptime:20\r\n", n.pt, n.codec)
	default:
		// usedtx: a silent sender costs 5 packets a second instead of 50 (media.md 24).
		format := "minptime=10;useinbandfec=1;usedtx=1"
		// We take two channels from who says that he sends them, and send them
		// to who says that he plays them (RFC 7587 7.1). An offer of ours has no
		// other side yet.
		if l.stereo && (n.format == "" || n.says("sprop-stereo=1")) {
			format += ";stereo=1"
		}
		if l.stereo && (n.format == "" || n.says("stereo=1")) {
			format += ";sprop-stereo=1"
		}
		fmt.Fprintf(b, "a=rtpmap:%d opus/48000/2\r\na=fmtp:%d %s\r\n", n.pt, n.pt, format)
	}
	if n.red != 0 {
		fmt.Fprintf(b, "a=rtpmap:%d red/48000/2\r\na=fmtp:%d %d/%d\r\n", n.red, n.red, n.pt, n.pt)
	}
	for _, f := range n.feedback {
		fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", n.pt, f)
	}
	if n.rtx != 0 {
		fmt.Fprintf(b, "a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n", n.rtx, n.rtx, n.pt)
	}
	for _, e := range n.events {
		fmt.Fprintf(b, "a=rtpmap:%d %s\r\n", e.pt, e.codec)
	}
}

// sources declares the server's SSRCs (RFC 5576), which lets a browser play from
// the first packet.
func (l *local) sources(b *strings.Builder, n *lane) {
	track := l.stream + "-" + n.section.kind
	fmt.Fprintf(b, "a=msid:%s %s\r\n", l.stream, track)
	ssrcs := []uint32{l.ssrc.audio}
	if n.section.kind == "video" {
		ssrcs = []uint32{l.ssrc.video}
		if n.rtx != 0 {
			ssrcs = append(ssrcs, l.ssrc.rtx)
			fmt.Fprintf(b, "a=ssrc-group:FID %d %d\r\n", l.ssrc.video, l.ssrc.rtx)
		}
	}
	for _, s := range ssrcs {
		fmt.Fprintf(b, "a=ssrc:%d cname:%s\r\na=ssrc:%d msid:%s %s\r\n", s, l.stream, s, l.stream, track)
	}
}

func direction(send, recv bool) string {
	switch {
	case send && recv:
		return "sendrecv"
	case send:
		return "sendonly"
	case recv:
		return "recvonly"
	}
	return "inactive"
}

func netAddr(a netip.Addr) string {
	if !a.IsValid() {
		return "IP4 0.0.0.0"
	}
	if a.Is6() {
		return "IP6 " + a.String()
	}
	return "IP4 " + a.String()
}

// candidateLines are the host candidates: interface addresses first, then the
// advertised ones, loopback last (RFC 8839 5.1, priorities of RFC 8445 5.1.2.1).
func candidateLines(socks []netip.AddrPort, advertise []netip.Addr) []string {
	var all, loop []netip.AddrPort
	for _, s := range socks {
		if s.Addr().IsLoopback() {
			loop = append(loop, s)
		} else {
			all = append(all, s)
		}
	}
	for _, a := range advertise {
		all = append(all, netip.AddrPortFrom(a, socks[0].Port()))
	}
	seen := make(map[netip.AddrPort]bool)
	var lines []string
	for _, a := range append(all, loop...) {
		if seen[a] {
			continue
		}
		seen[a] = true
		priority := 126<<24 | (65535-len(lines))<<8 | 255
		lines = append(lines, fmt.Sprintf("candidate:%d 1 udp %d %s %d typ host", len(lines)+1, priority, a.Addr(), a.Port()))
	}
	return lines
}
