package load

import (
	"strings"
	"testing"
)

// freeswitch is an answer as FreeSWITCH gives it: a transport for each section,
// no mids, no BUNDLE, DTLS from its side.
const freeswitch = `v=0
o=FreeSWITCH 1795215261 1795215262 IN IP4 127.0.0.1
s=FreeSWITCH
c=IN IP4 127.0.0.1
t=0 0
a=msid-semantic: WMS 2gYr
m=audio 30692 UDP/TLS/RTP/SAVPF 111 110
a=rtpmap:111 opus/48000/2
a=fmtp:111 useinbandfec=1; minptime=10; stereo=1; usedtx=1
a=fingerprint:sha-256 5D:05
a=setup:active
a=rtcp-mux
a=ice-ufrag:siYc
a=ice-pwd:Upr1kxMmalyvy1qDvzDX9Lfo
a=candidate:2781058893 1 udp 2130706431 127.0.0.1 30692 typ host generation 0
a=end-of-candidates
m=video 28906 UDP/TLS/RTP/SAVPF 96
b=AS:3072
a=rtpmap:96 VP8/90000
a=sendrecv
a=fingerprint:sha-256 5D:05
a=setup:active
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=ssrc:2642819600 cname:z8ru
a=ice-ufrag:TyYC
a=ice-pwd:5V1D2wFVtArCmlWiPHa0ZavJ
a=candidate:7937588756 1 udp 2130706431 127.0.0.1 28906 typ host generation 0
`

func TestSplitAnswer(t *testing.T) {
	crlf := strings.ReplaceAll(freeswitch, "\n", "\r\n")
	bundled := strings.Replace(crlf, "t=0 0\r\n", "t=0 0\r\na=group:BUNDLE 0 1\r\n", 1)
	noVideo := strings.Replace(crlf, "m=video 28906", "m=video 0", 1)
	tests := []struct {
		name, answer string
		first, rest  []string // what must be there; with a ! what must not
	}{
		{"each its transport", crlf,
			[]string{"a=mid:0", "a=mid:1", "m=video 0 ", "a=inactive", "30692 typ host", "!28906", "!TyYC", "!2642819600"},
			[]string{"m=video 28906", "a=mid:0", "a=setup:active", "TyYC", "2642819600", "28906 typ", "!m=audio", "!a=mid:1"}},
		{"bundled", bundled, []string{"BUNDLE 0 1", "m=video 28906", "a=mid:1"}, nil},
		{"video refused", noVideo, []string{"m=video 0", "a=mid:1"}, nil},
	}
	for _, tt := range tests {
		first, rest, err := splitAnswer(tt.answer)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		expect(t, tt.name, first, tt.first)
		expect(t, tt.name+", rest", rest, tt.rest)
		if tt.rest == nil && rest != "" {
			t.Errorf("%s: rest %q", tt.name, rest)
		}
	}
	if _, _, err := splitAnswer("v=0\r\n"); err == nil {
		t.Error("an answer without media was taken")
	}
}

func expect(t *testing.T, name, text string, parts []string) {
	t.Helper()
	for _, part := range parts {
		absent := strings.HasPrefix(part, "!")
		if strings.Contains(text, strings.TrimPrefix(part, "!")) == absent {
			t.Errorf("%s: %q in\n%s", name, part, text)
		}
	}
}

func TestReadAnswer(t *testing.T) {
	if !usesDTX(freeswitch) || !resends(freeswitch) {
		t.Error("usedtx or nack was not seen")
	}
	plain := strings.NewReplacer("; usedtx=1", "", "a=rtcp-fb:96 nack\n", "").Replace(freeswitch)
	if usesDTX(plain) || resends(plain) {
		t.Error("usedtx or nack was seen where there is none")
	}
	first, rest, err := splitAnswer(freeswitch)
	if err != nil {
		t.Fatal(err)
	}
	for answer, want := range map[string]string{
		first: "candidate:nudge2 1 udp 1 127.0.0.1 30692 typ srflx raddr 0.0.0.0 rport 2",
		rest:  "candidate:nudge2 1 udp 1 127.0.0.1 28906 typ srflx raddr 0.0.0.0 rport 2",
		"":    "",
	} {
		if got := nudgeCandidate(answer, 2); got != want {
			t.Errorf("candidate %q, want %q", got, want)
		}
	}
}

// FuzzSplitAnswer: no answer of a server makes the tool fall over.
func FuzzSplitAnswer(f *testing.F) {
	f.Add(freeswitch)
	f.Add("m=\nm=video\nm=video 1 a\na=ice-ufrag:x\n")
	f.Fuzz(func(t *testing.T, text string) {
		first, rest, err := splitAnswer(text)
		if err == nil && parseSDP(first).section("video") < 0 && rest != "" {
			t.Errorf("an answer for a video that is not there: %q", rest)
		}
		usesDTX(text)
		resends(text)
		nudgeCandidate(text, 1)
	})
}

// TestOffer: the video of an offer has the other connection's transport and both
// sections say where their media is.
func TestOffer(t *testing.T) {
	const head = "v=0\r\ns=-\r\na=group:BUNDLE 0 1\r\n"
	section := func(kind, mid, name, port string) string {
		return "m=" + kind + " 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:" + mid + "\r\na=ice-ufrag:" + name +
			"\r\na=rtpmap:96 x\r\na=candidate:1 1 udp 1 192.0.2.1 " + port + " typ host\r\n"
	}
	got, err := lendTransport(head+section("audio", "0", "main", "1000")+section("video", "1", "main", "1000"), head+section("video", "0", "spare", "2000"))
	if err != nil {
		t.Fatal(err)
	}
	d := parseSDP(placeMedia(got))
	expect(t, "audio", strings.Join(d.sections[0], "\n"), []string{"m=audio 1000 UDP", "c=IN IP4 192.0.2.1", "a=ice-ufrag:main", "!spare"})
	expect(t, "video", strings.Join(d.sections[1], "\n"), []string{"m=video 2000 UDP", "a=mid:1", "a=ice-ufrag:spare", "!main", "!1000"})
	rtx := withoutRTX([]string{"m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=rtcp-fb:96 nack"})
	if want := "m=video 9 UDP/TLS/RTP/SAVPF 96|a=rtpmap:96 VP8/90000|a=rtcp-fb:96 nack"; strings.Join(rtx, "|") != want {
		t.Errorf("without RTX: %q", rtx)
	}
}
