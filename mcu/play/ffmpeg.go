package play

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	// containers are the formats that a file may have: those that hold sound
	// themselves. Playlists and the like, which name other files, are not among them.
	containers = "wav,w64,aiff,au,mp3,ogg,flac,mov,matroska,aac,caf,amr"
	// stall is how long a decoder may take for the next piece of sound.
	stall = 10 * time.Second
)

// decoder is one run of FFmpeg.
type decoder struct {
	command  *exec.Cmd
	out      *os.File
	report   *report
	channels int // the room's
	coded    int // those that come; 0 until the head was read
	rest     int // bytes in buffer that are no whole sample yet
	buffer   [16 << 10]byte
	pcm      []int16
}

// startDecoder decodes an open file from a sample on. The child gets the file itself,
// not its name, and no protocol that leads out of the machine.
func startDecoder(program string, in *os.File, channels int, from int64, found func(length time.Duration)) (*decoder, error) {
	out, end, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	d := &decoder{out: out, channels: channels, report: &report{found: found}}
	d.pcm = make([]int16, 0, len(d.buffer)/2*channels)
	args := []string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "info", "-threads", "1",
		"-protocol_whitelist", "file,pipe", "-format_whitelist", containers}
	if from > 0 {
		args = append(args, "-ss", strconv.FormatFloat(float64(from)/media.SampleRate, 'f', 6, 64))
	}
	// The first inherited file has descriptor 3. Opened by that name it is read at a
	// place of its own, and can be sought in.
	// FFmpeg would make a mono file 3 dB softer on two channels than on one. So it
	// leaves it mono, and says so in the head of the format that it writes.
	layouts := "mono"
	if channels == 2 {
		layouts = "mono|stereo"
	}
	args = append(args, "-i", "file:/dev/fd/3", "-map", "0:a:0", "-vn", "-sn", "-dn",
		"-af", "aresample="+strconv.Itoa(media.SampleRate)+",aformat=sample_fmts=s16:channel_layouts="+layouts,
		"-c:a", "pcm_s16be", "-f", "au", "pipe:1")
	d.command = exec.Command(program, args...)
	d.command.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	d.command.ExtraFiles = []*os.File{in}
	d.command.Stdout, d.command.Stderr = end, d.report
	d.command.WaitDelay = time.Second
	err = d.command.Start()
	end.Close()
	if err != nil {
		out.Close()
		return nil, err
	}
	return d, nil
}

// next is the next piece of sound, interleaved in the room's channels, valid until the
// next call; io.EOF at the end.
func (d *decoder) next() ([]int16, error) {
	if err := d.out.SetReadDeadline(time.Now().Add(stall)); err != nil {
		return nil, err
	}
	if d.coded == 0 {
		if err := d.head(); err != nil {
			return nil, err
		}
	}
	frame := 2 * d.coded
	n, err := io.ReadAtLeast(d.out, d.buffer[d.rest:], frame-d.rest)
	n += d.rest
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF // half a sample: of no use
		}
		return nil, err
	}
	whole := n - n%frame
	pcm := d.pcm[:0]
	for at := 0; at < whole; at += 2 {
		v := int16(binary.BigEndian.Uint16(d.buffer[at:]))
		for range d.channels / d.coded {
			pcm = append(pcm, v)
		}
	}
	d.rest = copy(d.buffer[:], d.buffer[whole:n])
	return pcm, nil
}

// head reads the head of Sun's AU format: six numbers, of which the second is where the
// samples begin, and the last how many channels they have.
func (d *decoder) head() error {
	var head [24]byte
	if _, err := io.ReadFull(d.out, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return err
	}
	begin, coded := binary.BigEndian.Uint32(head[4:]), int(binary.BigEndian.Uint32(head[20:]))
	if string(head[:4]) != ".snd" || begin < uint32(len(head)) || coded != 1 && coded != d.channels {
		return errors.New("the decoder's answer is not understood")
	}
	d.coded = coded
	_, err := io.CopyN(io.Discard, d.out, int64(begin)-int64(len(head)))
	return err
}

func (d *decoder) kill() { _ = d.command.Process.Kill() } // that it has ended already is as good

// wait ends the child, which has nothing more to say, and returns its own words if it
// was not content.
func (d *decoder) wait(err error) error {
	if !errors.Is(err, io.EOF) {
		d.kill()
	}
	d.out.Close()
	if failed := d.command.Wait(); failed == nil && errors.Is(err, io.EOF) {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("no sound within %v", stall)
	}
	if said := d.report.last(); said != "" {
		return errors.New(said)
	}
	return err
}

// report listens to what FFmpeg says: a file's duration, and the last words.
type report struct {
	found func(length time.Duration)

	mu   sync.Mutex
	line []byte // the one that is being said, bounded
	said string // the last whole one
}

// Write takes what the child writes to its standard error.
func (r *report) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for rest := p; len(rest) > 0; {
		piece, after, whole := bytes.Cut(rest, []byte("\n"))
		r.line = append(r.line, piece[:min(len(piece), 500-min(500, len(r.line)))]...)
		if whole {
			r.take(string(r.line))
			r.line = r.line[:0]
		}
		rest = after
	}
	return len(p), nil
}

// take looks at one line. Metadata, which a stranger wrote, is indented deeper than
// the line of the duration.
func (r *report) take(line string) {
	if words, ok := strings.CutPrefix(line, "  Duration: "); ok {
		clock, _, _ := strings.Cut(words, ",")
		if length := parseClock(clock); length > 0 {
			r.found(length)
		}
	}
	if line = strings.TrimSpace(line); line != "" {
		r.said = line
	}
}

func (r *report) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.take(string(r.line))
	r.line = r.line[:0]
	// The name that the child knows the file by means nothing to anybody.
	return strings.TrimPrefix(r.said, "file:/dev/fd/3: ")
}

// parseClock reads hours:minutes:seconds; 0 if it is not that.
func parseClock(words string) time.Duration {
	parts := strings.Split(words, ":")
	if len(parts) != 3 {
		return 0
	}
	hours, err1 := strconv.ParseUint(parts[0], 10, 16)
	minutes, err2 := strconv.ParseUint(parts[1], 10, 8)
	seconds, err3 := strconv.ParseFloat(parts[2], 64)
	if err := errors.Join(err1, err2, err3); err != nil || !(seconds >= 0 && seconds < 60) {
		return 0
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds*float64(time.Second))
}
