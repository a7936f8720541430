package verto

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// maxCommand is the longest name of a command, in bytes.
const maxCommand = 64

// fsapiParams are those of fsapi, and of jsapi's command of that name.
type fsapiParams struct{ cmd, arg string }

func parseFSAPI(p params) (fsapiParams, *answer) {
	return fsapiParams{p.str("cmd"), p.str("arg")}, nil
}

// jsapiParams are those of jsapi.
type jsapiParams struct {
	command string
	data    raw // an object, nil if there is none
}

func parseJSAPI(p params) (jsapiParams, *answer) {
	j := jsapiParams{command: p.str("command")}
	if data, ok := p.get("data"); ok && data[0] == '{' {
		j.data = data
	}
	return j, nil
}

// fsapi runs a command that the user's list names.
func (c *conn) fsapi(p fsapiParams) answer {
	if p.cmd == "" {
		return success(member{"message", "INVALID CALL"})
	}
	api, ok := c.srv.o.Switch.(API)
	if !ok || !fsapiAllowed(c.session.Identity(), p) {
		return c.denyAPI("fsapi", p.cmd)
	}
	ctx, cancel := context.WithTimeout(c.ctx, callTimeout)
	defer cancel()
	text, err := api.FSAPI(ctx, c.session, p.cmd, p.arg)
	if err != nil {
		return c.failAPI("fsapi", p.cmd, err)
	}
	return success(member{"message", text})
}

// fsapiAllowed checks a command and, as FreeSWITCH does, the one that it wraps.
func fsapiAllowed(who *Identity, p fsapiParams) bool {
	for len(p.cmd) <= maxCommand && len(p.arg) <= maxBody && who.FSAPI.Allows(p.cmd) {
		switch p.cmd {
		case "bgapi", "eval", "expand", "xml_wrap":
		case "sched_api": // [+]time group command
			_, rest, _ := strings.Cut(strings.TrimSpace(p.arg), " ")
			_, p.arg, _ = strings.Cut(strings.TrimSpace(rest), " ")
		default:
			return true
		}
		p.cmd, p.arg, _ = strings.Cut(strings.TrimSpace(p.arg), " ")
	}
	return false
}

// jsapi runs a JSON command that the user's list names. Its command fsapi needs that
// list's word too.
func (c *conn) jsapi(p jsapiParams) answer {
	api, ok := c.srv.o.Switch.(API)
	if !ok || p.data == nil || len(p.command) > maxCommand || !c.session.Identity().JSAPI.Allows(p.command) {
		return c.denyAPI("jsapi", p.command)
	}
	if p.command == "fsapi" {
		o, err := parseObject(p.data)
		if err != nil {
			return c.denyAPI("jsapi", p.command)
		}
		return c.fsapi(fsapiParams{o.str("cmd"), o.str("arg")})
	}
	ctx, cancel := context.WithTimeout(c.ctx, callTimeout)
	defer cancel()
	reply, err := api.JSAPI(ctx, c.session, p.command, p.data)
	if err != nil {
		return c.failAPI("jsapi", p.command, err)
	}
	return c.jsapiResult(p.command, reply)
}

// jsapiResult makes a reply the result. One that is no object stands for itself.
func (c *conn) jsapiResult(command string, reply any) answer {
	text, err := encode(reply)
	if err != nil {
		return c.failAPI("jsapi", command, err)
	}
	o, err := parseObject(text)
	if err != nil {
		return answer{plain: text}
	}
	a := success()
	for _, f := range o {
		a.result = append(a.result, member{f.key, json.RawMessage(f.raw)})
	}
	return a
}

// failAPI refuses what the switch did not run.
func (c *conn) failAPI(what, command string, err error) answer {
	if !errors.Is(err, ErrDenied) {
		c.log.Warn("verto: "+what, "command", cleanText(command, maxCommand), "err", err)
	}
	return c.denyAPI(what, command)
}

func (c *conn) denyAPI(what, command string) answer {
	c.srv.metrics.denied.WithLabelValues(what).Inc()
	c.audit(what+" refused", "command", cleanText(command, maxCommand))
	return refuse(codeDenied, "Permission Denied")
}
