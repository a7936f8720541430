package room

import (
	"slices"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

const profileDoc = `<?xml version="1.0"?>
<configuration name="conference.conf">
  <caller-controls>
    <group name="default"><control action="mute" digits="0"/><control action="deaf mute" digits="*"/></group>
    <group name="silent"/>
  </caller-controls>
  <profiles>
    <profile name="video-mcu-stereo">
      <param name="domain" value="$${domain}"/>
      <param name="video-canvas-size" value="1024x577"/>
      <param name="video-fps" value="25"/>
      <param name="video_layout_name" value="2x2"/>
      <param name="video-layout-name" value="group:grid"/>
      <param name="video-codec-bandwidth" value="3mb"/>
      <param name="energy-level" value="150"/>
      <param name="conference-flags" value="livearray-sync|video-required-for-canvas|video-mute-exit-canvas"/>
      <param name="locked-sound" value="conference/conf-locked.wav"/>
      <param name="locked-sound" value="again.wav"/>
    </profile>
    <profile name="quiet"><param name="caller-controls" value="none"/></profile>
  </profiles>
</configuration>`

func TestParseProfiles(t *testing.T) {
	t.Parallel()
	ps, err := ParseProfiles([]byte(profileDoc), map[string]string{"domain": "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	p := ps.Get("video-mcu-stereo")
	if p.Domain != "example.com" || p.Width != 1024 || p.Height != 576 || p.FPS != 25 ||
		p.Layout != "group:grid" || p.VideoKbps != 3072 || p.EnergyLevel != 150 {
		t.Errorf("profile read as %+v", p)
	}
	if !p.VideoRequired || !p.MuteExits {
		t.Error("the user's own canvas flags are not obeyed")
	}
	if p.Controls["*0"].Action != ActionVmute || p.Controls["0"].Action != ActionMute {
		t.Errorf("controls %v", p.Controls)
	}
	if len(ps.Get("quiet").Controls) != 0 {
		t.Error("caller-controls=none leaves controls")
	}
	if !slices.Equal(ps.Unknown, []string{"locked-sound"}) {
		t.Errorf("unknown parameters %v", ps.Unknown)
	}
	if other := ps.Get("video-mcu-stereo-480"); other.Width != 640 || other.Height != 480 || other.VideoRequired {
		t.Errorf("embedded profile %+v", other)
	}
}

func TestParseProfilesRefuses(t *testing.T) {
	t.Parallel()
	param := func(name, value string) string {
		return `<configuration><profiles><profile name="x"><param name="` + name + `" value="` + value + `"/></profile></profiles></configuration>`
	}
	for name, doc := range map[string]string{
		"dtd":          `<!DOCTYPE a [<!ENTITY b "c">]><configuration/>`,
		"not xml":      `hello`,
		"other root":   `<section/>`,
		"deep":         strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40),
		"zero fps":     param("video-fps", "0"),
		"fps word":     param("video-fps", "fast"),
		"canvas":       param("video-canvas-size", "99999x2"),
		"colour":       param("video-canvas-bgcolor", "mauve"),
		"bandwidth":    param("video-codec-bandwidth", "-3mb"),
		"odd variable": param("domain", "$${x"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseProfiles([]byte(doc), nil); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func FuzzParseProfiles(f *testing.F) {
	f.Add([]byte(profileDoc))
	f.Fuzz(func(t *testing.T, doc []byte) {
		ps, err := ParseProfiles(doc, nil)
		if err == nil && ps.Get("video-mcu-stereo").FPS < 1 {
			t.Error("a profile without frames")
		}
	})
}

// TestProfileSound: what a profile says of sound.
func TestProfileSound(t *testing.T) {
	t.Parallel()
	param := func(name, value string) string { return `<param name="` + name + `" value="` + value + `"/>` }
	profile := func(params ...string) (Profile, *Profiles, error) {
		doc := `<configuration><profiles><profile name="x">` + strings.Join(params, "") + `</profile></profiles></configuration>`
		ps, err := ParseProfiles([]byte(doc), nil)
		return ps.Get("x"), ps, err
	}
	p, ps, err := profile(param("comfort-noise", "true"), param("auto-gain-level", "1"), param("auto-gain-period-len", "10"),
		param("audio-dtx", "off"), param("conference-flags", "audio-always|auto-3d-position"), param("member-flags", "mute-detect"),
		param("suppress-events", "start-talking, Mute-Member"), param("moh-sound", "silence"), param("enter_sound", "a.wav"),
		param("inbound-codec-string", "PCMA@8000h@20i,g722,opus,h264,PCMA"), param("outbound-codec-string", "opus,h264,vp8"))
	if err != nil {
		t.Fatal(err)
	}
	if p.ComfortNoise != 1400 || p.AGC != (audio.AGC{Level: 1100, Period: 10}) || p.AudioDTX || !p.AudioAlways || !p.Auto3D || !p.MuteDetect {
		t.Errorf("%+v", p)
	}
	if !slices.Equal(p.SuppressEvents, []string{"start-talking", "mute-member"}) || p.Sounds != (Sounds{Enter: "a.wav", NoMusic: true}) {
		t.Errorf("%q, %+v", p.SuppressEvents, p.Sounds)
	}
	if !slices.Equal(p.Codecs, []media.AudioCodec{media.PCMA, media.G722, media.Opus}) || !p.NoVideo {
		t.Errorf("codecs %v, without video %t", p.Codecs, p.NoVideo)
	}
	if !slices.Equal(ps.Unknown, []string{"codec h264"}) {
		t.Errorf("unknown %q", ps.Unknown)
	}
	if p, _, _ := profile(param("outbound-codec-string", "opus,vp8")); !slices.Equal(p.Codecs, []media.AudioCodec{media.Opus}) || p.NoVideo {
		t.Errorf("outbound codecs alone: %v, without video %t", p.Codecs, p.NoVideo)
	}
	for _, bad := range []string{param("comfort-noise", "10000"), param("auto-gain-level", "loud"), param("audio-dtx", "perhaps"), param("auto-gain-margin", "-1")} {
		if _, _, err := profile(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
