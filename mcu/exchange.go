package mcu

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/mcu/verto"
)

// exchange routes Verto calls to rooms. It is met by verto.Switch and keeps no
// state of its own.
type exchange struct{ server *Server }

var _ verto.Switch = (*exchange)(nil)

// roomPatience bounds how long a client's request waits for a room's goroutine.
const roomPatience = 5 * time.Second

// Invite answers a call and brings it into its room.
func (x *exchange) Invite(ctx context.Context, inv verto.Invite, out verto.CallControl) (verto.Call, error) {
	id := inv.Session.Identity()
	route, err := directory.ParseRoute(inv.Destination)
	if err != nil {
		return nil, &verto.CallError{Cause: verto.CauseNoRoute, Err: err}
	}
	if !id.Admits(route.Room) {
		return nil, &verto.CallError{Cause: verto.CauseCallRejected, Err: errors.New("the token is for another room")}
	}
	c := &call{exchange: x, out: out}
	ask := func(p room.Profile) room.Request {
		req := x.request(inv, route, c)
		form, _ := rtc.OfferedSound(inv.SDP, codecs(p))
		req.AudioCodec, req.Stereo = form.Codec, form.Channels == 2
		return req
	}
	h, m, err := x.server.rooms.reserve(ctx, route.Room, id.Domain, route.Profile, ask)
	if err != nil {
		return nil, refusal(err)
	}
	peer, answer, err := x.server.rtc.Answer(ctx, inv.SDP, rtc.PeerOptions{
		Label: inv.CallID, Handler: m.Handler(), Clock: h.Clock(),
		Stereo: h.Profile().Channels == 2, Bandwidth: h.Profile().VideoKbps, Codecs: codecs(h.Profile()),
	})
	if err != nil {
		m.Discard()
		return nil, refusal(err)
	}
	c.member, c.peer = m, peer
	out.Answer(answer)
	if err := h.Join(ctx, m, peer); err != nil {
		m.Discard()
		_ = peer.Close()
		return nil, refusal(err)
	}
	return c, nil
}

// codecs are those that a profile agrees to.
func codecs(p room.Profile) rtc.Codecs {
	return rtc.Codecs{Audio: p.Codecs, NoVideo: p.NoVideo}
}

// request is what the room is told about who joins.
func (x *exchange) request(inv verto.Invite, route directory.Route, c *call) room.Request {
	id := inv.Session.Identity()
	req := room.Request{
		CallID: inv.CallID, Session: inv.Session.ID(), User: id.UserID(),
		Name: inv.CallerName, Number: inv.CallerNumber, Role: room.Role(id.Role()),
		UserVariables: inv.UserVariables,
		ScreenShare:   route.Screen || inv.ScreenShare,
		SecondScreen:  route.Canvas >= 0 || inv.Canvas >= 0,
		Personal:      route.Personal,
		Left:          c.left,
	}
	req.JoinVideoFloor = req.ScreenShare // as FreeSWITCH's stock dialplan has it
	shown(&req, id)
	if route.Canvas >= 0 { // as dialled, from 1; 0 is the super canvas, as in FreeSWITCH's variable
		req.Watching = canvasNumber(strconv.Itoa(route.Canvas))
	} else if inv.Canvas >= 0 {
		req.Watching = inv.Canvas
	}
	if id.Token != nil {
		if id.Token.ResID != "" {
			req.ReservationID = layouts.ReservationID(id.Token.ResID)
		}
		if id.Token.Name != "" {
			req.Name = id.Token.Name
		}
	}
	return req
}

// shown reads how a user is shown from his directory variables.
func shown(req *room.Request, id *directory.Identity) {
	v := func(name string) string { return id.Variable("video_" + name) }
	req.Look = room.Look{
		Banner: v("banner_text"), Logo: v("logo_path"), Avatar: v("avatar_png"),
		NoVideoAvatar: v("no_video_avatar_png"), MuteImage: v("mute_png"), MuteBanner: v("mute_banner"),
	}
	req.ReservationID, req.RoleID = layouts.ReservationID(v("reservation_id")), v("role_id")
	if n, err := strconv.Atoi(v("initial_canvas")); err == nil {
		req.Canvas = max(n-1, 0)
	}
	if n := v("initial_watching_canvas"); n != "" {
		req.Watching = canvasNumber(n)
	}
}

// canvasNumber reads the number of a canvas to watch, from 1; 0 is the super
// canvas. Anything else is the first.
func canvasNumber(text string) int {
	switch n, err := strconv.Atoi(text); {
	case err != nil || n < 0:
		return 0
	case n == 0:
		return room.MaxCanvases
	default:
		return n - 1
	}
}

// refusal gives an error its hangup cause.
func refusal(err error) error {
	cause := verto.CauseTemporaryFailure
	switch {
	case errors.Is(err, rtc.ErrUnusable):
		cause = verto.CauseIncompatible
	case errors.Is(err, room.ErrFull):
		cause = verto.CauseUserBusy
	}
	return &verto.CallError{Cause: cause, Err: err}
}

// Broadcast hands a message on a conference's channel to its room.
func (x *exchange) Broadcast(b verto.Broadcast) error {
	kind, full, _ := strings.Cut(b.Channel, ".")
	name, _, _ := strings.Cut(full, "@")
	h := x.server.rooms.find(name)
	if h == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), roomPatience)
	defer cancel()
	return h.broadcast(ctx, kind, b)
}

// Message relays a verto.info message to the conference that it was meant for:
// the call's own or conf+NAME@DOMAIN, as chat. As with a FreeSWITCH without a
// chatplan, messages to users go nowhere.
func (x *exchange) Message(m verto.Message) {
	name := ""
	if c, ok := m.Call.(*call); ok && m.InDialog {
		name = c.member.Room().Name()
	} else if to, ok := strings.CutPrefix(m.To, "conf+"); ok {
		name, _, _ = strings.Cut(to, "@")
	}
	h := x.server.rooms.find(name)
	if h == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), roomPatience)
	defer cancel()
	h.relay(ctx, m)
}

// call is one Verto call in a room.
type call struct {
	exchange *exchange
	out      verto.CallControl
	member   *room.Member // constant once Invite has returned
	peer     *rtc.Peer
}

// left tells the client that his member is out.
func (c *call) left(cause room.Cause) {
	code := verto.CauseNormalClearing
	if cause == room.MediaLost {
		code = verto.CauseMediaTimeout
	}
	c.out.Bye(code)
}

func (c *call) do(f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), roomPatience)
	defer cancel()
	err := f(ctx)
	if errors.Is(err, room.ErrEnded) {
		return nil
	}
	return err
}

// Hangup removes the member.
func (c *call) Hangup(verto.Cause) {
	c.logged("hangup", c.do(func(ctx context.Context) error { return c.member.Leave(ctx, room.Left) }))
}

// Lost keeps the member while his media flows: losing the socket alone never
// stops a call (media.md 7).
func (c *call) Lost() {
	c.logged("lost", c.do(c.member.SocketLost))
}

// DTMF dials.
func (c *call) DTMF(digits string) {
	c.logged("dtmf", c.do(func(ctx context.Context) error { return c.member.DTMF(ctx, digits) }))
}

// Candidate adds a trickled ICE candidate.
func (c *call) Candidate(candidate string) error { return c.peer.AddCandidate(candidate) }

// Modify renegotiates media and refreshes the picture. Hold comes with the
// conference API.
func (c *call) Modify(_ context.Context, m verto.Modify) (verto.ModifyResult, error) {
	switch m.Action {
	case verto.ActionUpdateMedia:
		answer, err := c.peer.Reoffer(m.SDP)
		if err != nil {
			return verto.ModifyResult{}, &verto.CallError{Cause: verto.CauseIncompatible, Message: "CODEC NEGOTIATION ERROR", Err: err}
		}
		return verto.ModifyResult{SDP: answer}, c.do(c.member.Renegotiated)
	case verto.ActionVideoRefresh:
		c.member.Handler().KeyframeRequested()
		c.peer.RequestKeyframe()
	}
	return verto.ModifyResult{}, nil
}

func (c *call) logged(what string, err error) {
	if err != nil {
		c.exchange.server.log.Warn("verto call", "op", what, "error", err)
	}
}
