package room

import (
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// Profile is a conference profile: what a room is like before anybody joins.
type Profile struct {
	Name          string
	Domain        string // conference domain; "" = the first member's
	Width, Height int    // canvas, even
	FPS           int
	Layout        string    // layout name or "group:NAME"
	VideoKbps     int       // bit rate of the canvas' top tier
	Channels      int       // 1 or 2
	EnergyLevel   int       // noise gate, FreeSWITCH's score; 0 = always open
	AGC           audio.AGC // automatic gain of all members; level 0: none
	ComfortNoise  int       // FreeSWITCH's level, from 2, loud, to 9999; 0 none
	AudioDTX      bool      // silence is not sent
	MuteDetect    bool      // talking is noticed while muted
	Auto3D        bool      // voices are where their pictures are
	// Codecs are those of sound, the most wanted first; nil: the server's choice.
	Codecs  []media.AudioCodec
	NoVideo bool // calls get no picture
	// inbound and outbound are the codec strings while a file is read.
	inbound, outbound *codecs
	Sounds            Sounds
	// SuppressEvents names events that are not told, in FreeSWITCH's words.
	SuppressEvents []string
	AudioAlways    bool // mix everybody regardless of the gate
	MaxMembers     int  // 0 = no limit
	AutoFloorMsec  int  // speech needed before the video floor follows
	// VideoRequired: no camera, no seat (no avatars); MuteExits: a member who
	// mutes his video gives up his seat.
	VideoRequired, MuteExits bool
	// ModeratorsFirst: when seats are few, moderators get theirs before others.
	ModeratorsFirst bool

	Background, Letterbox        media.RGB
	BorderColor, SuperBackground media.RGB
	BorderSize                   int // pixels, around every picture; 0 none
	// TransitionMsec is how long pictures take to their new places; 0: at once.
	TransitionMsec int
	// TalkRing draws a ring around who talks.
	TalkRing bool
	// NoVideoAvatar is an image of the media folder for members without a camera;
	// "": initials. MuteBanner lies over the mute image of a member.
	NoVideoAvatar, MuteBanner string

	Canvases int // 1 to MaxCanvases
	// SuperLabels names the canvases on the super canvas; SuperShowAll shows empty
	// ones, too.
	SuperLabels, SuperShowAll bool
	// Personal: everybody gets a canvas without himself, up to PersonalLimit of
	// them, of PersonalWidth x PersonalHeight; 0: the canvas scaled into 640x360.
	Personal                      bool
	PersonalLimit                 int
	PersonalWidth, PersonalHeight int

	Controls          Controls            // DTMF sequences
	ModeratorControls Controls            // nil: as Controls
	Groups            map[string]Controls // all groups of the document, by name; never written
	IVRDTMFTimeout    time.Duration       // between two digits of a sequence; 0: 500 ms

	// The door. A PIN is any word; "" none.
	PIN, ModeratorPIN string
	PINRetries        int  // wrong ones until a call ends
	Lobby             bool // newcomers wait until a moderator lets them in
	WaitModerator     bool // nobody is heard before a moderator is there
	MemberFlags       MemberFlags

	EndGrace           int // seconds from the cause to the end of a conference
	TerminateOnSilence int // seconds; 0 never
	HeartbeatSec       int // seconds between two heartbeat events; 0 none

	AutoRecord                   string            // path of a recording that begins by itself; "" none
	MinRecording                 int               // members that it needs
	RestartRecord                bool              // it begins again after it was stopped
	Variables                    map[string]string // of the conference; never written
	CallerIDName, CallerIDNumber string            // of calls from the conference
	SoundPrefix                  string            // folder of sounds that are named without one
	Description                  string
	JSONEvents                   bool   // a description is told as JSON
	NoChat                       bool   // broadcast-chat-messages is off
	CDRDir                       string // "" none, "auto": the usual place
	CDREvents                    string // none, content or file

	// AutoEnergy is the upper bound of a gate that follows the noise, 0 none, and
	// AutoEnergySec how long it takes. Who is louder than MaxEnergy MaxEnergyHits times
	// is muted for MaxEnergyMuteMsec.
	AutoEnergy, AutoEnergySec                   int
	MaxEnergy, MaxEnergyHits, MaxEnergyMuteMsec int

	// AnnounceCount is from how many members on newcomers would be announced. There is
	// no voice that could: the room says so once.
	AnnounceCount int
}

// MaxCanvases is the most canvases of a conference (FreeSWITCH's limit).
const MaxCanvases = 20

// talkColor is the talking highlight's.
var talkColor = media.RGB{R: 0x3d, G: 0xd6, B: 0x8c}

// Stock returns the embedded profile of that name: FreeSWITCH's vanilla video
// profiles without video-required-for-canvas and video-mute-exit-canvas, so that
// avatars show. Any other name gives the 1280x720 one.
func Stock(name string) Profile {
	p := Profile{
		Name: name, Width: 1280, Height: 720, FPS: 30, Layout: "group:grid",
		VideoKbps: 2000, Channels: 2, EnergyLevel: 200, AutoFloorMsec: 1000,
		Background: media.RGB{R: 0x33, G: 0x33, B: 0x33}, BorderColor: media.RGB{G: 0xff},
		SuperBackground: media.RGB{R: 0x06, G: 0x8d, B: 0xf3}, MuteBanner: "VIDEO MUTED",
		AudioDTX: true, TransitionMsec: 250, Canvases: 1, PersonalLimit: 4, Controls: StockControls(),
		PINRetries: 3, MinRecording: 1, CallerIDName: "conference", CallerIDNumber: "0000000000",
		AutoEnergySec: 5, MaxEnergyHits: 5,
	}
	switch name {
	case "video-mcu-stereo":
		p.Width, p.Height, p.VideoKbps = 1920, 1080, 3000
	case "video-mcu-stereo-480":
		p.Width, p.Height, p.VideoKbps = 640, 480, 800
	case "video-mcu-stereo-320":
		p.Width, p.Height, p.VideoKbps = 480, 320, 500
	}
	return p
}
