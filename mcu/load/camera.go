package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/vpx"
)

// Camera is what a synthetic camera sends.
type Camera struct {
	Width, Height, FPS, Kbps int
}

// loopSeconds is the length of a camera's loop. A picture that is older than
// that would be taken for a younger one.
const loopSeconds = 4

// frames is the length of the camera's loop.
func (c Camera) frames() int { return min(loopSeconds*c.FPS, codeFrames) }

// encode makes the loop of a camera: coded pictures with the source's time code,
// the first of which is a keyframe. It takes some seconds of CPU for a large one.
func (c Camera) encode(source uint8) ([][]byte, error) {
	enc, err := vpx.NewEncoder(media.VideoEncoderConfig{
		Width: c.Width, Height: c.Height, FPS: c.FPS, Bitrate: c.Kbps * 1000, Layers: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("load: camera: %w", err)
	}
	defer enc.Close()
	scene, pic := newScenery(), media.NewPicture(c.Width, c.Height)
	loop := make([][]byte, 0, c.frames())
	for n := range c.frames() {
		scene.paint(pic, n)
		timeCode{source, uint8(n)}.paint(pic)
		data, _, err := enc.Encode(pic, media.EncodeOptions{PTS: int64(n * media.VideoClock / c.FPS), Key: n == 0})
		if err != nil {
			return nil, fmt.Errorf("load: camera: frame %d: %w", n, err)
		}
		loop = append(loop, slices.Clone(data))
	}
	return loop, nil
}

// scenerySide is the size of the texture, a power of two.
const scenerySide = 256

// scenery is what a camera sees: a still room with the grain of a sensor, and
// before it, over the middle three fifths, somebody who sways. It is about as hard
// for a codec as a person at a desk.
type scenery struct {
	texture [scenerySide * scenerySide]uint8
	grain   [4096]int8
}

// newScenery makes the same scenery every time.
func newScenery() *scenery {
	s, r := &scenery{}, rand.New(rand.NewPCG(1, 2))
	wave := func(cycles int) float64 { return math.Sin(2 * math.Pi * float64(cycles) / scenerySide) }
	for i := range s.texture {
		x, y := i%scenerySide, i/scenerySide
		soft := 28*wave(3*x+y) + 20*wave(x-4*y) + 14*wave(9*x+5*y) + 8*wave(17*x-23*y)
		s.texture[i] = uint8(115 + soft + 10*r.Float64())
	}
	for i := range s.grain {
		s.grain[i] = int8(r.IntN(3) - 1)
	}
	return s
}

// sway is where the person is in frame n of a loop, in pixels.
func (s *scenery) sway(n, width int) int {
	return int(float64(width) / 40 * math.Sin(2*math.Pi*float64(n)/60))
}

// paint draws frame n.
func (s *scenery) paint(p *media.Picture, n int) {
	sway := s.sway(n, p.Width)
	left, right := p.Width/5+sway, p.Width*4/5+sway
	for y := range p.Height {
		row := p.Y[y*p.StrideY : y*p.StrideY+p.Width]
		line := s.texture[y&(scenerySide-1)*scenerySide:][:scenerySide]
		noise := (y*37 + n*911) & 4095
		for x := range row {
			v := int(line[x&(scenerySide-1)])
			if x >= left && x < right { // the person, in front and lighter
				v = 40 + int(line[(x-sway+97)&(scenerySide-1)])*3/4
			}
			row[x] = uint8(v + int(s.grain[(noise+x*7)&4095]))
		}
	}
	s.paintColor(p, left, right)
}

// paintColor gives room and person their colours.
func (s *scenery) paintColor(p *media.Picture, left, right int) {
	for i, pl := range p.Planes() {
		if i == 0 {
			continue
		}
		for y := range pl.Height {
			row := pl.Pix[y*pl.Stride : y*pl.Stride+pl.Width]
			for x := range row {
				row[x] = uint8(120 + (x+y*i)>>4&7)
				if 2*x >= left && 2*x < right {
					row[x] = uint8(110 + 25*(i-1) + y>>4&7)
				}
			}
		}
	}
}
