package mcu

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"

	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/play"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/g711"
	"github.com/omniverto/omniverto/media/g722"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/media/vpx"
	"github.com/omniverto/omniverto/media/yuv"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/audio"
)

// The seams are met here, where both sides are known.
var (
	_ room.Leg   = (*rtc.Peer)(nil)
	_ room.Sound = (*play.Player)(nil)
)

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

// newEngine binds the codec libraries to what the rooms share. ids is the highest
// member id that was given.
func newEngine(images *decor.Media, library *decor.Library, mediaFolder string, ids *atomic.Uint32, log *slog.Logger) *room.Engine {
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
		NewAudioDecoder: newSoundDecoder,
		NewAudioEncoder: newMixEncoder,
		OpenSound: func(ctx context.Context, spec string, channels int) (room.Sound, error) {
			p, err := play.Open(ctx, play.Options{Dir: mediaFolder, Channels: channels, Log: log}, spec)
			if err != nil {
				return nil, err
			}
			return p, nil
		},
		NextID: func() room.MemberID { return room.MemberID(ids.Add(1)) },
	}
}

func newSoundDecoder(codec media.AudioCodec, channels int) (media.AudioDecoder, error) {
	switch codec {
	case media.PCMU, media.PCMA:
		return g711.NewDecoder(codec, channels)
	case media.G722:
		return g722.NewDecoder(channels)
	case media.Opus:
	}
	return opus.NewDecoder(channels)
}

// lossyPercent is for what loss the mixes of the lossy class are coded.
const lossyPercent = 10

// newMixEncoder makes an encoder for a kind of listener. Those who lose nothing are
// sent transforms, which cost a third; those who do, speech with a copy of the
// packet before (docs/decisions/0006).
func newMixEncoder(k audio.Kind) (media.AudioEncoder, error) {
	switch k.Codec {
	case media.PCMU, media.PCMA:
		return g711.NewEncoder(k.Codec, k.Channels)
	case media.G722:
		return g722.NewEncoder(k.Channels)
	case media.Opus:
	}
	o := opus.EncoderOptions{Channels: k.Channels, Bitrate: mixBitrateMono, Complexity: 5}
	if k.Channels == 2 {
		o.Bitrate = mixBitrateStereo
	}
	if k.Lossy {
		o.FEC, o.LossPercent = true, lossyPercent
	} else {
		o.Music = true
	}
	e, err := opus.NewEncoder(o)
	if err != nil {
		return nil, fmt.Errorf("mcu: mix encoder: %w", err)
	}
	return e, nil
}
