package rtc

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/omniverto/omniverto/media"
)

// soundOffer is an offer of the payload types and lines given.
func soundOffer(formats string, lines ...string) string {
	return strings.Join(append([]string{
		"v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
		"m=audio 9 UDP/TLS/RTP/SAVPF " + formats, "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendrecv", "a=rtcp-mux",
		"a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=setup:actpass",
		"a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"),
	}, lines...), "\r\n") + "\r\n"
}

func TestOfferedSound(t *testing.T) {
	t.Parallel()
	browser := soundOffer("111 63 9 0 8 110", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;stereo=1",
		"a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
		"a=rtpmap:110 telephone-event/48000")
	phone := soundOffer("8 0")
	all := []media.AudioCodec{media.Opus, media.G722, media.PCMU, media.PCMA}
	for _, c := range []struct {
		name, offer string
		codecs      []media.AudioCodec
		want        media.AudioCodec
		ok          bool
	}{
		{"opus by default", browser, nil, media.Opus, true},
		{"the server's order decides", browser, []media.AudioCodec{media.PCMA, media.Opus}, media.PCMA, true},
		{"not the offer's", phone, []media.AudioCodec{media.Opus, media.PCMU, media.PCMA}, media.PCMU, true},
		{"static payload types need no rtpmap", phone, []media.AudioCodec{media.PCMA}, media.PCMA, true},
		{"none in common", phone, []media.AudioCodec{media.Opus}, media.Opus, false},
		{"wideband", soundOffer("9"), all, media.G722, true},
		{"nonsense", "v=0", all, media.Opus, false},
	} {
		if got, ok := OfferedSound(c.offer, Codecs{Audio: c.codecs}); got.Codec != c.want || ok != c.ok || ok && got.Channels != 1 {
			t.Errorf("%s: %v %t, want %v %t", c.name, got, ok, c.want, c.ok)
		}
	}
	if got, _ := OfferedSound(strings.Replace(browser, "stereo=1", "stereo=1; sprop-stereo=1", 1), Codecs{}); got.Channels != 2 {
		t.Errorf("a sender of stereo has %d channels", got.Channels)
	}
	d, terms, err := readOffer(browser, Codecs{})
	if err != nil {
		t.Fatal(err)
	}
	if terms.audio.red != 63 || terms.audio.channels() != 2 {
		t.Errorf("red %d, channels %d", terms.audio.red, terms.audio.channels())
	}
	answer := writeAnswer(d, terms, &local{})
	if !strings.Contains(answer, "SAVPF 111 63 110\r\n") || !strings.Contains(answer, "a=fmtp:63 111/111\r\n") {
		t.Errorf("answer\n%s", answer)
	}
	if _, terms, err = readOffer(browser, Codecs{Audio: []media.AudioCodec{media.PCMU}}); err != nil || terms.audio.red != 0 {
		t.Errorf("RED around a codec that is not used: %d, %v", terms.audio.red, err)
	}
	d, terms, _ = readOffer(phone, Codecs{Audio: []media.AudioCodec{media.PCMU}})
	if answer := writeAnswer(d, terms, &local{}); !strings.Contains(answer, "a=rtpmap:0 PCMU/8000\r\n") {
		t.Errorf("answer\n%s", answer)
	}
}

// TestVideoMayBeLeftOut: a profile without vp8 refuses the section.
func TestVideoMayBeLeftOut(t *testing.T) {
	t.Parallel()
	offer := soundOffer("111", "a=rtpmap:111 opus/48000/2", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=sendrecv",
		"a=rtcp-mux", "a=rtpmap:96 VP8/90000")
	offer = strings.Replace(offer, "BUNDLE 0", "BUNDLE 0 1", 1)
	for _, no := range []bool{false, true} {
		_, terms, err := readOffer(offer, Codecs{NoVideo: no})
		if err != nil || terms.video.used == no {
			t.Errorf("without video %t: used %t, %v", no, terms.video.used, err)
		}
	}
}

// red is a payload of RFC 2198 with one copy.
func red(offset, size int, copied, own string) []byte {
	v := uint32(0x80|111)<<24 | uint32(offset)<<10 | uint32(size)
	b := []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v), 111}
	return append(append(b, copied...), own...)
}

func TestRedundantSound(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.terms.Load().audio.red = 63
	h := rtp.Header{PayloadType: 63, SSRC: 9, SequenceNumber: 7, Timestamp: 9600, Marker: true}
	b.take(h, red(960, 3, "old", "new")...)
	if len(b.l.audio) != 2 {
		t.Fatalf("%d packets", len(b.l.audio))
	}
	first, second := b.l.audio[0], b.l.audio[1]
	if first.Seq != 6 || first.Timestamp != 8640 || string(first.Payload) != "old" || first.Marker {
		t.Errorf("copy %+v", first)
	}
	if second.Seq != 7 || second.Timestamp != 9600 || string(second.Payload) != "new" || !second.Marker {
		t.Errorf("own %+v", second)
	}
	b.l.audio = nil
	for _, bad := range [][]byte{{0xef}, {0xef, 0, 0, 9, 111, 1}, red(960, 9, "old", "")} {
		h.SequenceNumber++
		b.take(h, bad...)
	}
	if len(b.l.audio) != 0 {
		t.Errorf("%d packets of malformed ones", len(b.l.audio))
	}
	h.SequenceNumber++
	b.take(h, 111, 'x')
	if len(b.l.audio) != 1 || string(b.l.audio[0].Payload) != "x" {
		t.Errorf("without copies: %+v", b.l.audio)
	}
}

// TestNarrowSoundHasItsOwnClock: time stamps and sender reports of G.711 count in
// 8 kHz and agree with each other.
func TestNarrowSoundHasItsOwnClock(t *testing.T) {
	t.Parallel()
	rec := &recorder{}
	w := testWriter(rec, 0)
	w.terms.Load().audio.codec = media.PCMU
	pool := media.NewFramePool(4)
	for tick := range int64(3) {
		f := pool.Get()
		f.Tick, f.RTPTime = tick, w.clock.AudioRTP(time.Duration(tick)*media.AudioTick)
		f.SetPayload([]byte{1})
		w.queue.putAudio(f)
		w.step()
	}
	for i := 1; i < len(rec.headers); i++ {
		if d := rec.headers[i].Timestamp - rec.headers[i-1].Timestamp; d != 160 {
			t.Errorf("step %d of 20 ms: %d ticks, want 160", i, d)
		}
	}
	if rec.headers[0].Timestamp != w.clock.SoundRTP(media.PCMU, 0) {
		t.Error("frames and sender reports have different clocks")
	}
}
