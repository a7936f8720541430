package mcu

import (
	"net/http"

	"github.com/omniverto/omniverto/mcu/admin"
)

// The headings of the API's document.
const (
	tagRooms   = "rooms"
	tagChat    = "chat"
	tagServer  = "server"
	tagArrays  = "live arrays"
	tagRecords = "call detail records"
)

// Conditions that many routes have.
const (
	noRoom   = "There is no such room."
	noAnswer = "The room does not answer, or the server is stopping."
)

// routes is the table of the admin address' API: it serves the requests, and the
// OpenAPI document is made of it.
func (c *control) routes() []admin.Route {
	all := append(c.roomRoutes(), c.chatRoutes()...)
	all = append(all, c.serverRoutes()...)
	all = append(all, c.arrayRoutes()...)
	return append(all, c.recordRoutes()...)
}

// ofRoom describes a route under /api/rooms/{room}.
func ofRoom(r admin.Route, name, tag, does string, more ...admin.Param) admin.Route {
	r.Name, r.Tag, r.Does = name, tag, does
	r.Params = append([]admin.Param{{Name: "room", About: "The room's name."}}, more...)
	r.Fails = map[int]string{http.StatusNotFound: noRoom, http.StatusServiceUnavailable: noAnswer}
	return r
}

func (c *control) roomRoutes() []admin.Route {
	list := admin.Read("/api/rooms", c.list)
	list.Name, list.Tag, list.Does = "listRooms", tagRooms, "Lists the live rooms, in the order of their names."
	list.Fails = map[int]string{http.StatusServiceUnavailable: noAnswer}

	command := ofRoom(admin.Write(http.MethodPost, "/api/rooms/{room}/command", http.StatusOK, c.command),
		"runRoomCommand", tagRooms, "Runs a command of the conference API in a room, such as vid-layout 2x2. "+
			"A refusal of the command is a reply, too. A room that somebody is called into with dial or bgdial is made.")
	command.Also = map[int]string{http.StatusNotFound: noRoom}
	delete(command.Fails, http.StatusNotFound)

	snapshot := ofRoom(admin.Stream("/api/rooms/{room}/snapshot.png", "image/png", c.snapshot),
		"getSnapshot", tagRooms, "Gives a picture of what a canvas shows now.",
		admin.Param{Name: "canvas", Query: true, Kind: admin.Number, Default: 1, Min: 1, Max: maxCanvasNumber,
			About: "The canvas; the number after the last is the super canvas."})
	snapshot.Fails[http.StatusNotFound] = "There is no such room or canvas."
	snapshot.Fails[http.StatusTooManyRequests] = "There were too many pictures in the last second."

	return []admin.Route{
		list,
		ofRoom(admin.Read("/api/rooms/{room}", c.one), "getRoom", tagRooms, "Tells about a room, its members and those at its door."),
		ofRoom(admin.Remove("/api/rooms/{room}", c.endRoom), "endRoom", tagRooms, "Ends a room for everybody."),
		ofRoom(admin.Read("/api/rooms/{room}/members", c.members), "listMembers", tagRooms,
			"Lists a room's members, in the order in which they came. Commands act on them."),
		ofRoom(admin.Read("/api/rooms/{room}/waiting", c.waiting), "listWaiting", tagRooms,
			"Lists those who wait at a room's door, the longest waiting first. The commands admit and deny let them in and turn them away."),
		command, snapshot,
	}
}

func (c *control) chatRoutes() []admin.Route {
	return []admin.Route{
		ofRoom(admin.Read("/api/rooms/{room}/chat", c.chat), "getChat", tagChat,
			"Tells what was said in a room's chat to everybody, the oldest first."),
		ofRoom(admin.Write(http.MethodPost, "/api/rooms/{room}/chat", http.StatusCreated, c.sendChat), "sendChat", tagChat,
			"Says something to everybody in a room's chat."),
	}
}

func (c *control) serverRoutes() []admin.Route {
	run := admin.Write(http.MethodPost, "/api/command", http.StatusOK, c.run)
	run.Name, run.Tag, run.Does = "runCommand", tagServer,
		"Runs one of FreeSWITCH's API commands that exist here: conference … (also without a room: list, xml_list, json_list, count, help), "+
			"status, version, verto_contact USER, echo."
	run.Also = map[int]string{http.StatusNotFound: "There is no such command."}

	table := admin.Read("/api/commands", c.table)
	table.Name, table.Tag, table.Does = "listCommands", tagServer, "Lists the commands that rooms take."

	invite := admin.Write(http.MethodPost, "/api/invites", http.StatusCreated, c.invite)
	invite.Name, invite.Tag, invite.Does = "createInvite", tagServer, "Signs a token for a room and makes the link that carries it."

	document := admin.Stream("/api/openapi.json", "application/json", c.describe)
	document.Name, document.Tag, document.Does = "getDocument", tagServer, "Gives this document."
	return []admin.Route{run, table, invite, document}
}

func (c *control) arrayRoutes() []admin.Route {
	array := []admin.Param{
		{Name: "channel", About: "The event channel that clients subscribe."},
		{Name: "name", About: "The array's name on its channel."},
	}
	row := append(array[:2:2], admin.Param{Name: "key", About: "The row's key, which clients see as hashKey."})
	about := func(r admin.Route, name, does string, params []admin.Param) admin.Route {
		r.Name, r.Tag, r.Does, r.Params = name, tagArrays, does, params
		r.Fails = map[int]string{http.StatusForbidden: "Or the channel is the server's own: conferences and presence."}
		return r
	}
	put := about(admin.Write(http.MethodPut, "/api/arrays/{channel}/{name}/{key}", http.StatusOK, c.setRow),
		"setRow", "Adds a row, or puts it in the place of the one with that key. The body is any JSON value but null, false, 0 and the empty text, which clients take for no row.", row)
	put.Fails[http.StatusInsufficientStorage] = "There are too many arrays or rows."
	remove := about(admin.Remove("/api/arrays/{channel}/{name}/{key}", c.deleteRow), "deleteRow", "Removes a row.", row)
	remove.Fails[http.StatusNotFound] = "There is no such row."
	return []admin.Route{
		about(admin.Read("/api/arrays", c.listArrays), "listArrays", "Lists the live arrays of applications that have rows.", nil),
		about(admin.Read("/api/arrays/{channel}/{name}", c.getRows), "getRows", "Lists a live array's rows in order; one that does not exist has none.", array),
		about(admin.Remove("/api/arrays/{channel}/{name}", c.clearRows), "clearRows", "Removes all rows of a live array.", array),
		put, remove,
	}
}

func (c *control) recordRoutes() []admin.Route {
	list := admin.Read("/api/cdr", c.listRecords)
	list.Name, list.Tag, list.Does = "listRecords", tagRecords, "Lists conferences that have ended, the latest first."
	list.Params = []admin.Param{
		{Name: "room", Query: true, About: "Only those of this room."},
		{Name: "before", Query: true, Kind: admin.Moment, About: "Only those that ended before this moment, such as the last end of the list before."},
		{Name: "limit", Query: true, Kind: admin.Number, Default: 50, Min: 1, Max: 500, About: "At most so many."},
	}
	list.Fails = map[int]string{http.StatusNotFound: noRecords, http.StatusServiceUnavailable: "The folder could not be read in time."}
	one := func(r admin.Route, name, does string) admin.Route {
		r.Name, r.Tag, r.Does = name, tagRecords, does
		r.Params = []admin.Param{{Name: "uuid", About: "The conference's UUID.", Max: 36}}
		r.Fails = map[int]string{http.StatusNotFound: "There is no such record."}
		return r
	}
	return []admin.Route{
		list,
		one(admin.Read("/api/cdr/{uuid}", c.record), "getRecord", "Gives the record of a conference that has ended."),
		one(admin.Stream("/api/cdr/{uuid}/xml", "application/xml", c.recordXML), "getRecordXML", "Gives it as FreeSWITCH writes it."),
	}
}
