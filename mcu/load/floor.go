package load

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"sync"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/media/vpx"
	"github.com/omniverto/omniverto/media/yuv"
)

// FloorSpec is the bare codec work of a meeting: what no mixing server can do
// without.
type FloorSpec struct {
	Cameras int    `json:"cameras"` // each decoded once, at its own size
	Camera  Camera `json:"camera"`
	Canvas  Camera `json:"canvas"` // encoded once, at the bit rate that was received
	Talkers int    `json:"talkers"`
	Mixes   int    `json:"mixes"` // different ones: one for each talker and one for all others
}

// String tells the work in words.
func (s FloorSpec) String() string {
	video := "no video"
	if s.Cameras > 0 {
		video = fmt.Sprintf("%d × VP8 decode %dx%d@%d, box scale, 1 × VP8 encode %dx%d@%d at %d kbit/s", s.Cameras,
			s.Camera.Width, s.Camera.Height, s.Camera.FPS, s.Canvas.Width, s.Canvas.Height, s.Canvas.FPS, s.Canvas.Kbps)
	}
	return fmt.Sprintf("%s; %d × Opus decode, %d × Opus encode, stereo", video, s.Talkers, s.Mixes)
}

// floorReady is the line that says that the work has begun.
const floorReady = "floor ready"

// ServeFloor reads a FloorSpec as JSON, writes a line when it is ready, and does
// the work at the meeting's pace until ctx ends. It is a process of its own, so
// that its CPU time can be told from the load generator's.
func ServeFloor(ctx context.Context, in io.Reader, out io.Writer) error {
	var spec FloorSpec
	if err := json.NewDecoder(in).Decode(&spec); err != nil {
		return fmt.Errorf("load: floor: %w", err)
	}
	video, err := newFloorVideo(spec)
	if err != nil {
		return err
	}
	defer video.close()
	sound, err := newFloorSound(spec)
	if err != nil {
		return err
	}
	defer sound.close()
	if _, err := fmt.Fprintln(out, floorReady); err != nil {
		return err
	}
	var p punctuality
	var wg sync.WaitGroup
	start := time.Now()
	if spec.Cameras > 0 {
		wg.Go(func() { p.pace(ctx, start, time.Second/time.Duration(spec.Canvas.FPS), video.step) })
	}
	wg.Go(func() { p.pace(ctx, start, media.AudioTick, sound.step) })
	wg.Wait()
	return nil
}

// floorVideo decodes, scales and encodes. Used by one goroutine.
type floorVideo struct {
	spec     FloorSpec
	loop     [][]byte
	cells    []image.Rectangle
	decoders []*vpx.Decoder
	decoded  int // pictures of each camera so far
	pool     *media.PicturePool
	canvas   *media.Picture
	encoder  media.VideoEncoder
}

func newFloorVideo(s FloorSpec) (*floorVideo, error) {
	v := &floorVideo{spec: s, pool: media.NewPicturePool(4)}
	if s.Cameras == 0 {
		return v, nil
	}
	var err error
	if v.loop, err = s.Camera.encode(0); err != nil {
		return nil, err
	}
	if v.cells, err = s.grid(); err != nil {
		return nil, err
	}
	for range s.Cameras {
		d, err := vpx.NewDecoder(vpx.DecoderOptions{MaxArea: 1920 * 1080})
		if err != nil {
			return nil, fmt.Errorf("load: floor: %w", err)
		}
		v.decoders = append(v.decoders, d)
	}
	v.canvas = media.NewPicture(s.Canvas.Width, s.Canvas.Height)
	v.canvas.Fill(media.RGB{}.YUV())
	v.encoder, err = vpx.NewEncoder(media.VideoEncoderConfig{
		Width: s.Canvas.Width, Height: s.Canvas.Height, FPS: s.Canvas.FPS, Bitrate: s.Canvas.Kbps * 1000, Layers: 2,
	})
	if err != nil {
		return nil, fmt.Errorf("load: floor: %w", err)
	}
	return v, nil
}

// grid is where the pictures lie on the canvas, as in the layout group grid.
func (s FloorSpec) grid() ([]image.Rectangle, error) {
	_, group, err := layouts.Stock().Resolve("group:grid")
	if err != nil {
		return nil, fmt.Errorf("load: floor: %w", err)
	}
	layout := group.Choose(s.Cameras, 0)
	var cells []image.Rectangle
	for _, im := range layout.Images[:min(len(layout.Images), s.Cameras)] {
		cells = append(cells, fit(im.Rect(s.Canvas.Width, s.Canvas.Height), s.Camera.Width, s.Camera.Height))
	}
	return cells, nil
}

// step does the work of canvas tick n.
func (v *floorVideo) step(n int) {
	due := (n + 1) * v.spec.Camera.FPS / v.spec.Canvas.FPS
	for ; v.decoded < due; v.decoded++ {
		for i, d := range v.decoders {
			pic, err := d.Decode(v.loop[v.decoded%len(v.loop)], v.pool)
			if err != nil || pic == nil {
				continue
			}
			if v.decoded == due-1 && i < len(v.cells) {
				yuv.Scaler{}.Scale(v.canvas, v.cells[i], pic, image.Rect(0, 0, pic.Width, pic.Height))
			}
			pic.Release()
		}
	}
	_, _, _ = v.encoder.Encode(v.canvas, media.EncodeOptions{
		PTS: int64(n * media.VideoClock / v.spec.Canvas.FPS), Key: n == 0, Layer: uint8(n & 1),
	})
}

func (v *floorVideo) close() {
	for _, d := range v.decoders {
		_ = d.Close()
	}
	if v.encoder != nil {
		_ = v.encoder.Close()
	}
}

// floorSound decodes and encodes sound. Used by one goroutine.
type floorSound struct {
	talks    [][][]byte
	decoders []*opus.Decoder
	encoders []*opus.Encoder
	pcm      []int16
	out      []byte
}

// mixBitrate is the bit rate of a stereo mix.
const mixBitrate = 64000

func newFloorSound(s FloorSpec) (*floorSound, error) {
	f := &floorSound{pcm: make([]int16, 2*media.TickSamples), out: make([]byte, 1500)}
	for k := range s.Talkers {
		loop, err := encodeTalk(k)
		if err != nil {
			return nil, err
		}
		d, err := opus.NewDecoder(1)
		if err != nil {
			return nil, fmt.Errorf("load: floor: %w", err)
		}
		f.talks, f.decoders = append(f.talks, loop), append(f.decoders, d)
	}
	// As a server codes them that knows what it does: mixes of many voices by
	// transforms, and many mixes with less effort each.
	complexity := 5
	switch {
	case s.Mixes > 9:
		complexity = 0
	case s.Mixes > 3:
		complexity = 2
	}
	for range s.Mixes {
		e, err := opus.NewEncoder(opus.EncoderOptions{Channels: 2, Bitrate: mixBitrate, Complexity: complexity, Music: true})
		if err != nil {
			return nil, fmt.Errorf("load: floor: %w", err)
		}
		f.encoders = append(f.encoders, e)
	}
	return f, nil
}

// step does the work of one tick of sound.
func (f *floorSound) step(n int) {
	for k, d := range f.decoders {
		_, _ = d.Decode(f.talks[k][n%soundPackets], f.pcm[:media.TickSamples])
	}
	for _, e := range f.encoders {
		_, _ = e.Encode(f.pcm, f.out)
	}
}

func (f *floorSound) close() {
	for _, d := range f.decoders {
		_ = d.Close()
	}
	for _, e := range f.encoders {
		_ = e.Close()
	}
}
