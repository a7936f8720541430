package mediatest

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/omniverto/omniverto/media"
)

// Y4M writes pictures as YUV4MPEG2, which Chromium takes as a fake camera
// (--use-file-for-fake-video-capture).
type Y4M struct {
	w             io.Writer
	width, height int
}

// NewY4M writes the header of a film of that size and rate.
func NewY4M(w io.Writer, width, height, fps int) (*Y4M, error) {
	_, err := fmt.Fprintf(w, "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420mpeg2\n", width, height, fps)
	return &Y4M{w: w, width: width, height: height}, err
}

// Write appends one picture, which has the film's size.
func (f *Y4M) Write(p *media.Picture) error {
	if p.Width != f.width || p.Height != f.height {
		return fmt.Errorf("mediatest: %dx%d in a film of %dx%d", p.Width, p.Height, f.width, f.height)
	}
	if _, err := io.WriteString(f.w, "FRAME\n"); err != nil {
		return err
	}
	for _, pl := range p.Planes() {
		for y := range pl.Height {
			if _, err := f.w.Write(pl.Pix[y*pl.Stride : y*pl.Stride+pl.Width]); err != nil {
				return err
			}
		}
	}
	return nil
}

// WriteWAV writes interleaved samples of 48 kHz as a WAV file, which Chromium
// takes as a fake microphone (--use-file-for-fake-audio-capture).
func WriteWAV(w io.Writer, channels int, pcm []int16) error {
	bytes := uint32(2 * len(pcm))
	head := struct {
		RIFF         [4]byte
		Size         uint32
		WAVE, Fmt    [4]byte
		FmtSize      uint32
		PCM, Chans   uint16
		Rate, PerSec uint32
		Block, Bits  uint16
		Data         [4]byte
		Bytes        uint32
	}{
		RIFF: [4]byte([]byte("RIFF")), Size: 36 + bytes,
		WAVE: [4]byte([]byte("WAVE")), Fmt: [4]byte([]byte("fmt ")),
		FmtSize: 16, PCM: 1, Chans: uint16(channels),
		Rate: media.SampleRate, PerSec: uint32(media.SampleRate * 2 * channels),
		Block: uint16(2 * channels), Bits: 16,
		Data: [4]byte([]byte("data")), Bytes: bytes,
	}
	if err := binary.Write(w, binary.LittleEndian, head); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, pcm)
}
