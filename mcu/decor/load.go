package decor

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
)

// Limits of an image file. They are checked before anything is decoded, so that a
// small file cannot ask for much memory.
const (
	maxFile = 8 << 20     // bytes
	maxArea = 4096 * 2304 // pixels, as of a shared screen (media.md 19)
	maxSide = 1 << 13     // pixels
)

// format is a kind of image file.
type format struct {
	mime, extension, magic string
	config                 func(io.Reader) (image.Config, error)
	decode                 func(io.Reader) (image.Image, error)
}

func formats() [2]format {
	return [2]format{
		{"image/png", ".png", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
		{"image/jpeg", ".jpg", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	}
}

// inspect finds out what an image file is without decoding it, and refuses what is
// none and what is too large.
func inspect(data []byte) (format, image.Config, error) {
	for _, f := range formats() {
		if !bytes.HasPrefix(data, []byte(f.magic)) {
			continue
		}
		c, err := f.config(bytes.NewReader(data))
		switch {
		case err != nil:
			return f, c, fmt.Errorf("%w: %w", ErrImage, err)
		case c.Width <= 0 || c.Height <= 0 || c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxArea:
			return f, c, fmt.Errorf("%w: %dx%d is larger than 4096x2304", ErrImage, c.Width, c.Height)
		}
		return f, c, nil
	}
	return format{}, image.Config{}, fmt.Errorf("%w: neither PNG nor JPEG", ErrImage)
}

// decode reads an image file.
func decode(data []byte) (*image.RGBA, error) {
	f, c, err := inspect(data)
	if err != nil {
		return nil, err
	}
	img, err := f.decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrImage, err)
	}
	if size := img.Bounds().Size(); size != image.Pt(c.Width, c.Height) {
		return nil, fmt.Errorf("%w: the header says %dx%d, the image is %v", ErrImage, c.Width, c.Height, size)
	}
	out := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out, nil
}

// stamp names a file as it is at the moment: a file that was changed has another.
type stamp struct {
	file     string
	modified int64 // nanoseconds
	size     int64
}

// stamp looks at a file of the media folder.
func (l *Library) stamp(file string) (stamp, error) {
	if l.media == nil {
		return stamp{}, fmt.Errorf("decor: %q: %w: there is none", shorten(file), ErrOutside)
	}
	local, info, err := l.media.stat(file)
	if err != nil {
		return stamp{}, err
	}
	return stamp{local, info.ModTime().UnixNano(), info.Size()}, nil
}

// keptSide bounds the images that are kept for cells of other sizes, in pixels;
// larger ones are kept reduced.
const keptSide = 1920

// sourceKey is the request for an image in a size fit for most cells.
type sourceKey struct{ stamp stamp }

// source is an image, and its size.
type source struct {
	img  *image.RGBA
	full image.Point
}

// source returns an image to be scaled into w x h pixels, and the size that it has
// in its file.
func (l *Library) source(s stamp, w, h int) (*image.RGBA, image.Point, error) {
	if w > keptSide || h > keptSide {
		img, err := l.load(s)
		if err != nil {
			return nil, image.Point{}, err
		}
		return img, img.Rect.Size(), nil
	}
	v, err := keep(&l.cache, sourceKey{s}, func() (source, int, error) {
		img, err := l.load(s)
		if err != nil {
			return source{}, 0, err
		}
		full := img.Rect.Size()
		if full.X > keptSide || full.Y > keptSide {
			size := fitted(full, keptSide, keptSide).Size()
			img = resize(img, size.X, size.Y)
		}
		return source{img, full}, len(img.Pix), nil
	})
	return v.img, v.full, err
}

// load reads and decodes an image.
func (l *Library) load(s stamp) (*image.RGBA, error) {
	l.decoding.Lock()
	defer l.decoding.Unlock()
	data, err := l.media.read(s.file)
	if err != nil {
		return nil, err
	}
	img, err := decode(data)
	if err != nil {
		return nil, wrap(s.file, err)
	}
	return img, nil
}
