package canvas

import (
	"image"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// drawLayer draws layer i into b and tells which part of its cell it drew: all, or
// only the picture when what lies around it is there already.
func (c *Canvas) drawLayer(b *buffer, i int) image.Rectangle {
	k, part := &c.looks[i], c.looks[i].rect
	if !k.dressed(&b.layers[i]) {
		part = k.cell
		c.drawOutfit(b.pic, k)
	}
	if k.rect.Empty() {
		return c.finish(b.pic, k, part)
	}
	if src := c.shown[i].pic; src == nil {
		pixel.Fill(b.pic, k.rect, c.plan.scene.Letterbox)
	} else {
		c.drawPicture(b.pic, k, src, c.plan.layers[i].Shared)
	}
	return c.finish(b.pic, k, part)
}

// drawOutfit draws what lies around a layer's picture: bars, border and banner.
func (c *Canvas) drawOutfit(dst *media.Picture, k *look) {
	above := k.cell
	above.Max.Y = k.bar.Min.Y
	if k.rect.Empty() {
		pixel.Fill(dst, above, c.plan.scene.Letterbox)
	} else {
		surround(dst, above, k.frame, c.plan.scene.Letterbox)
		surround(dst, k.frame, k.rect, k.border)
	}
	if k.banner == nil {
		return
	}
	p := k.banner.Picture
	if p.Width < k.bar.Dx() || p.Height < k.bar.Dy() {
		at := (p.Width - 1) / 2
		pixel.Fill(dst, k.bar, media.YUV{Y: p.Y[p.Width-1], U: p.U[at], V: p.V[at]})
	}
	pixel.CopyRect(dst, k.bar.Min, p, image.Rectangle{Max: k.bar.Size()})
}

// surround paints what of outer the rectangle inner leaves: above, below, left and
// right of it.
func surround(dst *media.Picture, outer, inner image.Rectangle, color media.YUV) {
	pixel.Fill(dst, image.Rect(outer.Min.X, outer.Min.Y, outer.Max.X, inner.Min.Y), color)
	pixel.Fill(dst, image.Rect(outer.Min.X, inner.Max.Y, outer.Max.X, outer.Max.Y), color)
	pixel.Fill(dst, image.Rect(outer.Min.X, inner.Min.Y, inner.Min.X, inner.Max.Y), color)
	pixel.Fill(dst, image.Rect(inner.Max.X, inner.Min.Y, outer.Max.X, inner.Max.Y), color)
}

// drawPicture scales, turns and filters a layer's picture.
func (c *Canvas) drawPicture(dst *media.Picture, k *look, src *media.Picture, shared bool) {
	size, turn := k.rect.Size(), pixel.Orientation(k.turn)
	if turn.Sideways() {
		size = image.Pt(size.Y, size.X)
	}
	crop := k.crop
	// While layers move, sizes are new in every step: nothing for the cache.
	if shared && c.cache != nil && size != crop.Size() && c.now >= c.plan.settled {
		if p := c.cache.get(c.now, src, crop, size); p != nil {
			src, crop = p, image.Rectangle{Max: size}
		}
	}
	switch {
	case k.turn == (Turn{}):
		c.scaler.Scale(dst, k.rect, src, crop)
	case size == crop.Size():
		pixel.Turn(dst, k.rect.Min, src, crop, turn)
	default:
		whole := image.Rectangle{Max: size}
		c.scaler.Scale(c.square, whole, src, crop)
		pixel.Turn(dst, k.rect.Min, c.square, whole, turn)
	}
	if k.filter&FilterGray != 0 {
		pixel.Gray(dst, k.rect)
	}
	if k.filter&FilterSepia != 0 {
		pixel.Sepia(dst, k.rect)
	}
	if k.filter&FilterEightBit != 0 {
		pixel.EightBit(dst, k.rect)
	}
}

// finish lays over a part of a layer what lies over its picture: overlays, ring,
// and the scene's front. It returns part.
func (c *Canvas) finish(dst *media.Picture, k *look, part image.Rectangle) image.Rectangle {
	for _, o := range k.overlays {
		pixel.Lay(dst, k.cell.Min.Add(o.At), o.Bitmap, part)
	}
	if k.ring.Width > 0 {
		if inner := k.cell.Inset(k.ring.Width).Intersect(part); inner.Empty() {
			pixel.Fill(dst, part, k.ring.Color)
		} else {
			surround(dst, part, inner, k.ring.Color)
		}
	}
	c.front(dst, part)
	return part
}

// front lays the scene's front over a part of the canvas.
func (c *Canvas) front(dst *media.Picture, part image.Rectangle) {
	if c.plan.front != nil {
		pixel.Lay(dst, image.Point{}, c.plan.front, part)
	}
}
