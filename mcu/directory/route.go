package directory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrDestination is wrapped by ParseRoute's errors: no room has such a name
// (hangup cause 3, NO_ROUTE_DESTINATION).
var ErrDestination = errors.New("no such destination")

// maxRoomName is the longest room name in bytes.
const maxRoomName = 64

// Suffixes of a destination that name a kind of leg, not a room.
const (
	screenSuffix   = "-screen"
	personalSuffix = "-personal"
	canvasSuffix   = "-canvas-"
)

// Route is what a dialled destination means.
type Route struct {
	Room          string
	Profile       string // conference profile, one of FreeSWITCH's vanilla names
	Width, Height int    // of that profile's canvas when no conference.conf.xml says otherwise
	Screen        bool   // NAME-screen: the leg carries NAME's shared screen
	Personal      bool   // NAME-personal: the leg asks for a canvas of its own, without itself
	Canvas        int    // NAME-canvas-N: a second screen that shows canvas N as dialled; else -1
}

// ParseRoute reads a destination: four digits 35xx, 36xx, 37xx and 38xx have
// FreeSWITCH's vanilla sizes, every other well-formed name is a 1280x720 room.
// A name that ends in -moderator is just a name. Errors wrap ErrDestination.
func ParseRoute(destination string) (Route, error) {
	r := Route{Room: destination, Canvas: -1}
	if name, ok := strings.CutSuffix(destination, screenSuffix); ok {
		r.Room, r.Screen = name, true
	} else if name, ok := strings.CutSuffix(destination, personalSuffix); ok {
		r.Room, r.Personal = name, true
	} else if name, n, ok := cutCanvas(destination); ok {
		r.Room, r.Canvas = name, n
	}
	if !ValidRoom(r.Room) {
		return Route{}, fmt.Errorf("directory: destination %.80q: %w", destination, ErrDestination)
	}
	r.Profile, r.Width, r.Height = profile(r.Room)
	return r, nil
}

// ValidRoom reports whether a room may have the name: [A-Za-z0-9_.-]{1,64}, not
// only dots (names become file names), and none of the forms that name a leg.
func ValidRoom(name string) bool {
	if name == "" || len(name) > maxRoomName || strings.Trim(name, ".") == "" {
		return false
	}
	for i := range len(name) {
		if !roomByte(name[i]) {
			return false
		}
	}
	_, _, canvas := cutCanvas(name)
	return !canvas && !strings.HasSuffix(name, screenSuffix) && !strings.HasSuffix(name, personalSuffix)
}

func roomByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return c == '_' || c == '.' || c == '-'
}

// cutCanvas splits NAME-canvas-N; N has one or two digits.
func cutCanvas(s string) (name string, n int, ok bool) {
	i := strings.LastIndex(s, canvasSuffix)
	if i < 0 {
		return "", 0, false
	}
	digits := s[i+len(canvasSuffix):]
	if len(digits) < 1 || len(digits) > 2 || strings.Trim(digits, "0123456789") != "" {
		return "", 0, false
	}
	n, err := strconv.Atoi(digits)
	return s[:i], n, err == nil
}

// profile is the vanilla dialplan: the first two of four digits choose the size.
func profile(room string) (name string, width, height int) {
	if len(room) == 4 && strings.Trim(room, "0123456789") == "" {
		switch room[:2] {
		case "35":
			return "video-mcu-stereo", 1920, 1080
		case "37":
			return "video-mcu-stereo-480", 640, 480
		case "38":
			return "video-mcu-stereo-320", 480, 320
		}
	}
	return "video-mcu-stereo-720", 1280, 720
}
