package verto

import (
	"errors"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

// write is the connection's writer: the only goroutine that writes data frames.
func (c *conn) write() {
	defer close(c.writing)
	defer c.ws.Close() // unblocks the reader
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var due []entry
	for {
		var end *closing
		due, end = c.out.take(due)
		if err := c.writeAll(due); err != nil {
			c.noteSlow(errors.Is(err, os.ErrDeadlineExceeded))
			return
		}
		if end != nil {
			c.goodbye(*end)
			return
		}
		timer.Reset(c.untilDue())
		select {
		case <-c.out.wake:
		case <-timer.C:
			c.tick()
		}
	}
}

func (c *conn) writeAll(due []entry) error {
	for _, e := range due {
		if e.job != nil {
			e.job()
			continue
		}
		if err := c.writeMessage(e.message); err != nil {
			return err
		}
		c.out.written(e.message)
	}
	return nil
}

func (c *conn) writeMessage(m message) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	w, err := c.ws.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	for _, part := range m {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return w.Close()
}

// noteSlow counts a client that did not take its messages: a full queue or a write
// that did not end in time.
func (c *conn) noteSlow(timedOut bool) {
	if timedOut || c.out.overflowed() {
		c.srv.metrics.slow.Inc()
		c.log.Warn("verto: client does not keep up, closed")
	}
}

// goodbye sends the close frame and gives the peer a moment to answer it.
func (c *conn) goodbye(end closing) {
	c.noteSlow(false)
	if end.code == 0 {
		return
	}
	now := time.Now()
	text := websocket.FormatCloseMessage(end.code, end.reason)
	if err := c.ws.WriteControl(websocket.CloseMessage, text, now.Add(writeTimeout)); err != nil {
		return
	}
	timer := time.NewTimer(lingerTime)
	defer timer.Stop()
	select {
	case <-c.reading:
	case <-timer.C:
	}
}

// untilDue is the time until the writer has something to do by itself.
func (c *conn) untilDue() time.Duration {
	now := time.Now()
	next := time.Unix(0, c.lastInput.Load()).Add(pingAfter)
	if !next.After(now) {
		next = now.Add(pingAfter) // pinged already: the next one comes as late again
	}
	if at := c.endsAt(); !at.IsZero() && at.Before(next) {
		next = at
	}
	return max(next.Sub(now), 0)
}

// endsAt is when the connection ends by itself: the identity's expiry, or the latest
// time to log in. Zero: never.
func (c *conn) endsAt() time.Time {
	if !c.loggedIn.Load() {
		return c.opened.Add(loginTimeout)
	}
	if at := c.expires.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// tick runs when something is due.
func (c *conn) tick() {
	now := time.Now()
	if at := c.endsAt(); !at.IsZero() && !now.Before(at) {
		c.out.finish(closing{websocket.CloseNormalClosure, "expired"})
		return
	}
	if now.Sub(time.Unix(0, c.lastInput.Load())) < pingAfter {
		return
	}
	_ = c.ws.WriteControl(websocket.PingMessage, nil, now.Add(writeTimeout)) // an error ends the next write
	if c.loggedIn.Load() {
		params := append(body{{"serno", now.Unix()}}, c.authExpires()...)
		c.send("verto.ping", params)
	}
}

// authExpires is the member auth-expires where there is an expiry.
func (c *conn) authExpires() body {
	if at := c.expires.Load(); at != 0 {
		return body{{"auth-expires", time.Unix(0, at).Unix()}}
	}
	return nil
}
