package verto

import (
	"bytes"
	"encoding/json"
	"errors"
)

// maxBatch is the longest batch: stock clients never send one.
const maxBatch = 100

// handle answers one JSON text. reply is nil when nothing is to be said; after runs
// once the reply is queued.
func (c *conn) handle(text []byte) (reply raw, after []func()) {
	if checkJSON(text) != nil {
		return invalid("Invalid Request", nil), nil
	}
	text = bytes.TrimLeft(text, " \t\r\n")
	if text[0] == '[' {
		reply, after = c.batch(text)
	} else {
		reply, after = c.request(text, false)
	}
	if c.readyDue {
		c.readyDue = false
		after = append([]func(){c.clientReady}, after...)
	}
	return reply, after
}

// batch answers an array with the array of its replies.
func (c *conn) batch(text []byte) (raw, []func()) {
	var elements []json.RawMessage
	if err := json.Unmarshal(text, &elements); err != nil || len(elements) > maxBatch {
		return invalid("Invalid Request", nil), nil
	}
	replies := []raw{}
	var after []func()
	for _, e := range elements {
		reply, then := c.request(e, true)
		if reply != nil {
			replies = append(replies, reply)
		}
		after = append(after, then...)
	}
	return c.encodeReply(replies), after
}

// request answers one object of the protocol.
func (c *conn) request(text []byte, inBatch bool) (raw, []func()) {
	o, err := parseObject(text)
	if errors.Is(err, errNoObject) {
		return invalid("Invalid message", nil), nil
	}
	p, perr := o.params()
	if err != nil || perr != nil {
		return invalid("Invalid Request", nil), nil
	}
	id, _ := o.get("id")
	if o.str("jsonrpc") != "2.0" {
		return invalid("Invalid message", id), nil
	}
	if o.has("result") || o.has("error") && !o.has("method") {
		return nil, nil // a response: the server waits for none
	}
	a := c.dispatch(o.str("method"), p)
	reply := c.encodeReply(c.envelope(id, a, p, inBatch))
	if a.after == nil {
		return reply, nil
	}
	return reply, []func(){a.after}
}

// params reads the member of that name.
func (o object) params() (params, error) {
	p := params{present: o.has("params")}
	p.raw, _ = o.get("params")
	var err error
	if p.object, err = parseObject(p.raw); errors.Is(err, errNoObject) {
		err = nil
	}
	return p, err
}

// envelope is a reply's object: jsonrpc, id, then result or error.
func (c *conn) envelope(id raw, a answer, p params, inBatch bool) body {
	if id == nil {
		id = raw("null")
	}
	reply := body{{"jsonrpc", "2.0"}, {"id", id}}
	if a.fail != nil {
		return append(reply, member{"error", a.fail})
	}
	if a.plain != nil {
		return append(reply, member{"result", raw(a.plain)})
	}
	result := a.result
	if echo, ok := p.get("echoParams"); ok {
		if p.isTrue("echoParams") {
			echo = p.raw
		}
		result = append(result.without("requestParams"), member{"requestParams", echo})
	}
	if c.session != nil && !inBatch {
		result = append(result.without("sessid"), member{"sessid", c.session.id})
	}
	return append(reply, member{"result", result})
}

// encodeReply writes what the server itself has put together.
func (c *conn) encodeReply(v any) raw {
	text, err := encode(v)
	if err != nil {
		c.log.Error("verto: encode reply", "err", err)
		return invalid("Invalid Request", nil)
	}
	return text
}

// invalid is a -32600 reply; in these the id comes last.
func invalid(text string, id raw) raw {
	if id == nil {
		id = raw("null")
	}
	b := make(raw, 0, 80+len(id))
	b = append(b, `{"jsonrpc":"2.0","error":{"code":-32600,"message":"`...)
	b = append(b, text...)
	b = append(b, `"},"id":`...)
	b = append(b, id...)
	return append(b, '}')
}
