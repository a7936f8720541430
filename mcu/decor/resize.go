package decor

import "image"

// seam is the share of a place below which a bar beside an image is not drawn: the
// image is stretched by so little instead, as the canvas does with cameras.
const seam = 64

// fitted places an image of a size whole into the middle of w x h pixels, as large as
// it fits, with even coordinates.
func fitted(img image.Point, w, h int) image.Rectangle {
	fw, fh := w, h
	if w*img.Y > h*img.X { // wider than the image: room left and right
		fw = reach(w, h*img.X/img.Y)
	} else {
		fh = reach(h, w*img.Y/img.X)
	}
	at := image.Pt((w-fw)/2&^1, (h-fh)/2&^1)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(fw, fh))}
}

// reach is the even size for want within all, or all where little would be left.
func reach(all, want int) int {
	want = min(max((want+1)&^1, 2), all)
	if (all-want)*seam <= all {
		return all
	}
	return want
}

// weights say of which pixels, and with how much of each, one pixel of a scaled row
// is made. They add up to unit.
type weights struct {
	first int
	w     []uint32
}

// unit is one in the weights; an image's row in between has eight bits more than a
// byte, so that the sums of both directions fit 32 bits.
const unit = 1 << 16

// axis is how n pixels are made of size pixels: the mean of what each covers where
// it shrinks, linear between the middles where it grows.
func axis(size, n int) []weights {
	all := make([]weights, n)
	for i := range all {
		if n < size {
			all[i] = box(size, n, i)
		} else {
			all[i] = linear(size, n, i)
		}
	}
	return all
}

// box is pixel i: it covers [i*size, (i+1)*size), and pixel k of the source covers
// [k*n, (k+1)*n).
func box(size, n, i int) weights {
	from, to := i*size, (i+1)*size
	first, last := from/n, (to-1)/n
	all := weights{first, make([]uint32, last-first+1)}
	sum := uint32(0)
	for k := first; k <= last; k++ {
		covered := min(to, (k+1)*n) - max(from, k*n)
		w := uint32(covered * unit / size)
		all.w[k-first] = w
		sum += w
	}
	all.w[len(all.w)/2] += unit - sum // of rounding
	return all
}

func linear(size, n, i int) weights {
	at := min(max((2*i+1)*size-n, 0), (size-1)*2*n) // in 1/2n pixels
	k, f := at/(2*n), at%(2*n)
	if f == 0 {
		return weights{k, []uint32{unit}}
	}
	second := uint32(f * unit / (2 * n))
	return weights{k, []uint32{unit - second, second}}
}

// resize scales an image to w x h pixels; the same image if it has that size.
// Arithmetic is in integers, so that the result is the same on every machine.
func resize(src *image.RGBA, w, h int) *image.RGBA {
	if src.Rect.Size() == image.Pt(w, h) {
		out := image.NewRGBA(image.Rect(0, 0, w, h))
		copy(out.Pix, src.Pix)
		return out
	}
	rows, columns := axis(src.Rect.Dy(), h), axis(src.Rect.Dx(), w)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	sums := make([]uint32, 4*src.Rect.Dx())
	for y, row := range rows {
		clear(sums)
		for k, weight := range row.w {
			from := src.Pix[(row.first+k)*src.Stride:][:len(sums)]
			for i, v := range from {
				sums[i] += weight * uint32(v)
			}
		}
		to := out.Pix[y*out.Stride:][:4*w]
		for x, column := range columns {
			var r, g, b, a uint32
			at := 4 * column.first
			for _, weight := range column.w {
				p := sums[at : at+4 : at+4]
				r, g, b, a = r+weight*(p[0]>>8), g+weight*(p[1]>>8), b+weight*(p[2]>>8), a+weight*(p[3]>>8)
				at += 4
			}
			const half = 1 << 23
			d := to[4*x : 4*x+4 : 4*x+4]
			d[0], d[1], d[2], d[3] = byte((r+half)>>24), byte((g+half)>>24), byte((b+half)>>24), byte((a+half)>>24)
		}
	}
	return out
}
