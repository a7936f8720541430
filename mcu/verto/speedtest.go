package verto

import (
	"bytes"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxSpeedBytes = 10 << 20        // FreeSWITCH's limit of a test
	speedFrameLen = 1024            // of a download frame, and what an upload frame counts for
	speedPause    = 5 * time.Second // between two tests of one connection
	speedTime     = 2 * time.Second // after that the download's time is extrapolated
)

// speedTest is the state of the #SP frames, which are no JSON. A client uploads frames
// #SPB between #SPU <bytes> and #SPE; it reads #SPU <ms>, download frames and
// #SPD <ms>. Where FreeSWITCH sends the size ten times, this server sends it once: the
// client reads only the time.
type speedTest struct {
	size     int // of the test that runs, 0 none
	received int
	began    time.Time
	last     time.Time // start of the newest test
}

// speedFrame handles a frame that begins with '#'. What makes no sense is ignored.
func (c *conn) speedFrame(frame []byte) {
	t := &c.speed
	switch {
	case len(frame) < 4 || !bytes.HasPrefix(frame, []byte("#SP")):
		c.endUpload()
	case frame[3] == 'U':
		c.endUpload()
		c.startUpload(frame[4:])
	case frame[3] == 'B' && t.size > 0:
		if t.received += len(frame); t.received > t.size+t.size/64+2*speedFrameLen {
			t.size = 0 // more than announced: no test
		}
	default:
		c.endUpload()
	}
}

func (c *conn) startUpload(arg []byte) {
	now := time.Now()
	size, err := strconv.Atoi(string(bytes.TrimSpace(arg)))
	if err != nil || size < 1 || size > maxSpeedBytes || now.Sub(c.speed.last) < speedPause {
		return
	}
	c.speed = speedTest{size: size, began: now, last: now}
}

// endUpload answers a running upload and starts the download; the first frame that is
// no #SPB ends it, JSON too.
func (c *conn) endUpload() {
	t := &c.speed
	if t.size == 0 {
		return
	}
	size := t.size
	t.size = 0
	c.out.event(message{speedLine('U', time.Since(t.began))})
	c.out.job(func() { c.download(size) })
}

// speedLine is #SPU or #SPD with the milliseconds, at least 1: the client divides by it.
func speedLine(kind byte, d time.Duration) []byte {
	return strconv.AppendInt([]byte{'#', 'S', 'P', kind, ' '}, max(d.Milliseconds(), 1), 10)
}

// download runs on the writer, so that other messages wait for it: at most speedTime
// and one frame.
func (c *conn) download(size int) {
	frame := bytes.Repeat([]byte("."), speedFrameLen)
	copy(frame, "#SPB")
	began, sent := time.Now(), 0
	for sent < size && time.Since(began) < speedTime {
		n := min(speedFrameLen, max(size-sent, len("#SPB")))
		if err := c.ws.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return
		}
		if err := c.ws.WriteMessage(websocket.TextMessage, frame[:n]); err != nil {
			return
		}
		sent += n
	}
	took := time.Duration(float64(time.Since(began)) * float64(size) / float64(sent))
	_ = c.writeMessage(message{speedLine('D', took)}) // an error shows in the next write
}
