package verto

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	maxMessage   = 1_000_000        // bytes, FreeSWITCH's payload_size_max
	pingAfter    = 30 * time.Second // of silence from the client
	readTimeout  = 90 * time.Second // without a message or an answer to our WebSocket pings
	writeTimeout = 10 * time.Second // of one frame
	loginTimeout = 5 * time.Minute  // a stock page may sit at its login form meanwhile
	lingerTime   = 2 * time.Second  // for the peer to read our close frame
	lingerBytes  = 16 << 20
)

// conn is one WebSocket connection.
type conn struct {
	// constant
	srv     *Server
	ws      *websocket.Conn
	addr    netip.Addr
	log     *slog.Logger // with the address
	out     *outbox
	ctx     context.Context // ends with the connection
	cancel  context.CancelFunc
	opened  time.Time
	reading chan struct{} // closed when the reader has ended
	writing chan struct{} // closed when the writer has ended

	// owned by the reader
	session    *Session // nil before login
	readyDue   bool     // clientReady is to follow the next reply
	backs      []*comeback
	speed      speedTest
	complaints int // log lines about refusals so far

	lastInput atomic.Int64 // Unix nanoseconds
	expires   atomic.Int64 // Unix nanoseconds, 0 never
	loggedIn  atomic.Bool
}

func newConn(s *Server, ws *websocket.Conn, addr netip.Addr) *conn {
	c := &conn{
		srv: s, ws: ws, addr: addr, out: newOutbox(), opened: time.Now(),
		log:     s.log.With("addr", addr),
		reading: make(chan struct{}), writing: make(chan struct{}),
	}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	return c
}

// serve runs the connection to its end.
func (c *conn) serve() {
	go c.write()
	defer c.end()
	c.read()
}

// end runs on the reader when nothing is read any more, and waits for the writer.
func (c *conn) end() {
	c.cancel()
	if c.session != nil {
		c.srv.endSession(c.session)
	}
	c.srv.exit(c)
	close(c.reading)
	c.out.drop()
	<-c.writing
}

func (c *conn) read() {
	c.ws.SetReadLimit(maxMessage)
	c.alive()
	c.ws.SetPongHandler(func(string) error { return c.ws.SetReadDeadline(time.Now().Add(readTimeout)) })
	for {
		_, text, err := c.ws.ReadMessage() // binary is taken like text
		if errors.Is(err, websocket.ErrReadLimit) {
			c.linger()
		}
		if err != nil {
			return
		}
		c.alive()
		if c.out.ending() {
			continue // only the peer's close frame is waited for
		}
		if !utf8.Valid(text) {
			c.out.finish(closing{websocket.CloseInvalidFramePayloadData, "not UTF-8"})
			continue
		}
		c.frame(text)
	}
}

func (c *conn) alive() {
	now := time.Now()
	c.lastInput.Store(now.UnixNano())
	_ = c.ws.SetReadDeadline(now.Add(readTimeout)) // an error shows in the next read
}

// linger reads away what the peer still sends, so that the close frame which refused
// it is not lost to a reset. Bounded in time and bytes.
func (c *conn) linger() {
	raw := c.ws.NetConn()
	_ = raw.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, raw, lingerBytes)
}

// frame handles one frame: speed test or JSON.
func (c *conn) frame(text []byte) {
	if len(text) > 0 && text[0] == '#' {
		if c.session == nil {
			c.out.finish(closing{websocket.ClosePolicyViolation, "login first"})
			return
		}
		c.speedFrame(text)
		return
	}
	c.endUpload()
	c.out.begin()
	reply, after := c.handle(text)
	if reply == nil {
		c.out.done()
	} else {
		c.out.reply(message{reply})
	}
	for _, f := range after {
		f()
	}
}

// send queues a request from the server; false if the connection is ending.
func (c *conn) send(method string, params any) bool {
	text, err := encode(params)
	if err != nil {
		c.log.Error("verto: encode params", "method", method, "err", err)
		return false
	}
	return c.out.event(message{c.srv.head(method), text, []byte("}")})
}

// head is the beginning of a server request, up to its params.
func (s *Server) head(method string) []byte {
	return appendHead(make([]byte, 0, 64), s.ids.Add(1), method)
}

func appendHead(b []byte, id int64, method string) []byte {
	b = append(b, `{"jsonrpc":"2.0","id":`...)
	b = strconv.AppendInt(b, id, 10)
	b = append(b, `,"method":"`...)
	b = append(b, method...)
	return append(b, `","params":`...)
}

// clientReady follows the first login's reply, and the offers of the calls that have
// come back.
func (c *conn) clientReady() {
	ids := []string{}
	for _, b := range c.backs {
		if b.finish() {
			ids = append(ids, b.k.id)
		}
	}
	c.backs = nil
	c.send("verto.clientReady", body{{"reattached_sessions", ids}})
}

// audit logs a refusal; a client that provokes many is logged no more, only counted.
func (c *conn) audit(msg string, args ...any) {
	const limit = 20
	if c.complaints++; c.complaints > limit {
		return
	}
	if c.complaints == limit {
		args = append(args, "note", "further refusals of this connection are not logged")
	}
	if c.session != nil {
		args = append(args, "user", c.session.Identity().UserID())
	}
	c.log.Warn("verto: "+msg, args...)
}

// raw is a reply that is ready to be written.
type raw = json.RawMessage
