package canvas

import (
	"image"
	"math"
	"time"
)

// Move tells how a layer comes from another place: it is at From until Start and
// in its own place from Start plus Duration on.
type Move struct {
	From            image.Rectangle
	Start, Duration time.Duration // room time
}

// At is where a layer whose own place is to is at t, with even coordinates.
// Layers that touch in both places touch on the way if they move together.
func (m Move) At(to image.Rectangle, t time.Duration) image.Rectangle {
	to = even(to)
	if m.Duration <= 0 || t >= m.Start+m.Duration {
		return to
	}
	s, from := ease(t-m.Start, m.Duration), even(m.From)
	return image.Rect(
		between(from.Min.X, to.Min.X, s), between(from.Min.Y, to.Min.Y, s),
		between(from.Max.X, to.Max.X, s), between(from.Max.Y, to.Max.Y, s))
}

// easeOne is what ease counts to. Whole numbers make a move the same on every
// machine.
const easeOne = 1 << 12

// ease goes from 0 towards easeOne, which it has at d, and starts and ends slowly:
// 3u²-2u³.
func ease(elapsed, d time.Duration) int {
	if elapsed <= 0 {
		return 0
	}
	u := int64(float64(elapsed) / float64(d) * easeOne)
	return int(u * u * (3*easeOne - 2*u) / (easeOne * easeOne))
}

// between is the even coordinate at s on the way from a to b, both even.
func between(a, b, s int) int { return a + (b-a)*s/easeOne&^1 }

// Crop is a part of a picture, after its turn, in shares of its width and height.
type Crop struct{ X, Y, W, H float64 }

// Camera shows a part: From until Start, To from Start plus Duration on, and
// moves between them.
type Camera struct {
	From, To        Crop
	Start, Duration time.Duration // room time
}

// At is the part that is shown at t.
func (c Camera) At(t time.Duration) Crop {
	if c.Duration <= 0 || t >= c.Start+c.Duration {
		return c.To
	}
	s := float64(ease(t-c.Start, c.Duration)) / easeOne
	// The conversions keep a compiler from fusing the operations, which would round
	// differently on some machines.
	way := func(a, b float64) float64 { return a + float64((b-a)*s) }
	return Crop{way(c.From.X, c.To.X), way(c.From.Y, c.To.Y), way(c.From.W, c.To.W), way(c.From.H, c.To.H)}
}

// in is the crop of a picture of w x h, with even coordinates and not empty. What
// is no number or not positive is the whole; what lies outside is moved inside.
func (c Crop) in(w, h int) image.Rectangle {
	x0, x1 := span(c.X, c.W, w)
	y0, y1 := span(c.Y, c.H, h)
	return image.Rect(x0, y0, x1, y1)
}

func span(at, size float64, n int) (from, to int) {
	if math.IsNaN(at) || math.IsNaN(size) || size <= 0 || size >= 1 {
		return 0, n
	}
	at = min(max(at, 0), 1)
	length := min(max((int(size*float64(n))+1)&^1, 2), n)
	from = min((int(at*float64(n))+1)&^1, (n-length)&^1)
	return from, from + length
}
