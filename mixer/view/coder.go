package view

import (
	"image"
	"log/slog"
	"time"

	"github.com/omniverto/omniverto/media"
)

// retryAfter is the least time between two attempts to open an encoder, and
// between two log lines.
const retryAfter = time.Second

// coder is the loop's encoder with its time. It is there only while somebody
// watches.
type coder struct {
	log     *slog.Logger
	encoder media.VideoEncoder // or nil
	fresh   bool               // nothing was given to it yet
	rtp     uint32             // of the last picture
	pts     int64              // rtp unwrapped, from 0
	failed  bool
	at      time.Duration // when it last failed
}

// open opens an encoder if there is none and it is time to try.
func (c *coder) open(o *Options, now time.Duration) error {
	if c.encoder != nil || c.failed && now-c.at < retryAfter {
		return nil
	}
	e, err := o.NewEncoder(o.Config)
	if err != nil {
		c.fail("open encoder", err, now)
		return err
	}
	c.encoder, c.fresh, c.pts = e, true, 0
	return nil
}

// advance moves the time on to rtp; false when that is not later.
func (c *coder) advance(rtp uint32) bool {
	step := int32(rtp - c.rtp)
	if !c.fresh && step <= 0 {
		return false
	}
	if !c.fresh {
		c.pts += int64(step)
	}
	c.fresh, c.rtp = false, rtp
	return true
}

// fail keeps and logs an error.
func (c *coder) fail(operation string, err error, now time.Duration) {
	if !c.failed || now-c.at >= retryAfter {
		c.log.Error("view: "+operation, "error", err)
	}
	c.failed, c.at = true, now
}

func (c *coder) close() {
	if c.encoder == nil {
		return
	}
	if err := c.encoder.Close(); err != nil {
		c.log.Error("view: close encoder", "error", err)
	}
	c.encoder = nil
}

// picture is the newest picture of the canvas: as it came, or at the view's size.
type picture struct {
	source  *media.Picture // retained, or nil
	scaled  *media.Picture // of the view's size; made when it is first needed
	resized bool           // scaled holds the picture
}

// set takes over p and its reference.
func (p *picture) set(source *media.Picture) {
	p.release()
	p.source = source
}

// none reports whether there is no picture.
func (p *picture) none() bool { return p.source == nil && !p.resized }

// fit returns the picture at the view's size. The canvas' own picture is released
// as soon as it was scaled.
func (p *picture) fit(o *Options) *media.Picture {
	width, height := o.Config.Width, o.Config.Height
	switch {
	case p.resized:
		return p.scaled
	case p.source.Width == width && p.source.Height == height:
		return p.source
	case p.scaled == nil:
		p.scaled = media.NewPicture(width, height)
	}
	o.Scaler.Scale(p.scaled, image.Rect(0, 0, width, height), p.source, image.Rect(0, 0, p.source.Width, p.source.Height))
	p.source.Release()
	p.source, p.resized = nil, true
	return p.scaled
}

// release gives the picture up.
func (p *picture) release() {
	if p.source != nil {
		p.source.Release()
	}
	p.source, p.resized = nil, false
}
