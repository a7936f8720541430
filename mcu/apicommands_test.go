package mcu

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
)

// echoes is a room that tells what it was asked.
func echoes(name string) *fakeRoom {
	return &fakeRoom{
		execute: func(_ context.Context, line string) (string, error) { return name + " [" + line + "]", nil },
		lists:   room.Listing{Name: name, Flags: []string{"running"}},
		entry:   roomEntry{Name: name, Members: 2},
	}
}

func TestConferenceCommand(t *testing.T) {
	live := map[string]*fakeRoom{
		"3600": echoes("3600"), "count": echoes("count"),
		"sick": {execute: func(context.Context, string) (string, error) { return "", errors.New("secret detail") }, err: room.ErrEnded},
		"gone": {execute: func(context.Context, string) (string, error) { return "", room.ErrEnded }, err: room.ErrEnded},
		"slow": {execute: func(context.Context, string) (string, error) { return "", context.DeadlineExceeded }, err: room.ErrEnded},
	}
	c := apiOf(t, live).commands
	var made []string
	c.open = func(name, profile string) (steered, error) {
		made = append(made, name+" as "+profile)
		if name == "full" {
			return nil, errTooMany
		}
		return echoes("new " + name), nil
	}
	c.bury = func(context.Context, steered) error { delete(live, "gone"); return nil }
	const heading = "+OK Conference 3600 (0 members rate: 48000 flags: running)\n"
	tests := []struct{ name, arg, want string }{
		{"in a room", "3600 mute all", "3600 [mute all]"},
		{"in any case", "3600 MUTE all", "3600 [MUTE all]"},
		{"quoted words", "3600 vid-banner 7 'two words'", "3600 [vid-banner 7 'two words']"},
		{"quoted name", "'3600' count", "3600 [count]"},
		{"more spaces", "  3600   mute   all ", "3600 [mute all]"},
		{"no command", "3600", "3600 []"},
		{"a room called like a command", "count mute 3", "count [mute 3]"},
		{"unknown room", "nonsense mute all", "-ERR Conference nonsense not found\n"},
		{"unknown room without a command", "nonsense", "-ERR Conference nonsense not found\n"},
		{"names are as they are written", "GARDEN count", "-ERR Conference GARDEN not found\n"},
		{"list", "list", heading + "+OK Conference count (0 members rate: 48000 flags: running)\n"},
		{"list in capitals", "LIST summary", heading + "+OK Conference count (0 members rate: 48000 flags: running)\n"},
		{"call into a new room", "4000 dial user/1001", "new 4000 [dial user/1001]"},
		{"call in the background", "4001@wide BGDIAL user/1001 7 x", "new 4001 [BGDIAL user/1001 7 x]"},
		{"call of nobody", "4002 dial", "-ERR Conference 4002 not found\n"},
		{"call into no room", "a/b dial user/1001", "-ERR Conference a/b not found\n"},
		{"call into one too many", "full dial user/1001", "-ERR the room failed; the log tells why\n"},
		{"room that ends", "gone count", "-ERR Conference gone not found\n"},
		{"call into a room that ends", "gone dial user/1001", "new gone [dial user/1001]"},
		{"room that fails", "sick count", "-ERR the room failed; the log tells why\n"},
		{"room that does not answer", "slow count", "-ERR the room does not answer\n"},
		{"text over lines", "3600 say 'a\nb'", "3600 [say 'a\nb']"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, known := c.run(t.Context(), "conference", tt.arg); got != tt.want || !known {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := strings.Join(made, ", "); got != "4000 as default, 4001 as wide, full as default, gone as default" {
		t.Errorf("made %s", got)
	}
}

// TestConferenceWithoutRooms: FreeSWITCH's forms that need none.
func TestConferenceWithoutRooms(t *testing.T) {
	c := apiOf(t, nil).commands
	for arg, want := range map[string]string{
		"list": "+OK No active conferences.\n", "xml_list": "<?xml version=\"1.0\"?>\n<conferences></conferences>\n",
		"json_list": "[]", "json_list compact": "[]", "count": "0",
	} {
		if got, _ := c.run(t.Context(), "CONFERENCE", arg); got != want {
			t.Errorf("%s: got %q, want %q", arg, got, want)
		}
	}
	for arg, want := range map[string]string{"": "<conf name> count \n", "help": "\t\tlock\n", "commands": "\t\tlist [delim <string>]|[count]\n"} {
		if got, _ := c.run(t.Context(), "conference", arg); !strings.Contains(got, want) {
			t.Errorf("%q: got %.300q, want it to have %q", arg, got, want)
		}
	}
}

func TestOtherCommands(t *testing.T) {
	c := apiOf(t, map[string]*fakeRoom{"a": echoes("a"), "b": echoes("b")}).commands
	c.started = time.Now().Add(-(400*24*time.Hour + time.Hour + time.Minute + 2*time.Second))
	for _, tt := range []struct {
		cmd, arg, want string
		known          bool
	}{
		{"echo", " two  words ", " two  words ", true},
		{"version", "", "Omniverto Version " + Version + "\n", true},
		{"version", "short", Version + "\n", true},
		{"verto_contact", "1001@example.org", "verto.rtc/u:first,verto.rtc/u:second", true},
		{"verto_contact", "1001", "verto.rtc/u:first,verto.rtc/u:second", true},
		{"verto_contact", "1009@example.org", "error/user_not_registered", true},
		{"verto_contact", "", "error/user_not_registered", true},
		{"system", "rm -rf /", "", false},
		{"", "", "", false},
		{"fsctl", "shutdown", "", false},
	} {
		if got, known := c.run(t.Context(), tt.cmd, tt.arg); got != tt.want || known != tt.known {
			t.Errorf("%s %s: got %q, %v", tt.cmd, tt.arg, got, known)
		}
	}
	got, _ := c.run(t.Context(), "status", "")
	if !strings.HasPrefix(got, "UP 1 year, 35 days, 1 hour, 1 minute, 2 seconds, ") ||
		!strings.HasSuffix(got, "\nOmniverto (Version "+Version+") is ready\n4 session(s)\n2 conference(s)\n") {
		t.Errorf("status: %q", got)
	}
	c.ready = func() bool { return false }
	if got, _ := c.run(t.Context(), "status", ""); !strings.Contains(got, " is not ready\n") {
		t.Errorf("status: %q", got)
	}
}

func FuzzConferenceCommand(f *testing.F) {
	f.Add("3600 mute all")
	f.Add("'list' pretty")
	f.Add("x dial ")
	f.Fuzz(func(t *testing.T, arg string) {
		c := apiOf(t, map[string]*fakeRoom{"3600": echoes("3600")}).commands
		if _, known := c.run(t.Context(), "conference", arg); !known {
			t.Errorf("%q", arg)
		}
	})
}
