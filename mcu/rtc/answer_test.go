package rtc_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/media"
)

// Recorded offers and what the answer must and must not say. A line of want
// beginning with "m=" stands for a whole section: the lines up to the next one
// must be found in it.
func TestAnswer(t *testing.T) {
	opus := []string{
		"a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1", "a=rtcp-fb:111 transport-cc",
		"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=rtpmap:110 telephone-event/48000",
	}
	vp8 := []string{
		"a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 ccm fir",
		"a=rtcp-fb:96 transport-cc", "a=rtcp-fb:96 goog-remb", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
	}
	join := func(lists ...[]string) (all []string) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	tests := []struct {
		file string
		dir  media.Directions
		want []string
	}{
		{"audio-video.txt", media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true}, join(
			[]string{"a=group:BUNDLE 0 1", "a=ice-lite", "m=audio PORT UDP/TLS/RTP/SAVPF 111 63 110 126", "a=mid:0", "a=setup:passive", "a=sendrecv", "a=end-of-candidates"}, opus,
			[]string{"m=video PORT UDP/TLS/RTP/SAVPF 96 97", "b=AS:900", "a=mid:1", "a=sendrecv", "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"}, vp8)},
		{"audio-only.txt", media.Directions{AudioIn: true, AudioOut: true}, join(
			[]string{"a=group:BUNDLE 0", "m=audio PORT UDP/TLS/RTP/SAVPF 111 63 110 126", "a=mid:0", "a=sendrecv"}, opus)},
		{"audio-recvonly-video.txt", media.Directions{AudioIn: true, AudioOut: true, VideoOut: true}, join(
			[]string{"m=audio PORT UDP/TLS/RTP/SAVPF 111 63 110 126", "a=sendrecv", "m=video PORT UDP/TLS/RTP/SAVPF 96 97", "a=sendonly"}, vp8)},
		{"screen-share.txt", media.Directions{VideoIn: true}, join(
			[]string{"a=group:BUNDLE 0", "m=video PORT UDP/TLS/RTP/SAVPF 96 97", "a=recvonly"}, vp8)},
		{"second-screen.txt", media.Directions{VideoOut: true}, join(
			[]string{"m=video PORT UDP/TLS/RTP/SAVPF 96 97", "a=sendonly"}, vp8)},
		{"ice-restart.txt", media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true}, join(
			[]string{"m=audio PORT UDP/TLS/RTP/SAVPF 111 63 110 126"}, opus[:3], []string{"m=video PORT UDP/TLS/RTP/SAVPF 96 97"}, vp8)},
		{"video-without-vp8.txt", media.Directions{AudioIn: true, AudioOut: true}, join(
			[]string{"a=group:BUNDLE 0", "m=audio PORT UDP/TLS/RTP/SAVPF 111 63 110 126", "a=sendrecv"}, opus,
			[]string{"m=video 0 UDP/TLS/RTP/SAVPF 102 103 104", "a=inactive", "a=mid:1"})},
		{"without-bundle.txt", media.Directions{AudioIn: true, AudioOut: true}, join(
			[]string{"m=audio PORT UDP/TLS/RTP/SAVPF 111 63 110 126", "a=sendrecv"}, opus,
			[]string{"m=video 0 UDP/TLS/RTP/SAVPF 96 97"})},
	}
	s := newServer(t, rtc.Options{Advertise: []string{"203.0.113.7"}})
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			h := newHandler(t)
			p, answer, err := s.Answer(context.Background(), testdata(t, tt.file), rtc.PeerOptions{Handler: h, Clock: media.NewClock(), Bandwidth: 900})
			if err != nil {
				t.Fatal(err)
			}
			if p.Directions() != tt.dir {
				t.Errorf("directions %+v, want %+v", p.Directions(), tt.dir)
			}
			checkLines(t, answer, tt.want, s.Port())
			for _, never := range []string{"video-orientation", "rtp-stream-id", "H264", "a=candidate:0"} {
				if strings.Contains(answer, never) {
					t.Errorf("the answer says %s", never)
				}
			}
			for _, c := range []string{fmt.Sprintf("203.0.113.7 %d typ host", s.Port()), fmt.Sprintf("127.0.0.1 %d typ host", s.Port())} {
				if strings.Count(answer, c) != 1 {
					t.Errorf("candidate %q is there %d times", c, strings.Count(answer, c))
				}
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if err := wait(t, h.closed, "Closed"); err != nil {
				t.Errorf("Closed(%v)", err)
			}
		})
	}
}

// checkLines looks for want in order of sections.
func checkLines(t *testing.T, answer string, want []string, port int) {
	t.Helper()
	if strings.Contains(strings.ReplaceAll(answer, "\r\n", ""), "\n") {
		t.Error("a line without CRLF")
	}
	sections := regexp.MustCompile(`(?m)^m=`).Split(answer, -1)
	at := 0
	for _, w := range want {
		w = strings.ReplaceAll(w, "PORT", fmt.Sprint(port))
		if rest, ok := strings.CutPrefix(w, "m="); ok {
			if at++; at >= len(sections) || !strings.HasPrefix(sections[at], rest) {
				t.Fatalf("section %d is not %q in\n%s", at, w, answer)
			}
			continue
		}
		if !strings.Contains("\r\n"+sections[at], "\r\n"+w+"\r\n") {
			t.Errorf("section %d has no line %q in\n%s", at, w, answer)
		}
	}
	if got := len(sections) - 1; got < at {
		t.Errorf("%d sections", got)
	}
}

func TestAnswerStereo(t *testing.T) {
	s := newServer(t, rtc.Options{MaxVideoKbps: 700})
	p, answer, err := s.Answer(context.Background(), testdata(t, "audio-video.txt"), rtc.PeerOptions{Handler: newHandler(t), Clock: media.NewClock(), Stereo: true, Bandwidth: 900})
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, answer, []string{"m=audio", "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=1;sprop-stereo=1", "m=video", "b=AS:700"}, s.Port())
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// TestUnusable checks what cannot be answered; nothing of it stays behind.
func TestUnusable(t *testing.T) {
	good := testdata(t, "audio-video.txt")
	tests := []struct{ name, offer string }{
		{"no usable codec", testdata(t, "unusable.txt")},
		{"empty", ""},
		{"not SDP", "GET / HTTP/1.1\r\n\r\n"},
		{"no rtcp-mux", strings.ReplaceAll(good, "a=rtcp-mux\r\n", "")},
		{"no ICE", regexp.MustCompile(`a=ice-ufrag:.*\r\n`).ReplaceAllString(good, "")},
		{"no fingerprint", regexp.MustCompile(`a=fingerprint:.*\r\n`).ReplaceAllString(good, "")},
		{"md5 fingerprint", regexp.MustCompile(`a=fingerprint:.*\r\n`).ReplaceAllString(good, "a=fingerprint:md5 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n")},
		{"short fingerprint", regexp.MustCompile(`a=fingerprint:.*\r\n`).ReplaceAllString(good, "a=fingerprint:sha-256 00:11\r\n")},
		{"all inactive", strings.ReplaceAll(good, "a=sendrecv", "a=inactive")},
		{"port 0", regexp.MustCompile(`m=(audio|video) \d+`).ReplaceAllString(good, "m=$1 0")},
		{"1000 sections", good + strings.Repeat("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 1000)},
		{"1 MB", good + strings.Repeat("a=x:"+strings.Repeat("y", 996)+"\r\n", 1000)},
		{"NUL", strings.Replace(good, "a=mid:0", "a=mid:0\x00", 1)},
		{"bad mid", strings.Replace(good, "a=mid:0", "a=mid:"+strings.Repeat("0", 100), 1)},
	}
	s := newServer(t, rtc.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := s.Answer(context.Background(), tt.offer, rtc.PeerOptions{Handler: newHandler(t), Clock: media.NewClock()})
			if !errors.Is(err, rtc.ErrUnusable) {
				t.Errorf("got %v, want ErrUnusable", err)
			}
		})
	}
	if n := s.Stats().Peers; n != 0 {
		t.Errorf("%d legs are left", n)
	}
}

// TestSections checks offers whose sections come in other orders or numbers.
func TestSections(t *testing.T) {
	good := testdata(t, "audio-video.txt")
	head, rest, _ := strings.Cut(good, "m=audio")
	audio, video, _ := strings.Cut("m=audio"+rest, "m=video")
	video = "m=video" + video
	data := "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n"
	second := strings.ReplaceAll(video, "a=mid:1", "a=mid:3")
	tests := []struct {
		name, offer string
		want        []string
	}{
		{"video first", strings.Replace(head, "0 1", "1 0", 1) + video + audio,
			[]string{"a=group:BUNDLE 1 0", "m=video PORT", "a=end-of-candidates", "m=audio PORT"}},
		{"data channel", strings.Replace(head, "0 1", "0 1 2", 1) + audio + data + video,
			[]string{"a=group:BUNDLE 0 1", "m=audio PORT", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "m=video PORT"}},
		{"two cameras", strings.Replace(head, "0 1", "0 1 3", 1) + audio + video + second,
			[]string{"a=group:BUNDLE 0 1", "m=audio PORT", "m=video PORT", "m=video 0"}},
		{"bundle-only", head + audio + strings.Replace(regexp.MustCompile(`m=video \d+`).ReplaceAllString(video, "m=video 0"), "a=mid:1", "a=mid:1\r\na=bundle-only", 1),
			[]string{"a=group:BUNDLE 0 1", "m=audio PORT", "m=video PORT"}},
		{"peer waits for DTLS", strings.ReplaceAll(good, "a=setup:actpass", "a=setup:passive"),
			[]string{"m=audio PORT", "a=setup:active"}},
	}
	s := newServer(t, rtc.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, answer, err := s.Answer(context.Background(), tt.offer, rtc.PeerOptions{Handler: newHandler(t), Clock: media.NewClock()})
			if err != nil {
				t.Fatal(err)
			}
			checkLines(t, answer, tt.want, s.Port())
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAnswerWithoutBundle: a peer that answers our offer without BUNDLE gets sound.
func TestAnswerWithoutBundle(t *testing.T) {
	s := newServer(t, rtc.Options{})
	p, _, err := s.Offer(context.Background(), rtc.PeerOptions{Handler: newHandler(t), Clock: media.NewClock()},
		media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Accept(testdata(t, "answer-without-bundle.txt")); err != nil {
		t.Fatal(err)
	}
	if got, want := p.Directions(), (media.Directions{AudioIn: true, AudioOut: true}); got != want {
		t.Errorf("directions %+v, want %+v", got, want)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestAddCandidate(t *testing.T) {
	s := newServer(t, rtc.Options{})
	p, _, err := s.Answer(context.Background(), testdata(t, "audio-video.txt"), rtc.PeerOptions{Handler: newHandler(t), Clock: media.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		candidate string
		ok        bool
	}{
		{"candidate:1 1 udp 2122194687 192.0.2.2 36797 typ host generation 0", true},
		{"a=candidate:1 1 udp 2122194687 192.0.2.2 36797 typ host", true},
		{"candidate:1 1 udp 2122194687 6ba2bd88-3b2b-4b39-9b3a-3a3a3a3a3a3a.local 36797 typ host", true},
		{"candidate:1 1 tcp 1518214911 192.0.2.2 9 typ host tcptype active", true},
		{"", true},
		{"candidate:nonsense", false},
		{"candidate:1 1 udp 1 192.0.2.2 99999999 typ host", false},
	}
	for _, tt := range tests {
		if err := p.AddCandidate(tt.candidate); (err == nil) != tt.ok {
			t.Errorf("%q: %v", tt.candidate, err)
		}
	}
	for range 300 {
		err = p.AddCandidate(tests[0].candidate)
	}
	if !errors.Is(err, rtc.ErrMisbehaved) {
		t.Errorf("after 300 candidates: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestPortTaken(t *testing.T) {
	s := newServer(t, rtc.Options{})
	_, err := rtc.New(rtc.Options{Addr: s.Addrs()[0].String()})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("UDP port %d is taken", s.Port())) {
		t.Errorf("got %v", err)
	}
}

func TestAllInterfaces(t *testing.T) {
	s := newServer(t, rtc.Options{Addr: ":0"})
	loopback := false
	for _, a := range s.Addrs() {
		if int(a.Port()) != s.Port() || a.Addr().IsUnspecified() {
			t.Errorf("socket on %v, port is %d", a, s.Port())
		}
		loopback = loopback || a.Addr().IsLoopback()
	}
	if !loopback {
		t.Errorf("no loopback among %v", s.Addrs())
	}
}
