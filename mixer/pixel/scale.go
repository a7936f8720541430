package pixel

import (
	"image"
	"math/bits"

	"github.com/omniverto/omniverto/media"
)

// Scaler scales the crop of src into the rectangle rect of dst, in all three
// planes. crop lies within src and rect within dst; both begin at even
// coordinates. A crop of the same size as rect is copied exactly. It borrows
// both pictures, writes nothing outside of rect, allocates nothing and is safe
// for concurrent use on different destinations.
type Scaler interface {
	Scale(dst *media.Picture, rect image.Rectangle, src *media.Picture, crop image.Rectangle)
}

// Reference is the Scaler in plain Go. Each axis on its own is a box filter
// (the exact mean of the source area that a pixel covers) where it shrinks, and
// linear between pixel centres where it grows; results are rounded to nearest.
type Reference struct{}

var _ Scaler = Reference{}

// Scale implements Scaler.
func (Reference) Scale(dst *media.Picture, rect image.Rectangle, src *media.Picture, crop image.Rectangle) {
	if rect.Empty() || crop.Empty() {
		return
	}
	if rect.Size() == crop.Size() {
		CopyRect(dst, rect.Min, src, crop)
		return
	}
	from, to := planes(src), planes(dst)
	scalePlane(to[0], rect, from[0], crop)
	scalePlane(to[1], chroma(rect), from[1], chroma(crop))
	scalePlane(to[2], chroma(rect), from[2], chroma(crop))
}

// planes is Picture.Planes under a name that reads well in kernels.
func planes(p *media.Picture) [3]media.Plane { return p.Planes() }

// chroma is the rectangle of the chroma samples that r touches.
func chroma(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X/2, r.Min.Y/2, (r.Max.X+1)/2, (r.Max.Y+1)/2)
}

// maxRow is the widest crop whose row sums fit the stack: the longer side of
// the largest picture that is decoded (4096x2304 in either orientation).
const maxRow = 4096

// scalePlane first sums the weighted rows of the crop that make one row of the
// result, then the weighted columns of that sum. Weights are exact integers, in
// units that make their sum the axis' total.
func scalePlane(dst media.Plane, rect image.Rectangle, src media.Plane, crop image.Rectangle) {
	x := axis{crop.Dx(), rect.Dx()}
	y := axis{crop.Dy(), rect.Dy()}
	var stack [maxRow]uint32
	sums := stack[:]
	if crop.Dx() > maxRow {
		sums = make([]uint32, crop.Dx())
	}
	sums = sums[:crop.Dx()]
	d := newDivider(uint64(x.total()) * uint64(y.total()))
	for i := range rect.Dy() {
		sumRows(sums, src, crop, y.tap(i))
		at := (rect.Min.Y+i)*dst.Stride + rect.Min.X
		if row := dst.Pix[at : at+rect.Dx()]; x.shrinks() {
			boxRow(row, sums, d)
		} else {
			linearRow(row, sums, d)
		}
	}
}

// sumRows sets sums to the weighted sum of the rows of crop that t names.
func sumRows(sums []uint32, src media.Plane, crop image.Rectangle, t tap) {
	for k := t.first; k <= t.last; k++ {
		at := (crop.Min.Y+k)*src.Stride + crop.Min.X
		row, w := src.Pix[at:at+len(sums)], t.weight(k)
		if k == t.first {
			for j, v := range row {
				sums[j] = w * uint32(v)
			}
			continue
		}
		for j, v := range row {
			sums[j] += w * uint32(v)
		}
	}
}

// axis maps n destination pixels to size source pixels in one direction. Where
// it shrinks it counts in 1/n source pixels, else in 1/2n.
type axis struct{ size, n int }

func (a axis) shrinks() bool { return a.n < a.size }

// total is the sum of the weights of every tap.
func (a axis) total() int {
	if a.shrinks() {
		return a.size
	}
	return 2 * a.n
}

// tap is the run of source pixels that make one destination pixel: the first
// and the last with their own weights, those between with weight mid.
type tap struct {
	first, last     int
	head, mid, tail uint32
}

func (t tap) weight(k int) uint32 {
	switch k {
	case t.first:
		return t.head
	case t.last:
		return t.tail
	}
	return t.mid
}

// tap returns what makes destination pixel i. Shrinking, it covers [i*size,
// (i+1)*size), and source pixel k covers [k*n, (k+1)*n). Growing, it lies between
// the centres of two source pixels; beyond the outer centres the edge holds.
func (a axis) tap(i int) tap {
	if a.shrinks() {
		from, to := i*a.size, (i+1)*a.size
		k, l := from/a.n, (to-1)/a.n
		return tap{k, l, uint32((k+1)*a.n - from), uint32(a.n), uint32(to - l*a.n)}
	}
	unit := 2 * a.n
	at := min(max((2*i+1)*a.size-a.n, 0), (a.size-1)*unit)
	k, f := at/unit, uint32(at%unit)
	if f == 0 {
		return tap{first: k, last: k, head: uint32(unit)}
	}
	return tap{first: k, last: k + 1, head: uint32(unit) - f, tail: f}
}

// boxRow shrinks the sums of the source rows to one destination row. It is tap
// for every pixel in turn: one begins rem/n into source pixel k, where the one
// before ended.
func boxRow(dst []byte, sums []uint32, d divider) {
	n := len(dst)
	step, part := len(sums)/n, len(sums)%n
	k, rem := 0, 0
	for i := range dst {
		v := uint64(sums[k]) * uint64(n-rem)
		end := k + step
		if rem += part; rem >= n {
			rem, end = rem-n, end+1
		}
		var mid uint64
		for _, s := range sums[k+1 : end] {
			mid += uint64(s)
		}
		v += mid * uint64(n)
		if rem > 0 {
			v += uint64(sums[end]) * uint64(rem)
		}
		k, dst[i] = end, d.round(v)
	}
}

// linearRow stretches the sums of the source rows to one destination row. It is
// tap for every pixel in turn: one lies f/2n behind the centre of source pixel k.
func linearRow(dst []byte, sums []uint32, d divider) {
	unit, step := 2*len(dst), 2*len(sums)
	k, f, last := 0, len(sums)-len(dst), len(sums)-1
	if f < 0 {
		k, f = -1, f+unit
	}
	for i := range dst {
		v := uint64(sums[max(k, 0)])*uint64(unit-f) + uint64(sums[min(k+1, last)])*uint64(f)
		dst[i] = d.round(v)
		if f += step; f >= unit {
			k, f = k+1, f-unit
		}
	}
}

// divider divides by a constant, rounded to nearest, by a multiplication: with
// m = floor(2^64/n)+1 the high word of v*m is exact while v*n < 2^64, and here
// v ≤ 255.5*n and n < 2^28. n is at least 2.
type divider struct{ half, inverse uint64 }

func newDivider(n uint64) divider {
	return divider{half: n / 2, inverse: ^uint64(0)/n + 1}
}

func (d divider) round(v uint64) byte {
	hi, _ := bits.Mul64(v+d.half, d.inverse)
	return byte(hi)
}
