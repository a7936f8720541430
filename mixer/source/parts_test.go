package source_test

import (
	"testing"
	"time"

	"github.com/omniverto/omniverto/mixer/source"
)

func TestDescriptor(t *testing.T) {
	none := source.Descriptor{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1}
	with := func(f func(*source.Descriptor)) source.Descriptor { d := none; f(&d); return d }
	cases := []struct {
		name string
		in   []byte
		want source.Descriptor
		data string
		ok   bool
	}{
		{"one byte, start", []byte{0x10, 'x'}, with(func(d *source.Descriptor) { d.Start = true }), "x", true},
		{"one byte, inside", []byte{0x00, 'x', 'y'}, none, "xy", true},
		{"second partition", []byte{0x11, 'x'}, with(func(d *source.Descriptor) { d.Partition = 1 }), "x", true},
		{"non-reference", []byte{0x30, 'x'}, with(func(d *source.Descriptor) { d.Start, d.NonReference = true, true }), "x", true},
		{"7-bit picture id", []byte{0x90, 0x80, 0x11, 'x'}, with(func(d *source.Descriptor) { d.Start, d.PictureID = true, 17 }), "x", true},
		{"15-bit picture id", []byte{0x90, 0x80, 0x81, 0x02, 'x'}, with(func(d *source.Descriptor) { d.Start, d.PictureID = true, 258 }), "x", true},
		{"TL0PICIDX", []byte{0x80, 0x40, 200, 'x'}, with(func(d *source.Descriptor) { d.TL0PicIdx = 200 }), "x", true},
		{"TID and Y", []byte{0x80, 0x20, 0x60, 'x'}, with(func(d *source.Descriptor) { d.TID, d.LayerSync = 1, true }), "x", true},
		{"KEYIDX", []byte{0x80, 0x10, 0x1f, 'x'}, with(func(d *source.Descriptor) { d.KeyIdx = 31 }), "x", true},
		{"all", []byte{0x90, 0xf0, 0xff, 0xff, 9, 0xc5, 'x'}, with(func(d *source.Descriptor) {
			d.Start, d.PictureID, d.TL0PicIdx, d.TID, d.KeyIdx = true, 0x7fff, 9, 3, 5
		}), "x", true},
		{"empty", nil, none, "", false},
		{"no data", []byte{0x10}, with(func(d *source.Descriptor) { d.Start = true }), "", false},
		{"cut extension", []byte{0x80}, none, "", false},
		{"cut picture id", []byte{0x80, 0x80}, with(func(d *source.Descriptor) { d.PictureID = 0 }), "", false},
		{"no data after extension", []byte{0x80, 0x80, 0x05}, with(func(d *source.Descriptor) { d.PictureID = 5 }), "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, data, ok := source.ParseDescriptor(c.in)
			if got != c.want || string(data) != c.data || ok != c.ok {
				t.Errorf("%x gives %+v, %q, %v; want %+v, %q, %v", c.in, got, data, ok, c.want, c.data, c.ok)
			}
		})
	}
}

func TestSequence(t *testing.T) {
	type step struct {
		seq  uint16
		ext  int64 // less the first one
		what any
	}
	cases := map[string][]step{
		"in order over the wrap": {{65534, 0, source.Fresh}, {65535, 1, source.Fresh}, {0, 2, source.Fresh}, {1, 3, source.Fresh}},
		"reorder over the wrap":  {{65535, 0, source.Fresh}, {1, 2, source.Fresh}, {0, 1, source.Fresh}, {0, 1, source.Duplicate}},
		"before the first":       {{0, 0, source.Fresh}, {65535, -1, source.Fresh}, {65535, -1, source.Duplicate}},
		"a loss of 3000":         {{10, 0, source.Fresh}, {3010, 3000, source.Fresh}, {3009, 2999, source.Fresh}},
		"one stray":              {{10, 0, source.Fresh}, {30000, 29990, source.Stray}, {11, 1, source.Fresh}, {30001, 29991, source.Stray}},
		"forgets after a turn":   {{10, 0, source.Fresh}, {1034, 1024, source.Fresh}, {1035, 1025, source.Fresh}, {1035, 1025, source.Duplicate}},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			var s source.Sequence
			first, _ := source.Accept(&s, steps[0].seq)
			for _, st := range steps[1:] {
				ext, what := source.Accept(&s, st.seq)
				if ext-first != st.ext || any(what) != st.what {
					t.Errorf("%d gives %d, %v; want %d, %v", st.seq, ext-first, what, st.ext, st.what)
				}
			}
		})
	}
	var s source.Sequence
	source.Accept(&s, 10)
	source.Accept(&s, 30000)
	if _, what := source.Accept(&s, 30001); what != source.Restarted {
		t.Errorf("second packet of a new numbering gives %v", what)
	}
	if _, what := source.Accept(&s, 30002); what != source.Fresh {
		t.Errorf("third packet of a new numbering gives %v", what)
	}
}

func TestSpread(t *testing.T) {
	var s source.Spread
	if got := source.Quantile(&s, 95); got != 0 {
		t.Errorf("empty: %v", got)
	}
	for i := range 1000 {
		source.Add(&s, time.Duration(i%100)*ms)
	}
	for percent, want := range map[int]time.Duration{50: 50, 95: 95, 100: 100} {
		if got := source.Quantile(&s, percent); (got - want*ms).Abs() > 10*ms {
			t.Errorf("%d %% is %v, want about %d ms", percent, got, want)
		}
	}
	for range 256 {
		source.Add(&s, -time.Second)
	}
	if got := source.Quantile(&s, 100); got != ms {
		t.Errorf("after 256 delays of nothing: %v, want 1 ms", got)
	}
	source.Add(&s, time.Hour)
	if got := source.Quantile(&s, 100); got != 256*ms {
		t.Errorf("after an hour: %v, want 256 ms", got)
	}
}

func TestTimeline(t *testing.T) {
	l := source.NewTimeline(90000)
	rng := newRand(1)
	first := uint32(0xffff0000)
	// A sender 200 ppm slow, delays of 30 to 40 ms; after a minute of pictures two
	// days in steps of 10 s.
	at := func(i int) time.Duration { return time.Duration(i)*sec/30 + time.Duration(i)*sec/30*200/1e6 }
	var late time.Duration
	for i := range 1800 {
		ts := source.Extend(l, first+uint32(i*3000))
		late = source.Observe(l, ts, at(i)+30*ms+time.Duration(rng.Int64N(int64(10*ms))))
		if i < 300 {
			continue
		}
		if want := at(i) + 30*ms; (source.RoomTime(l, ts) - want).Abs() > 2*ms {
			t.Fatalf("picture %d is put at %v, want %v", i, source.RoomTime(l, ts), want)
		}
		if late < 0 || late > 12*ms {
			t.Fatalf("picture %d is %v late", i, late)
		}
	}
	for i := 1800; i < 48*3600*30; i += 300 {
		ts := source.Extend(l, first+uint32(i*3000))
		source.Observe(l, ts, at(i)+30*ms)
		if want := at(i) + 30*ms; (source.RoomTime(l, ts) - want).Abs() > 8*ms {
			t.Fatalf("picture %d is put at %v, want %v", i, source.RoomTime(l, ts), want)
		}
	}
	for _, jump := range []int32{-1 << 31, 1e9, -1e9, -900000} {
		first += uint32(jump)
		ts := source.Extend(l, first)
		if late := source.Observe(l, ts, 50*time.Hour); late != 0 || source.RoomTime(l, ts) != 50*time.Hour {
			t.Errorf("after a jump by %d: %v late, put at %v", jump, late, source.RoomTime(l, ts))
		}
	}
}
