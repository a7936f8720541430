package room

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStockDocument: FreeSWITCH's own profiles load.
func TestStockDocument(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("testdata/conference.conf.xml")
	if err != nil {
		t.Fatal(err)
	}
	ps, err := ParseProfiles(doc, map[string]string{"domain": "example.com", "hold_music": "local_stream://moh", "outbound_caller_name": "FreeSWITCH", "outbound_caller_id": "0000000000"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"locked-sound", "rate", "video-layout-bgcolor"}; !slices.Equal(ps.Unknown, want) {
		t.Errorf("not used: %q, want %q", ps.Unknown, want)
	}
	p := ps.Get("video-mcu-stereo")
	if p.Width != 1920 || p.Height != 1080 || p.Layout != "group:grid" || !p.VideoRequired || !p.MuteExits || !p.JSONEvents || p.ComfortNoise != 0 || p.CallerIDName != "FreeSWITCH" {
		t.Errorf("%+v", p)
	}
	if p.Sounds.PIN != "conference/conf-pin.wav" || p.Sounds.Music != "local_stream://moh" || p.Controls["2"].Action != "vol talk zero" {
		t.Errorf("%+v, %v", p.Sounds, p.Controls)
	}
	if p := ps.Get("sla"); len(p.Controls) != 0 || !p.Sounds.NoMusic || p.Sounds.Alone != "" {
		t.Errorf("%+v", p)
	}
	if p := ps.Get("default"); p.ComfortNoise != 1400 || p.EnergyLevel != 100 {
		t.Errorf("%+v", p)
	}
}

// TestEveryParameter: all that FreeSWITCH reads is known; what is of no use is named.
func TestEveryParameter(t *testing.T) {
	t.Parallel()
	used := `domain=a.b description=x channels=auto interval=auto energy-level=1 auto-energy-level=1 auto-energy-seconds=1
		max-energy-level=1 max-energy-hit-trigger=1 max-energy-level-mute-ms=1 auto-gain-level=500 auto-gain-low-energy-level=1 auto-gain-margin=1
		auto-gain-change-factor=1 auto-gain-period-len=1 comfort-noise=true video-mode=mux video-layout-name=1x1 video-layout-conf=conference_layouts.conf
		video-canvas-size=640x360 video-canvas-count=2 video-canvas-bgcolor=#000000 video-letterbox-bgcolor=#000000 video-border-color=#000000
		video-super-canvas-bgcolor=#000000 video-border-size=3 video-super-canvas-label-layers=true video-super-canvas-show-all-layers=true
		video-fps=30 video-codec-bandwidth=auto video-auto-floor-msec=1 video-no-video-avatar=a.png video-mute-banner=x conference-flags=wait-mod|restart-auto-record
		member-flags=ghost|mintwo caller-controls=none moderator-controls=m ivr-dtmf-timeout=100 pin=1 moderator-pin=2 pin-retries=5 max-members=3
		caller-id-name=x caller-id-number=1 enter-sound=a exit-sound=a member-enter-sound=a alone-sound=a moh-sound=a muted-sound=a unmuted-sound=a
		mute-detect-sound=a is-locked-sound=a is-unlocked-sound=a kicked-sound=a pin-sound=a bad-pin-sound=a deaf-sound=a undeaf-sound=a blind-sound=a
		unblind-sound=a sound-prefix=a suppress-events=lock heartbeat-period-sec=5 auto-record=a.mp4 min-required-recording-participants=2
		terminate-on-silence=9 endconf-grace-time=8 broadcast-chat-messages=false cdr-log-dir=auto cdr-event-mode=file lobby=true rate=48000 timer-name=soft`
	unused := `announce-count=4 verbose-events=true video-quality=1 video-kps-debounce=1 video-codec-config-profile-name=a scale-h264-canvas-size=1
		scale-h264-canvas-fps-divisor=1 scale-h264-canvas-bandwidth=1 ivr-input-timeout=1 outcall-templ=a perpetual-sound=a locked-sound=a
		max-members-sound=a join-only-sound=a tts-engine=a tts-voice=a recording-metadata=a ack-sound=a nack-sound=a video-layout-bgcolor=#000000`
	var params strings.Builder
	var want []string
	for i, word := range strings.Fields(used + " " + unused) {
		name, value, _ := strings.Cut(word, "=")
		params.WriteString(`<param name="` + name + `" value="` + value + `"/>`)
		if i >= len(strings.Fields(used)) {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	ps, err := ParseProfiles([]byte(`<configuration><caller-controls><group name="m"><control action="transfer" digits="9" data="1 XML a"/></group></caller-controls>
		<profiles><profile name="x">`+params.String()+`<variables><variable name="a" value="$${b}"/></variables>
		<video-codec-group name="g" bandwidth="1mb" res-divisor="2"/></profile></profiles></configuration>`), map[string]string{"b": "c"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ps.Unknown, want) {
		t.Errorf("not used: %q\nwant %q", ps.Unknown, want)
	}
	p := ps.Get("x")
	if p.PIN != "1" || p.ModeratorPIN != "2" || p.PINRetries != 5 || p.MaxMembers != 3 || !p.Lobby || !p.WaitModerator || !p.RestartRecord ||
		p.MemberFlags != (MemberFlags{Ghost: true, MinTwo: true}) || p.EndGrace != 8 || p.TerminateOnSilence != 9 || p.HeartbeatSec != 20 ||
		p.IVRDTMFTimeout != 500*time.Millisecond || !p.NoChat || p.AutoRecord != "a.mp4" || p.MinRecording != 2 || p.CDRDir != "auto" || p.CDREvents != "file" || p.AnnounceCount != 4 {
		t.Errorf("%+v", p)
	}
	if p.Variables["a"] != "c" || p.Variables["group-g"] != "1mb:2" || p.ModeratorControls["9"] != (Control{"transfer", "1 XML a"}) {
		t.Errorf("%v, %v", p.Variables, p.ModeratorControls)
	}
	for _, bad := range []string{"pin-retries=x", "endconf-grace-time=-1", "cdr-event-mode=both", "video-mode=what", "lobby=perhaps", "pin=" + strings.Repeat("1", 33)} {
		name, value, _ := strings.Cut(bad, "=")
		if _, err := ParseProfiles([]byte(`<configuration><profiles><profile name="x"><param name="`+name+`" value="`+value+`"/></profile></profiles></configuration>`), nil); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestMemberFlagsByName(t *testing.T) {
	t.Parallel()
	var all MemberFlags
	words := all.all()
	if len(words) != 23 {
		t.Errorf("%d flags", len(words))
	}
	for word := range words {
		if f := ParseMemberFlags(" " + word + " , nonsense"); !*f.named(word) || f == (MemberFlags{}) {
			t.Errorf("%s is not read", word)
		}
		*words[word] = true
	}
	if all.Or(MemberFlags{}) != all || (MemberFlags{}).Or(all) != all {
		t.Error("Or forgets flags")
	}
}
