package canvas

import (
	"image"
	"sync/atomic"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

const (
	// maxCached bounds the scaled pictures of a Cache in bytes; beyond it canvases
	// scale by themselves.
	maxCached = 64 << 20
	// idleCached is how long a size that nobody asks for keeps its memory.
	idleCached = 2 * time.Second
)

// Cache keeps the scaled pictures of one room tick, so that canvases that show the
// same source in the same size scale it once. Canvases that share one are stepped
// by one goroutine with the same times; Stats may be called from any.
type Cache struct {
	scaler pixel.Scaler // constant after construction

	hits, misses atomic.Uint64

	// Owned by the stepping goroutine.
	now     time.Duration
	entries []*cached
	bytes   int
}

// cached is a scaled picture. src is held while the entry is valid, so that its
// pointer names one picture.
type cached struct {
	src  *media.Picture // nil: the entry is free
	crop image.Rectangle
	pic  *media.Picture
	used time.Duration
}

// CacheStats are a Cache's counters since its start.
type CacheStats struct {
	Hits   uint64 // scaled pictures taken from the cache
	Misses uint64 // those scaled for it
}

// NewCache returns an empty cache that scales by scaler.
func NewCache(scaler pixel.Scaler) *Cache { return &Cache{scaler: scaler} }

// Stats returns the counters. Any goroutine.
func (c *Cache) Stats() CacheStats { return CacheStats{c.hits.Load(), c.misses.Load()} }

// Close gives back the pictures that the cache holds. The stepping goroutine.
func (c *Cache) Close() {
	for _, e := range c.entries {
		e.free()
	}
	c.entries, c.bytes = nil, 0
}

// get returns the crop of src scaled to a size, borrowed until the next call; nil
// when there is no memory for it.
func (c *Cache) get(t time.Duration, src *media.Picture, crop image.Rectangle, size image.Point) *media.Picture {
	if t != c.now {
		c.next(t)
	}
	var free *cached
	for _, e := range c.entries {
		switch {
		case e.pic.Width != size.X || e.pic.Height != size.Y:
		case e.src == src && e.crop == crop:
			c.hits.Add(1)
			return e.pic
		case e.src == nil && free == nil:
			free = e
		}
	}
	if free == nil {
		if free = c.grow(size); free == nil {
			return nil
		}
	}
	c.misses.Add(1)
	free.src, free.crop, free.used = src.Retain(), crop, t
	c.scaler.Scale(free.pic, image.Rectangle{Max: size}, src, crop)
	return free.pic
}

// next begins another tick: the sources' pictures go back to their pools, sizes
// out of use to the memory.
func (c *Cache) next(t time.Duration) {
	c.now = t
	kept := c.entries[:0]
	for _, e := range c.entries {
		e.free()
		if t-e.used > idleCached {
			c.bytes -= e.bytes()
			continue
		}
		kept = append(kept, e)
	}
	clear(c.entries[len(kept):])
	c.entries = kept
}

// grow adds an entry of a size, nil when the cache is full.
func (c *Cache) grow(size image.Point) *cached {
	if c.bytes+size.X*size.Y*3/2 > maxCached {
		return nil
	}
	e := &cached{pic: media.NewPicture(size.X, size.Y)}
	c.bytes += e.bytes()
	c.entries = append(c.entries, e)
	return e
}

func (e *cached) bytes() int { return e.pic.Width * e.pic.Height * 3 / 2 }

func (e *cached) free() {
	if e.src != nil {
		e.src.Release()
		e.src = nil
	}
}
