package livearray

// RoomInfo is a room's state as its members are told. FreeSWITCH tells none of it.
type RoomInfo struct {
	Locked        bool `json:"locked"`
	NeedsPIN      bool `json:"needsPIN"`
	Lobby         bool `json:"lobby"`         // who comes waits until a moderator lets him in
	WaitModerator bool `json:"waitModerator"` // nobody is heard before a moderator is there
	Recording     bool `json:"recording"`
	Waiting       int  `json:"waiting"` // how many are at the door
}

// RoomInfoEvent are the parameters of the verto.event that tells the room's state:
// on the info channel, or to one session alone, on its own channel.
func (c Conference) RoomInfoEvent(i RoomInfo, session string) map[string]any {
	return c.infoEvent(struct {
		ContentType string   `json:"contentType"`
		RoomInfo    RoomInfo `json:"roomInfo"`
	}{"room-info", i}, session)
}

// ReactionEvent are the parameters of the verto.event that shows a member's reaction
// to everybody.
func (c Conference) ReactionEvent(member uint32, name, reaction string) map[string]any {
	return c.infoEvent(struct {
		ContentType string `json:"contentType"`
		MemberID    uint32 `json:"memberID"`
		Name        string `json:"name"`
		Reaction    string `json:"reaction"`
	}{"reaction", member, name, reaction}, "")
}

// infoEvent carries something of the info channel: to its subscribers, or, when
// session is not "", to that one on its own channel.
func (c Conference) infoEvent(body any, session string) map[string]any {
	channel := c.InfoChannel()
	if session != "" {
		return map[string]any{"eventData": body, "eventChannel": session, "infoChannel": channel}
	}
	return map[string]any{"eventData": body, "eventChannel": channel}
}

// Guest is somebody who waits for admission.
type Guest struct {
	MemberID uint32 `json:"memberID"`
	Name     string `json:"name"`
	CallID   string `json:"callID"`
	Since    int64  `json:"since"` // Unix ms
}

// Lobby is what moderators read on their channel of those who wait.
func Lobby(waiting []Guest) any {
	return struct {
		Action  string  `json:"action"`
		Waiting []Guest `json:"waiting"`
	}{"lobby", append([]Guest{}, waiting...)}
}
