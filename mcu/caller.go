package mcu

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// caller is who is in a call, and what he wants of the rooms that it comes to.
type caller struct {
	identity      *directory.Identity
	session       string
	name, number  string
	called        party             // the other end: whom he called, or who called him
	shown         party             // as a partner sees him; zero: by his name and number
	display       party             // what his client was told to show
	userVariables map[string]string // shown to others; never a right
	pin, device   string            // as the client says

	screen    bool
	canvas    int // that he wants to watch, from 0; -1 none
	noRecover bool
	outbound  bool // the server called him

	// Of the next room only: who called him into it lets him in, with further member
	// flags.
	trusted bool
	flags   string
}

// party is the other end of a call as it is shown.
type party struct{ name, number string }

// ends are who called and who was called.
func (w *caller) ends() (from, to party) {
	from, to = party{w.name, w.number}, w.called
	if w.outbound {
		from, to = to, from
	}
	return from, to
}

// callerOf reads an invite.
func callerOf(inv verto.Invite) caller {
	return caller{
		identity: inv.Session.Identity(), session: inv.Session.ID(),
		name: inv.CallerName, number: inv.CallerNumber, called: party{unansweredText, inv.Destination}, userVariables: inv.UserVariables,
		pin: inv.PIN, device: inv.DeviceID,
		screen: inv.ScreenShare, canvas: inv.Canvas, noRecover: inv.NoRecover,
	}
}

// variables are the channel variables that the server knows: the directory's, and
// who it is. What the client sent is not among them.
func (w *caller) variables() map[string]string {
	all := maps.Clone(w.identity.Variables)
	if all == nil {
		all = make(map[string]string)
	}
	maps.Copy(all, map[string]string{
		"presence_id": w.identity.UserID(), "verto_user": w.identity.UserID(), "chat_proto": "verto",
		"user_name": w.identity.User, "domain_name": w.identity.Domain,
		"caller_id_name": w.name, "caller_id_number": w.number,
	})
	return all
}

// asks is how the dialplan is told of him.
func (w *caller) asks(destination, context string) dialplan.Call {
	return dialplan.Call{
		Destination: destination,
		Context:     cmp.Or(context, w.identity.Context),
		CallerName:  w.name, CallerNumber: w.number, User: w.identity.User, Domain: w.identity.Domain,
		Variables: w.variables(), Guest: w.identity.Token != nil,
	}
}

// admitted tells whether he may go where a call leads: a token's holder only into
// the room of his token.
func (w *caller) admitted(t dialplan.Target) bool {
	if t.Kind == dialplan.User {
		return w.identity.Admits(directory.AnyRoom)
	}
	return t.Kind == dialplan.Hangup || w.identity.Admits(t.Room)
}

// request is what a room is told about him. form is the sound that he sends.
func (w *caller) request(t dialplan.Target, form media.AudioForm) room.Request {
	id, vars := w.identity, w.variables()
	maps.Copy(vars, t.Variables)
	flags := room.ParseMemberFlags(id.MemberFlags + "|" + t.Flags + "|" + w.flags)
	req := room.Request{
		Session: w.session, User: id.UserID(), Name: w.name, Number: w.number,
		UserVariables: w.userVariables, Variables: vars, Flags: flags,
		ScreenShare: t.Screen || w.screen, SecondScreen: t.Canvas >= 0 || w.canvas >= 0 || flags.SecondScreen,
		Personal: t.Personal, PIN: cmp.Or(w.pin, variable(vars, "supplied_pin")), DeviceID: w.device,
		NoRecover: w.noRecover, Outbound: w.outbound && w.trusted,
		AudioCodec: form.Codec, Stereo: form.Channels == 2,
	}
	req.Role = room.Role(id.Role())
	if flags.Moderator && id.Token == nil {
		req.Role = room.Moderator
	}
	req.Flags.Moderator = req.Role == room.Moderator
	req.Trusted = w.trusted || req.Role == room.Moderator
	req.JoinVideoFloor = req.ScreenShare || flags.JoinVideoFloor // as FreeSWITCH's stock dialplan has it
	shown(&req, vars)
	w.watches(&req, t)
	if id.Token != nil {
		req.ReservationID = cmp.Or(layouts.ReservationID(id.Token.ResID), req.ReservationID)
		req.Name = cmp.Or(id.Token.Name, req.Name)
	}
	return req
}

// watches chooses the canvas that he sees.
func (w *caller) watches(req *room.Request, t dialplan.Target) {
	switch {
	case t.Canvas >= 0: // as dialled, from 1; 0 is the super canvas, as in FreeSWITCH's variable
		req.Watching = canvasNumber(strconv.Itoa(t.Canvas))
	case w.canvas >= 0:
		req.Watching = w.canvas
	}
}

// variable finds a channel variable; as in FreeSWITCH case does not matter.
func variable(vars map[string]string, name string) string {
	if v, ok := vars[name]; ok {
		return v
	}
	for k, v := range vars {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// shown reads how a member is shown from his variables.
func shown(req *room.Request, vars map[string]string) {
	v := func(name string) string { return variable(vars, "video_"+name) }
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
