package mediatest

import (
	"fmt"
	"image"
	"math"

	"github.com/omniverto/omniverto/media"
)

// PSNR is the peak signal-to-noise ratio of the luma of two pictures of the same
// size in dB, +Inf when they are equal.
func PSNR(a, b *media.Picture) float64 { return planePSNR(a, b, 0) }

// WorstPSNR is the least of the three planes' PSNR.
func WorstPSNR(a, b *media.Picture) float64 {
	return min(planePSNR(a, b, 0), planePSNR(a, b, 1), planePSNR(a, b, 2))
}

// Equal reports whether two pictures have the same size and the same samples;
// what lies between width and stride is not looked at.
func Equal(a, b *media.Picture) bool {
	return a.Width == b.Width && a.Height == b.Height && math.IsInf(WorstPSNR(a, b), 1)
}

func planePSNR(a, b *media.Picture, plane int) float64 {
	if a.Width != b.Width || a.Height != b.Height {
		panic(fmt.Sprintf("mediatest: PSNR of %dx%d and %dx%d", a.Width, a.Height, b.Width, b.Height))
	}
	pa, pb := a.Planes()[plane], b.Planes()[plane]
	var sum uint64
	for y := range pa.Height {
		ra := pa.Pix[y*pa.Stride : y*pa.Stride+pa.Width]
		rb := pb.Pix[y*pb.Stride : y*pb.Stride+pb.Width]
		for x := range ra {
			d := int(ra[x]) - int(rb[x])
			sum += uint64(d * d)
		}
	}
	return 10 * math.Log10(255*255*float64(pa.Width*pa.Height)/float64(sum))
}

// Average is the mean colour of a rectangle, clipped to the picture.
func Average(p *media.Picture, r image.Rectangle) media.YUV {
	r = r.Intersect(image.Rect(0, 0, p.Width, p.Height))
	rc := image.Rect(r.Min.X/2, r.Min.Y/2, (r.Max.X+1)/2, (r.Max.Y+1)/2)
	planes := p.Planes()
	return media.YUV{Y: mean(planes[0], r), U: mean(planes[1], rc), V: mean(planes[2], rc)}
}

func mean(pl media.Plane, r image.Rectangle) byte {
	if r.Empty() {
		return 0
	}
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range pl.Pix[y*pl.Stride+r.Min.X : y*pl.Stride+r.Max.X] {
			sum += int(v)
		}
	}
	n := r.Dx() * r.Dy()
	return byte((sum + n/2) / n)
}

// Near reports whether no component of two colours differs by more than tolerance.
func Near(a, b media.YUV, tolerance int) bool {
	near := func(x, y byte) bool { return max(x, y)-min(x, y) <= byte(tolerance) }
	return near(a.Y, b.Y) && near(a.U, b.U) && near(a.V, b.V)
}
