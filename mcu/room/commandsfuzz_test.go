package room_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/omniverto/omniverto/mcu/room"
)

// FuzzExecute: no lines, of which there may be several, bring a room down or stop
// it from answering.
func FuzzExecute(f *testing.F) {
	for _, line := range []string{
		"mute all", "tmute uuid=x", "kick last", "vid-flip 5 rotate\nvid-flip 5", "vid-border all toggle", "vid-filter 6 fg-gray,bg-sepia",
		"vid-floor 6 force\nvid-floor 6", "vid-banner 6 %7Bfg%3Dred%7D%u0416\nvid-layout 3x3", "vid-logo-img 6 {position=right-top}picture.png",
		"vid-mute-img 6 picture.png\nvmute 6", "vmute-snap 6\nvmute 6", "vid-codec-group 6 low\nvid-bandwidth 1mb:2:3 low 1",
		"vid-bandwidth auto:=320x180:8 '' 1", "vid-res-id 6 presenter\nvid-layout presenter-dual-vertical", "vid-res-id all clear",
		"vid-role-id 6 =x", "vid-layout group grid 2\nvid-layout list", "vid-layout group:", "vid-write-png a/b.png 3", "vid-fps 0\nvid-fps 60",
		"vid-res 640x360 2", "vid-res 4096x2304", "vid-bgimg picture.png 2\nvid-fgimg picture.png", "vid-personal on\nvid-layout 2x2\nvid-personal off",
		"vid-canvas 6 prev\nvid-canvas all next", "vid-watching-canvas all 3\nvid-watching-canvas 6 personal\nvid-watching-canvas 6 prev",
		"vid-layer 6 prev\nvid-layer all 2", "canvas-auto-clear 9 true", "cam 0 0 zoom=1:2:3:4 pan=x:5i snap_factor=7 zoom_factor=4",
		"cam 1 0 pan=y:-99999999999i\ncam 1 0 reset", "help", "'", `\`, "vid-banner 6 'a b", "tvblind all", "clear-vid-floor", "",
		"hold 6 level:1:-1\nhold 6\nunhold all", "relate 5,6 7 nospeak,sendvideo\nrelate 6,5\nvid-personal on\nkick 5", "relate 9 6 clear\nrelate , ,",
		"play {vol=99,loops=inf}level:5:-1\nplay level:1:3 async\npause_play\nfile_seek -1\nfile-vol 9 async\nstop all",
		"play level:1:-1 6 nomux\nplay level:1:-1 6\nplay_status 6\nfile_seek +0 6\nkick 6", "play {\nplay {}\nplay level:1:0\nplay none",
		"moh level:1:-1\nmoh toggle\nenter_sound file x\nenter_sound on\nexit_sound none\nkick last", "say x\nsaymember 6 x",
		"lobby on\nadmit all\ndeny 9\nban 9\nlobby off", "lock\npin 1\npin mod 2\nnopin\nunlock", "promote 6\ndemote last viewer\nmute moderators",
		"hand all\nmute hands\nrename 6 'a b'\nreact 6 x", "list delim '' \nlist pretty\nxml_list\njson_list compact\nget uuid\nget-uuid all",
		"set max_members 1\nset caller_id_name x\nsetvar a b\ngetvar a\nxml_list", "transfer 3721 all\ntransfer 3721 6", "dial user/1\nbgdial x",
		"record a 9\nrecording stop\nchkrecord\npause a\nnorecord all", "auto-energy all up\nmax-energy all 900:-1:-1\nmax-energy 6 down", "endconf\nlist",
		"volume_in all 99999dB\nvolume_out all -dB\nenergy all up\nagc all 1:2:3\nposition 6 9:9:9\nauto-3d-position on\nfloor 6",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		synctest.Test(t, func(t *testing.T) {
			images, dir := newMedia(t)
			c := command(t, images, dir, 5, func(p *room.Profile) { p.Width, p.Height, p.Canvases = 320, 180, 2 })
			c.three()
			for line := range strings.SplitSeq(lines, "\n") {
				_, err := c.Execute(t.Context(), line)
				if errors.Is(err, room.ErrEnded) {
					break // everybody was kicked
				}
				if err != nil {
					t.Errorf("%q: %v", line, err)
				}
				err = c.Do(t.Context(), func(s *room.State) error {
					if n := len(s.Canvases()); n != 3 {
						t.Errorf("after %q there are %d canvases", line, n)
					}
					return nil
				})
				if err != nil && !errors.Is(err, room.ErrEnded) {
					t.Errorf("after %q: %v", line, err)
				}
			}
			c.Close()
		})
	})
}
