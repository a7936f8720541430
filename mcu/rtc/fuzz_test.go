package rtc

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/media"
)

// FuzzAnswer parses any text as an offer. What is answered must be readable
// again, section by section, without a line that the offer smuggled in.
func FuzzAnswer(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	l := &local{
		transport: transport{ufrag: "abcd", pwd: strings.Repeat("p", 22), setup: "passive", print: fingerprint{"sha-256", strings.Repeat("00:", 31) + "00"}},
		addr:      netip.MustParseAddr("192.0.2.1"), port: 10000, stream: "s", ssrc: testIDs, kbps: 500,
	}
	f.Fuzz(func(t *testing.T, offer string) {
		d, terms, err := readOffer(offer, Codecs{Audio: []media.AudioCodec{media.Opus, media.PCMU, media.PCMA, media.G722}})
		if err != nil {
			return
		}
		answer := writeAnswer(d, terms, l)
		back, err := parseDescription(answer)
		if err != nil {
			t.Fatalf("%v\n%s", err, answer)
		}
		if len(back.sections) != len(d.sections) {
			t.Fatalf("%d sections in the answer to %d", len(back.sections), len(d.sections))
		}
		for i := range back.sections {
			if b, o := back.sections[i], d.sections[i]; b.kind != o.kind || b.mid != o.mid || (b.port != 0) != (terms.at(i) != nil) {
				t.Fatalf("section %d: %+v for %+v", i, b, o)
			}
		}
		for line := range strings.Lines(answer) {
			if !strings.HasSuffix(line, "\r\n") || len(line) < 4 || line[1] != '=' {
				t.Fatalf("line %q", line)
			}
		}
	})
}

// FuzzPackets feeds the RTP and RTCP readers.
func FuzzPackets(f *testing.F) {
	f.Add([]byte{0x90, 0xe0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 1, 0x10, 0x85, 0, 0, 1, 2}, []byte{0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 0})
	f.Add([]byte{0x80, 97, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 9, 1}, []byte{0x80, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2})
	f.Fuzz(func(_ *testing.T, rtpPacket, rtcpPacket []byte) {
		b := newBench()
		fb := &feedback{in: b.inbound, queue: newQueue(), clock: media.NewClock(), stats: b.stats, own: testIDs, key: func() {}}
		for range 3 {
			b.rtp(append([]byte(nil), rtpPacket...), b.now)
			b.now = b.now.Add(twccPeriod)
		}
		for _, ssrc := range []uint32{testIDs.video, 3} {
			fb.rtcp(ssrc, rtcpPacket, b.now)
		}
		b.blocks(b.now)
	})
}
