package mcu

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/media/vpx"
	"github.com/omniverto/omniverto/media/yuv"
	"github.com/omniverto/omniverto/mixer"
)

// The seams are met here, where both sides are known.
var _ room.Leg = (*rtc.Peer)(nil)

const (
	// maxCameraArea is 1920x1080 luma samples (media.md 19).
	maxCameraArea = 1920 * 1080
	// maxPictures bounds the decoded pictures in use at a time in the whole
	// server: 49 cameras of a large room need about four each.
	maxPictures = 1024
	idleFrames  = 1024
	// mixBitrate is the bit rate of a mix, per channel count.
	mixBitrateMono, mixBitrateStereo = 48000, 64000
)

// newEngine binds the codec libraries to what the rooms share.
func newEngine(images *decor.Media, library *decor.Library) *room.Engine {
	var ids atomic.Uint32
	return &room.Engine{
		Gate:     mixer.NewGate(runtime.NumCPU()),
		Pictures: media.NewPicturePool(maxPictures),
		Frames:   media.NewFramePool(idleFrames),
		Scaler:   yuv.Scaler{},
		Decor:    library,
		Media:    images,
		NewVideoDecoder: func() (media.VideoDecoder, error) {
			return vpx.NewDecoder(vpx.DecoderOptions{MaxArea: maxCameraArea})
		},
		NewVideoEncoder: func(c media.VideoEncoderConfig) (media.VideoEncoder, error) {
			return vpx.NewEncoder(c)
		},
		NewAudioDecoder: func(channels int) (media.AudioDecoder, error) {
			return opus.NewDecoder(channels)
		},
		NewAudioEncoder: newMixEncoder,
		NextID:          func() room.MemberID { return room.MemberID(ids.Add(1)) },
	}
}

func newMixEncoder(channels int) (media.AudioEncoder, error) {
	rate := mixBitrateMono
	if channels == 2 {
		rate = mixBitrateStereo
	}
	e, err := opus.NewEncoder(opus.EncoderOptions{
		Channels: channels, Bitrate: rate, Complexity: 5, FEC: true, LossPercent: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("mcu: mix encoder: %w", err)
	}
	return e, nil
}
