package media

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Plane is one 8-bit plane: Height rows of Width bytes, Stride bytes apart.
type Plane struct {
	Pix                   []byte
	Stride, Width, Height int
}

// Picture is a planar 4:2:0 picture, BT.601 limited range.
//
// Y has Height rows of Width bytes; U and V have (Height+1)/2 rows of
// (Width+1)/2 bytes. A Picture from a pool starts with one reference.
type Picture struct {
	Width, Height     int
	Y, U, V           []byte
	StrideY, StrideUV int

	refs atomic.Int32
	pool *PicturePool
}

// NewPicture allocates a picture that belongs to no pool; its Retain and
// Release only count. Used for cached bitmaps and in tests.
func NewPicture(width, height int) *Picture {
	p := &Picture{}
	p.shape(width, height)
	p.refs.Store(1)
	return p
}

func (p *Picture) shape(width, height int) {
	cw, ch := (width+1)/2, (height+1)/2
	// Strides of whole cache lines keep the SIMD kernels aligned.
	sy, suv := align(width), align(cw)
	buf := make([]byte, sy*height+2*suv*ch)
	p.Width, p.Height, p.StrideY, p.StrideUV = width, height, sy, suv
	p.Y = buf[: sy*height : sy*height]
	p.U = buf[sy*height : sy*height+suv*ch : sy*height+suv*ch]
	p.V = buf[sy*height+suv*ch:]
}

func align(n int) int { return (n + 63) &^ 63 }

// Planes returns Y, U and V in this order.
func (p *Picture) Planes() [3]Plane {
	cw, ch := (p.Width+1)/2, (p.Height+1)/2
	return [3]Plane{
		{p.Y, p.StrideY, p.Width, p.Height},
		{p.U, p.StrideUV, cw, ch},
		{p.V, p.StrideUV, cw, ch},
	}
}

// Fill paints the whole picture in one colour.
func (p *Picture) Fill(c YUV) {
	for i, pl := range p.Planes() {
		v := [3]byte{c.Y, c.U, c.V}[i]
		row := pl.Pix[:pl.Stride*pl.Height]
		for j := range row {
			row[j] = v
		}
	}
}

// Retain adds a reference and returns p.
func (p *Picture) Retain() *Picture {
	if p.refs.Add(1) <= 1 {
		panic("media: Retain of a released Picture")
	}
	return p
}

// Release gives one reference back; the last one returns the picture to its pool.
func (p *Picture) Release() {
	switch n := p.refs.Add(-1); {
	case n > 0:
	case n < 0:
		panic("media: Picture released twice")
	case p.pool != nil:
		poison(p)
		p.pool.put(p)
	}
}

// Shared reports whether anybody but the caller holds a reference.
func (p *Picture) Shared() bool { return p.refs.Load() > 1 }

type geometry struct{ w, h int }

// PicturePool hands out pictures keyed by geometry. It is bounded: beyond max
// pictures in use it refuses, so that a leak shows as refusals, not as memory.
// Safe for concurrent use.
type PicturePool struct {
	max     int
	refused atomic.Uint64
	mu      sync.Mutex
	inUse   int
	free    map[geometry][]*Picture // guarded by mu
	nfree   int
}

// NewPicturePool returns a pool that has at most max pictures in use at a time.
func NewPicturePool(max int) *PicturePool {
	return &PicturePool{max: max, free: make(map[geometry][]*Picture)}
}

// Get returns a picture of the geometry with one reference and undefined
// content, or nil when max pictures are in use. An empty geometry is a
// programmer's error and panics.
func (pp *PicturePool) Get(width, height int) *Picture {
	if width <= 0 || height <= 0 {
		panic(fmt.Sprintf("media: picture of %dx%d", width, height))
	}
	pp.mu.Lock()
	if pp.inUse >= pp.max {
		pp.mu.Unlock()
		pp.refused.Add(1)
		return nil
	}
	pp.inUse++
	key := geometry{width, height}
	var p *Picture
	if l := pp.free[key]; len(l) > 0 {
		p = l[len(l)-1]
		pp.free[key] = l[:len(l)-1]
		pp.nfree--
	}
	pp.mu.Unlock()
	if p == nil {
		p = &Picture{pool: pp}
		p.shape(width, height)
	}
	p.refs.Store(1)
	return p
}

// maxIdle bounds the pictures kept for reuse; sizes that went out of use are
// dropped first.
const maxIdle = 64

func (pp *PicturePool) put(p *Picture) {
	pp.mu.Lock()
	defer pp.mu.Unlock()
	pp.inUse--
	key := geometry{p.Width, p.Height}
	if pp.nfree >= maxIdle {
		for k, l := range pp.free {
			if k != key {
				pp.nfree -= len(l)
				delete(pp.free, k)
			}
		}
		if pp.nfree >= maxIdle {
			return
		}
	}
	pp.free[key] = append(pp.free[key], p)
	pp.nfree++
}

// InUse is the number of pictures handed out and not yet released.
func (pp *PicturePool) InUse() int { pp.mu.Lock(); defer pp.mu.Unlock(); return pp.inUse }

// Refused counts the Gets that returned nil.
func (pp *PicturePool) Refused() uint64 { return pp.refused.Load() }
