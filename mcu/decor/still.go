package decor

import (
	"image"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// stillKey is the request for an image on a colour.
type stillKey struct {
	stamp stamp
	w, h  int
	color media.YUV
}

// Still is an image file as the picture of a cell of w x h pixels: whole, in the
// middle, the rest in the letterbox colour. Errors are those of Logo.
func (l *Library) Still(file string, w, h int, letterbox media.YUV) (*media.Picture, error) {
	w, h = even(w), even(h)
	stamp, err := l.stamp(file)
	if err != nil {
		return nil, err
	}
	return keep(&l.cache, stillKey{stamp, w, h, letterbox}, func() (*media.Picture, int, error) {
		img, at, err := l.fit(stamp, w, h)
		if err != nil {
			return nil, 0, err
		}
		p := media.NewPicture(w, h)
		p.Fill(letterbox)
		if b := newBitmap(img); b.Alpha == nil {
			pixel.Copy(p, at, b.Picture)
		} else {
			pixel.Blend(p, at, b.Picture, b.Alpha)
		}
		return p, pictureWeight(p), nil
	})
}

// Backdrop is an image file under the layers of a canvas of w x h pixels: whole, in
// the middle, the rest in the background's colour. Errors are those of Logo.
func (l *Library) Backdrop(file string, w, h int, bg media.YUV) (*media.Picture, error) {
	return l.Still(file, w, h, bg)
}

// frontKey is the request for an image with its opacity.
type frontKey struct {
	stamp stamp
	w, h  int
}

// Front is an image file over everything on a canvas of w x h pixels: whole, in the
// middle, the rest transparent. Errors are those of Logo.
func (l *Library) Front(file string, w, h int) (*pixel.Bitmap, error) {
	w, h = even(w), even(h)
	stamp, err := l.stamp(file)
	if err != nil {
		return nil, err
	}
	return keep(&l.cache, frontKey{stamp, w, h}, func() (*pixel.Bitmap, int, error) {
		img, at, err := l.fit(stamp, w, h)
		if err != nil {
			return nil, 0, err
		}
		all := img
		if img.Rect.Size() != image.Pt(w, h) {
			all = image.NewRGBA(image.Rect(0, 0, w, h))
			overlay(all, img, at)
		}
		b := newBitmap(all)
		return b, weight(b), nil
	})
}

// fit scales an image to its place in w x h pixels.
func (l *Library) fit(s stamp, w, h int) (*image.RGBA, image.Point, error) {
	src, full, err := l.source(s, w, h)
	if err != nil {
		return nil, image.Point{}, err
	}
	place := fitted(full, w, h)
	return resize(src, place.Dx(), place.Dy()), place.Min, nil
}
