package room_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
)

func TestListForms(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.join(room.Request{Name: `A<b> "c" & d`, Number: "+49 30", Flags: room.MemberFlags{Ghost: true, EndConference: true}}, both)
		<-time.After(time.Second) // somebody has the floor
		c.expect("count", "3", "get count_ghosts", "1", "list COUNT", "3", "hold 7", "+OK hold 7\n", "mute 6", "+OK mute 6\n", "deaf 5", "+OK deaf 5\n",
			"setvar color 'red & blue'", "+OK\n", "getvar color", "red & blue", "set endconference_grace_time 9", "0", "set max_members 12", "0")
		got := c.ask("list delim ,")
		for _, want := range []string{"7,verto.rtc/3720,3612cef3-2bdd-7606-5e41-899e3d834a15,Carol,1002,hold|video,0,0,200\n",
			",Bob,1001,hear|video,0,0,200\n", ",Alice,1000,speak|video|floor|vid-floor|moderator,0,0,200\n", "|ghost,0,0,200\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("list lacks %q:\n%s", want, got)
			}
		}
		var doc struct {
			Conference struct {
				Ghosts   int `xml:"ghost-count,attr"`
				Max      int `xml:"max_members,attr"`
				Grace    int `xml:"endconference_grace_time,attr"`
				Variable struct {
					Name  string `xml:"name,attr"`
					Value string `xml:"value,attr"`
				} `xml:"variables>variable"`
				Members []struct {
					Name  string `xml:"caller_id_name"`
					Ghost bool   `xml:"flags>is_ghost"`
					End   bool   `xml:"flags>end_conference"`
				} `xml:"members>member"`
			} `xml:"conference"`
		}
		if err := xml.Unmarshal([]byte(c.ask("xml_list")), &doc); err != nil {
			t.Fatal(err)
		}
		x := doc.Conference
		if x.Ghosts != 1 || x.Max != 12 || x.Grace != 9 || x.Variable.Value != "red & blue" || len(x.Members) != 4 ||
			x.Members[0].Name != "A%3Cb%3E%20%22c%22%20%26%20d" || !x.Members[0].Ghost || !x.Members[0].End {
			t.Errorf("%+v", x)
		}
		for _, line := range []string{"json_list", "json_list COMPACT"} {
			var list []struct {
				Members     int `json:"member_count"`
				Max         int `json:"max_members"`
				Variables   map[string]string
				MemberNames []struct {
					Name string `json:"caller_id_name"`
				} `json:"members"`
			}
			text := c.ask(line)
			if err := json.Unmarshal([]byte(text), &list); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(text, "\n") != (line == "json_list") || list[0].Members != 3 || list[0].Max != 12 ||
				list[0].Variables["color"] != "red & blue" || list[0].MemberNames[0].Name != `A<b> "c" & d` {
				t.Errorf("%s: %+v", line, list)
			}
		}
	})
}

// TestTimesInLists: what happened is told in seconds.
func TestTimesInLists(t *testing.T) {
	inRoom(t, nil, []int{1000, 0}, func(t *testing.T, h *hearing) {
		h.talk(2 * time.Second)
		h.all[0].level.Store(1)
		h.talk(10 * time.Second)
		got := h.ask("xml_list")
		for _, want := range []string{`run_time="12"`, "<join_time>12</join_time>", "<last_talking>N/A</last_talking>", "<can_see>true</can_see>"} {
			if !strings.Contains(got, want) {
				t.Errorf("lacks %s:\n%s", want, got)
			}
		}
		if strings.Count(got, "N/A") != 1 {
			t.Errorf("the talker is not told:\n%s", got)
		}
		if got := h.ask("get run_time"); got != "12" {
			t.Errorf("run_time %s", got)
		}
	})
}

// TestListRooms: without a conference's name, and without any conference.
func TestListRooms(t *testing.T) {
	for line, want := range map[string]string{
		"list":              "+OK No active conferences.\n",
		"list summary":      "+OK No active conferences.\n",
		"count":             "0",
		"json_list":         "[]",
		"json_list compact": "[]",
		"XML_LIST":          `<?xml version="1.0"?>` + "\n<conferences></conferences>\n",
	} {
		if got, ok := room.ListRooms(room.Split(line), nil); !ok || got != want {
			t.Errorf("%s: %q, %t; want %q", line, got, ok, want)
		}
	}
	if _, ok := room.ListRooms([]string{"3720"}, nil); ok {
		t.Error("a name is no command")
	}
	synctest.Test(t, func(t *testing.T) {
		images, dir := newMedia(t)
		c := command(t, images, dir, 5, nil)
		c.join(room.Request{Name: "Alone"}, both)
		c.ask("lock")
		var l room.Listing
		if err := c.Do(t.Context(), func(s *room.State) error { l = s.Listing(); return nil }); err != nil {
			t.Fatal(err)
		}
		got, _ := room.ListRooms([]string{"list", "summary"}, []room.Listing{l})
		if !strings.HasPrefix(got, "+OK Conference 3720 (1 member rate: 48000 locked flags: locked|running|answered|enforce_min|dynamic|") {
			t.Errorf("%q", got)
		}
		c.Close()
	})
}
