package opus

/*
#include <opus.h>

#cgo noescape omni_opus_decode
#cgo nocallback omni_opus_decode
static int omni_opus_decode(OpusDecoder *d, const unsigned char *data, int len, opus_int16 *pcm, int samples, int fec)
{
	return opus_decode(d, data, len, pcm, samples, fec);
}

#cgo noescape omni_opus_duration
#cgo nocallback omni_opus_duration
// The samples per channel at 48 kHz of a well-formed packet, else 0.
static int omni_opus_duration(const unsigned char *data, int len)
{
	const unsigned char *frames[48];
	opus_int16 sizes[48];
	unsigned char toc;
	int n = opus_packet_parse(data, len, &toc, frames, sizes, NULL);
	if (n <= 0)
		return 0;
	n *= opus_packet_get_samples_per_frame(data, 48000);
	return n <= 5760 ? n : 0;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/omniverto/omniverto/media"
)

// concealStep is the unit of concealment: 2.5 ms, in samples per channel.
const concealStep = media.SampleRate / 400

var errClosed = errors.New("opus: closed")

// Decoder is a media.AudioDecoder. Packets may be mono or stereo, whatever the
// decoder's own channels: libopus converts.
type Decoder struct {
	state    *C.OpusDecoder // nil after Close
	channels int
}

var _ media.AudioDecoder = (*Decoder)(nil)

// NewDecoder returns a decoder to 1 or 2 channels.
func NewDecoder(channels int) (*Decoder, error) {
	if err := checkChannels(channels); err != nil {
		return nil, err
	}
	var code C.int
	state := C.opus_decoder_create(media.SampleRate, C.int(channels), &code)
	if code != C.OPUS_OK {
		return nil, failure("new decoder", code)
	}
	return &Decoder{state: state, channels: channels}, nil
}

// Decode decodes packet into pcm and returns the samples per channel. It never
// writes beyond len(pcm): a packet that holds more is an error, and nothing of
// it is heard.
func (d *Decoder) Decode(packet []byte, pcm []int16) (int, error) {
	if len(packet) == 0 {
		return 0, errors.New("opus: decode: empty packet")
	}
	return d.decode("decode", packet, pcm, false)
}

// DecodeFEC fills pcm with the sound before packet, from the copy that packet
// carries in-band. Where there is none it conceals. len(pcm) is a multiple of
// 2.5 ms, at most 120 ms.
func (d *Decoder) DecodeFEC(packet []byte, pcm []int16) (int, error) {
	if len(packet) == 0 {
		return 0, errors.New("opus: decode FEC: empty packet")
	}
	if err := d.checkConcealed(pcm); err != nil {
		return 0, err
	}
	if len(pcm) > MaxPacketSamples*d.channels {
		return 0, fmt.Errorf("opus: decode FEC: %d samples are over 120 ms", len(pcm)/d.channels)
	}
	return d.decode("decode FEC", packet, pcm, true)
}

// Conceal fills pcm, a multiple of 2.5 ms of any length, with a continuation of
// the last sound that fades out.
func (d *Decoder) Conceal(pcm []int16) error {
	if err := d.checkConcealed(pcm); err != nil {
		return err
	}
	for len(pcm) > 0 {
		// libopus takes its scratch memory for the whole piece from the stack.
		piece := pcm[:min(len(pcm), MaxPacketSamples*d.channels)]
		if _, err := d.decode("conceal", nil, piece, false); err != nil {
			return err
		}
		pcm = pcm[len(piece):]
	}
	return nil
}

// Duration is the number of samples per channel that packet holds, 0 if it is
// malformed. It needs no state and may be called by any goroutine.
func (d *Decoder) Duration(packet []byte) int {
	return int(C.omni_opus_duration((*C.uchar)(unsafe.SliceData(packet)), C.int(len(packet))))
}

// Close frees the decoder. A second Close does nothing.
func (d *Decoder) Close() error {
	if d.state != nil {
		C.opus_decoder_destroy(d.state)
		d.state = nil
	}
	return nil
}

func (d *Decoder) checkConcealed(pcm []int16) error {
	if len(pcm) == 0 || len(pcm)%(concealStep*d.channels) != 0 {
		return fmt.Errorf("opus: conceal %d samples in %d channels: not a multiple of 2.5 ms", len(pcm), d.channels)
	}
	return nil
}

func (d *Decoder) decode(operation string, packet []byte, pcm []int16, fec bool) (int, error) {
	if d.state == nil {
		return 0, errClosed
	}
	samples := len(pcm) / d.channels
	if samples == 0 {
		return 0, fmt.Errorf("opus: %s: no room for samples", operation)
	}
	flag := C.int(0)
	if fec {
		flag = 1
	}
	n := C.omni_opus_decode(d.state, (*C.uchar)(unsafe.SliceData(packet)), C.int(len(packet)),
		(*C.opus_int16)(unsafe.SliceData(pcm)), C.int(samples), flag)
	if n < 0 {
		return 0, failure(operation, n)
	}
	return int(n), nil
}
