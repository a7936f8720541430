package view_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
	"github.com/omniverto/omniverto/mixer/view"
)

// TestFrames: every watcher gets every frame with the tick and time of the
// picture, whole.
func TestFrames(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, _ := r.watch()
		b, _ := r.watch()
		for i := range 4 {
			r.put(byte(i+20), 0)
		}
		// 5,000 bytes make five fragments of 1,000 and a descriptor each.
		want := []seen{{1, 4600, true, 0, 5005}, {2, 8200, false, 0, 5005}, {3, 11800, false, 0, 5005}, {4, 15400, false, 0, 5005}}
		if !slices.Equal(a.frames, want) || !slices.Equal(b.frames, want) {
			t.Errorf("frames %v and %v, want %v", a.frames, b.frames, want)
		}
		for i, c := range r.es.calls {
			if c.luma != byte(i+20) || c.o.PTS != int64(i)*3600 {
				t.Errorf("encode %d was of picture %d at %d", i, c.luma, c.o.PTS)
			}
		}
		s := r.view.Stats()
		if s.Frames != 4 || s.Keyframes != 1 || s.Bytes != 20000 || s.Requests != 2 || s.Merged != 1 || s.Watchers != 2 {
			t.Errorf("stats %+v", s)
		}
	})
}

// TestKeyframes: requests become few keyframes.
func TestKeyframes(t *testing.T) {
	every := func(n int64) (l []int64) {
		for tick := int64(2); tick < 60; tick += n {
			l = append(l, tick)
		}
		return l
	}
	tests := []struct {
		name     string
		requests []int64 // ticks before which there is one
		cuts     []int64 // ticks that replace most of the canvas
		want     []int64 // ticks with a keyframe
		merged   uint64
	}{
		{"none", nil, nil, []int64{1}, 0},
		{"one long after", []int64{20}, nil, []int64{1, 20}, 0},
		{"too early", []int64{3}, nil, []int64{1, 9}, 0},
		{"many at once", []int64{20, 20, 20, 20}, nil, []int64{1, 20}, 3},
		{"many one after the other", []int64{20, 21, 22, 23, 24, 25, 26}, nil, []int64{1, 20, 28}, 5},
		{"all the time", every(1), nil, []int64{1, 9, 17, 25, 33, 41, 49, 57}, 50},
		{"a cut", nil, []int64{20}, []int64{1, 20}, 0},
		{"cuts one after the other", nil, []int64{20, 22, 28}, []int64{1, 20, 28}, 0},
		{"a cut answers a request", []int64{21}, []int64{20, 28}, []int64{1, 20, 28}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, 2, func(t *testing.T, r *rig) {
				w, _ := r.watch()
				for tick := int64(1); tick < 60; tick++ {
					for _, at := range tt.requests {
						if at == tick {
							r.view.RequestKeyframe()
						}
					}
					replaced := 0.5
					if slices.Contains(tt.cuts, tick) {
						replaced = 0.6
					}
					r.put(byte(tick), replaced)
				}
				if got := w.keys(); !slices.Equal(got, tt.want) {
					t.Errorf("keyframes in ticks %v, want %v", got, tt.want)
				}
				if s := r.view.Stats(); s.Merged != tt.merged || s.Keyframes != uint64(len(tt.want)) {
					t.Errorf("%d merged, %d keyframes, want %d, %d", s.Merged, s.Keyframes, tt.merged, len(tt.want))
				}
			})
		})
	}
}

// TestStillKeyframe: a request needs no change of the canvas, and what a keyframe
// leaves coarse is sharpened again.
func TestStillKeyframe(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, r *rig) {
		w, _ := r.watch()
		r.put(50, 0)
		r.still(200)
		r.view.RequestKeyframe()
		r.still(10)
		if got, want := w.keys(), []int64{1, 202}; !slices.Equal(got, want) {
			t.Errorf("keyframes in ticks %v, want %v", got, want)
		}
		if got, want := w.ticks()[len(w.frames)-10:], []int64{202, 203, 204, 205, 206, 207, 208, 209, 210, 211}; !slices.Equal(got, want) {
			t.Errorf("last frames in ticks %v, want %v", got, want)
		}
	})
}

// TestJoin: a new watcher begins with a keyframe, those who watch go on.
func TestJoin(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		first, _ := r.watch()
		r.put(20, 0)
		r.put(21, 0)
		second, cancel := r.watch()
		for i := range 10 {
			r.put(byte(22+i), 0)
		}
		if got, want := second.ticks(), []int64{9, 10, 11, 12}; !slices.Equal(got, want) || !second.frames[0].key {
			t.Errorf("the second watcher got %v, want ticks %v", second.frames, want)
		}
		if len(first.frames) != 12 {
			t.Errorf("the first watcher got %d frames of 12", len(first.frames))
		}
		cancel()
		cancel()
		r.put(99, 0)
		if len(second.frames) != 4 || len(first.frames) != 13 || r.view.Watchers() != 1 {
			t.Errorf("after cancel: %d and %d frames, %d watchers", len(second.frames), len(first.frames), r.view.Watchers())
		}
	})
}

// TestJoinWhileEncoding: who joins while a keyframe is being made for others gets
// the next one.
func TestJoinWhileEncoding(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		r.watch()
		r.es.slow = period / 2
		r.put(20, 0)
		late, _ := r.watch()
		for i := range 20 {
			r.put(byte(21+i), 0)
		}
		r.view.Close() // it is still encoding
		if got, want := late.keys(), []int64{9}; !slices.Equal(got, want) || late.frames[0].tick != 9 {
			t.Errorf("the late watcher got keyframes in ticks %v, want %v", got, want)
		}
	})
}

// TestJoinStorm: while many join, a second passes between two keyframes.
func TestJoinStorm(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		w, _ := r.watch()
		for i := range 100 {
			r.put(byte(i), 0)
			if i < 50 {
				r.watch()
			}
		}
		got := w.keys()
		// The first seven joins make no storm yet; one tick after the last keyframe
		// of the storm everybody has his.
		want := []int64{1, 26, 51}
		if !slices.Equal(got, want) {
			t.Errorf("keyframes in ticks %v, want %v", got, want)
		}
	})
}

// TestWatched: the encoder lives while somebody watches, and a watcher who comes
// back sees the picture that is there.
func TestWatched(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		r.put(20, 0)
		r.put(21, 0)
		r.still(10)
		if r.es.opened != 0 {
			t.Error("an encoder was opened for nobody")
		}
		_, cancelA := r.watch()
		b, cancelB := r.watch()
		r.still(3)
		if r.es.opened != 1 || len(b.frames) != 3 || r.es.calls[0].luma != 21 {
			t.Errorf("%d encoders opened, %v frames, want 1 and 3", r.es.opened, b.frames)
		}
		cancelA()
		synctest.Wait()
		if r.es.open != 1 {
			t.Error("the encoder was closed while somebody watches")
		}
		cancelB()
		synctest.Wait()
		if r.es.open != 0 {
			t.Error("the encoder is open though nobody watches")
		}
		r.still(10)
		r.put(22, 0)
		c, _ := r.watch()
		r.still(1)
		if r.es.opened != 2 || len(c.frames) != 1 || !c.frames[0].key || r.es.calls[3].luma != 22 {
			t.Errorf("%d encoders opened, frames %v", r.es.opened, c.frames)
		}
		if s := r.view.Stats(); s.Replaced != 0 {
			t.Errorf("%d pictures replaced", s.Replaced)
		}
	})
}

// TestRefinement: a still picture is sharpened until its frames are small or for
// 90 ticks, then refreshed once a second.
func TestRefinement(t *testing.T) {
	// A frame's budget is 1 Mbit/s / 8 / 25 = 5,000 bytes, 5 % are 250.
	tests := []struct {
		name string
		size func(call) int
		want int // frames in the first 100 ticks
		last int64
	}{
		{"never sharp", func(call) int { return 250 }, 90, 90},
		{"sharp at once", func(call) int { return 249 }, 2, 2},
		{"sharp after ten", func(c call) int { return int(899 - 65*c.o.PTS/3600) }, 11, 11},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, 2, func(t *testing.T, r *rig) {
				r.es.size = tt.size
				w, _ := r.watch()
				r.put(50, 0)
				r.still(int(tt.last) + 23)
				if got := w.ticks(); len(got) != tt.want || got[tt.want-1] != tt.last {
					t.Fatalf("frames in ticks %v, want %d to tick %d", got, tt.want, tt.last)
				}
				w.frames = nil
				r.es.size = func(call) int { return 20 }
				r.still(100)
				if got, want := w.ticks(), []int64{tt.last + 25, tt.last + 50, tt.last + 75, tt.last + 100}; !slices.Equal(got, want) {
					t.Errorf("refreshed in ticks %v, want %v", got, want)
				}
				for _, f := range w.frames {
					if f.layer != 0 || f.key {
						t.Errorf("refresh %+v, want layer 0 and no keyframe", f)
					}
				}
			})
		})
	}
}

// TestLayers: the changes of odd ticks are of layer 1, and layer 0 has every
// picture that stays.
func TestLayers(t *testing.T) {
	type step struct {
		luma  byte // 0: the canvas did not change
		skip  int  // ticks that the view never hears of, before
		key   bool // a request, before
		layer uint8
	}
	tests := []struct {
		name   string
		layers int
		steps  []step
	}{
		{"every tick changes", 2, []step{{luma: 1}, {luma: 2}, {luma: 3, layer: 1}, {luma: 4}, {luma: 5, layer: 1}, {luma: 6}}},
		{"one layer", 1, []step{{luma: 1}, {luma: 2}, {luma: 3}, {luma: 4}}},
		{"odd ticks change", 2, []step{{luma: 1}, {}, {luma: 3, layer: 1}, {}, {luma: 5, layer: 1}, {}}},
		{"even ticks change", 2, []step{{luma: 1}, {luma: 2}, {}, {luma: 4}, {}, {luma: 6}}},
		{"only odd ticks are heard of", 2, []step{{luma: 1}, {luma: 2}, {luma: 3, layer: 1}, {luma: 5, skip: 1}, {luma: 7, skip: 1, layer: 1}, {luma: 9, skip: 1}}},
		{"keyframe in an odd tick", 2, []step{{luma: 1}, {luma: 2}, {luma: 11, skip: 8, key: true}, {luma: 12}, {luma: 13, layer: 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.layers, func(t *testing.T, r *rig) {
				w, _ := r.watch()
				for i, s := range tt.steps {
					for range s.skip {
						r.pass()
					}
					if s.key {
						r.view.RequestKeyframe()
					}
					if s.luma > 0 {
						r.put(s.luma, 0)
					} else {
						r.still(1)
					}
					last := w.frames[len(w.frames)-1]
					if len(w.frames) != i+1 || last.layer != s.layer || last.key != (s.key || i == 0) {
						t.Fatalf("step %d: frame %d is %+v, want layer %d", i, len(w.frames), last, s.layer)
					}
					if c := r.es.calls[i]; c.o.Layer != s.layer {
						t.Fatalf("step %d: encoded as layer %d", i, c.o.Layer)
					}
				}
			})
		})
	}
}

// TestBaseShowsLast: a small change in an odd tick reaches those who get layer 0
// only, however small its frame.
func TestBaseShowsLast(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, r *rig) {
		r.es.size = func(call) int { return 20 }
		w, _ := r.watch()
		r.put(50, 0)
		r.still(31)
		w.frames = nil
		r.put(51, 0)
		r.still(3)
		want := []seen{{33, r.base + 33*3600, false, 1, 21}, {34, r.base + 34*3600, false, 0, 21}, {35, r.base + 35*3600, false, 0, 21}}
		if !slices.Equal(w.frames, want) {
			t.Errorf("frames %v, want %v", w.frames, want)
		}
	})
}

// TestMailbox: while the encoder is busy the newest picture waits, the others go,
// and what a picture that went had replaced still makes a keyframe.
func TestMailbox(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		w, _ := r.watch()
		r.put(9, 0)
		for range 10 {
			r.pass()
		}
		r.es.slow = 3*period + period/4
		r.put(10, 0)   // tick 12, taken at once
		r.put(11, 0.9) // replaced
		r.put(12, 0)   // shown
		r.still(1)     // nothing to add to it
		r.still(7)
		r.view.Close() // it is still encoding
		w.frames = w.frames[1:]
		want := []int64{12, 14, 18}
		if got := w.ticks(); !slices.Equal(got[:3], want) {
			t.Errorf("frames of ticks %v, want %v", got, want)
		}
		if c := r.es.calls[2]; c.luma != 12 || !c.o.Key {
			t.Errorf("the second picture is %+v, want the newest, as a keyframe", c)
		}
		if s := r.view.Stats(); s.Replaced != 1 {
			t.Errorf("%d pictures replaced, want 1", s.Replaced)
		}
	})
}

// TestScale: a canvas of another size is scaled, once for each picture, and its
// picture is given back at once.
func TestScale(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		r.watch()
		r.putSize(70, 0, 128, 72)
		r.still(3)
		if n := r.pool.InUse(); n != 0 {
			t.Errorf("%d pictures of the canvas are held", n)
		}
		for i, c := range r.es.calls {
			if c.luma != 70 {
				t.Errorf("encode %d shows %d", i, c.luma)
			}
		}
		r.put(71, 0)
		r.putSize(72, 0, 128, 72)
		if a, b := r.es.calls[4].luma, r.es.calls[5].luma; a != 71 || b != 72 {
			t.Errorf("a picture of the view's size and a larger one are shown as %d and %d, want 71 and 72", a, b)
		}
	})
}

// TestTrouble: an encoder that fails is replaced after a second, with a keyframe.
func TestTrouble(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		w, _ := r.watch()
		r.put(1, 0)
		r.es.fail = errors.New("broken")
		for i := range 30 {
			r.put(byte(i+2), 0)
		}
		if got, want := w.keys(), []int64{1, 27}; !slices.Equal(got, want) || r.es.opened != 2 {
			t.Errorf("keyframes in ticks %v, want %v; %d encoders opened", got, want, r.es.opened)
		}
		if s := r.view.Stats(); s.Errors != 1 || s.Frames != 6 {
			t.Errorf("stats %+v, want 1 error, 6 frames", s)
		}
	})
}

// TestRefused: an encoder that does not open is tried once a second.
func TestRefused(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		r.es.refuse = errors.New("no memory")
		w, _ := r.watch()
		for i := range 60 {
			r.put(byte(i), 0)
		}
		if s := r.view.Stats(); s.Errors != 3 || len(w.frames) != 0 {
			t.Errorf("%d errors, %d frames, want 3 and 0", s.Errors, len(w.frames))
		}
		r.es.refuse = nil
		r.still(25)
		if len(w.frames) == 0 || !w.frames[0].key {
			t.Errorf("frames %v, want a keyframe first", w.frames)
		}
	})
}

// TestDropped: a picture that the encoder leaves out is tried again.
func TestDropped(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, r *rig) {
		w, _ := r.watch()
		r.put(1, 0)
		r.es.size = func(c call) int { return int(c.o.PTS/3600%2) * 5000 }
		r.put(2, 0)
		r.put(3, 0)
		r.still(1)
		if got, want := w.ticks(), []int64{1, 2, 4}; !slices.Equal(got, want) {
			t.Errorf("frames of ticks %v, want %v", got, want)
		}
		if s := r.view.Stats(); s.Dropped != 1 {
			t.Errorf("%d dropped, want 1", s.Dropped)
		}
	})
}

// TestTime: the encoder's time goes on over the end of the RTP clock, and ticks
// that are not later than the last are left out.
func TestTime(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		r.base = 0xffffffff - 3*3600
		r.watch()
		for i := range 6 {
			r.put(byte(i), 0)
		}
		r.tick--
		r.put(7, 0)
		if len(r.es.calls) != 6 {
			t.Errorf("%d pictures encoded, want 6", len(r.es.calls))
		}
		for i, c := range r.es.calls {
			if c.o.PTS != int64(i)*3600 {
				t.Errorf("picture %d at %d, want %d", i, c.o.PTS, i*3600)
			}
		}
	})
}

// TestClosed: nothing is kept or written after Close.
func TestClosed(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		w, cancel := r.watch()
		r.put(1, 0)
		r.view.Close()
		r.view.Close()
		r.put(2, 0)
		r.still(3)
		r.view.RequestKeyframe()
		cancel()
		if len(w.frames) != 1 || r.pool.InUse() != 0 || r.es.open != 0 {
			t.Errorf("%d frames, %d pictures held, %d encoders", len(w.frames), r.pool.InUse(), r.es.open)
		}
	})
}

// signal is a watcher that tells that a frame came.
type signal chan struct{}

func (s signal) WriteFrame(*media.Frame) { s <- struct{}{} }

// fanOut returns a step that encodes one picture for n watchers and waits until
// all have it.
func fanOut(tb testing.TB, n int) (step func()) {
	tb.Helper()
	config := media.VideoEncoderConfig{Width: 64, Height: 36, FPS: 30, Bitrate: 2_000_000, Layers: 2}
	v := view.New(view.Options{
		Config:     config,
		NewEncoder: func(media.VideoEncoderConfig) (media.VideoEncoder, error) { return &constant{}, nil },
		Scaler:     pixel.Reference{}, Frames: media.NewFramePool(4), Clock: media.NewClock(),
	})
	tb.Cleanup(v.Close)
	for range n - 1 {
		v.Watch(ignore{})
	}
	last := make(signal)
	v.Watch(last)
	p, tick := media.NewPicture(64, 36), int64(0)
	step = func() {
		tick++
		v.Put(p, tick, uint32(tick)*3000, 0)
		<-last
	}
	step()
	return step
}

// constant is an encoder of frames of 8 kB, a 30th of 2 Mbit/s.
type constant struct {
	begun bool
	data  [8333]byte
}

func (c *constant) Encode(*media.Picture, media.EncodeOptions) ([]byte, bool, error) {
	key := !c.begun
	c.begun = true
	return c.data[:], key, nil
}

func (c *constant) Close() error { return nil }

// ignore is a watcher that costs nothing.
type ignore struct{}

func (ignore) WriteFrame(*media.Frame) {}

func TestStepAllocatesNothing(t *testing.T) {
	step := fanOut(t, 10)
	if n := testing.AllocsPerRun(200, step); n != 0 {
		t.Errorf("a picture allocates %v objects, want 0", n)
	}
}
