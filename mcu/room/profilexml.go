package room

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/omniverto/omniverto/media"
)

// Profiles are the conference profiles that the server knows.
type Profiles struct {
	named map[string]Profile
	// Unknown names the parameters that are not understood or not used, sorted, each
	// once.
	Unknown []string
}

// maxProfileFile bounds a conference.conf.xml, in bytes.
const maxProfileFile = 4 << 20

type xmlConference struct {
	XMLName  xml.Name
	Profiles []struct {
		Name   string     `xml:"name,attr"`
		Params []xmlParam `xml:"param"`
		Groups []struct {
			Name      string `xml:"name,attr"`
			Bandwidth string `xml:"bandwidth,attr"`
			Size      string `xml:"res-divisor,attr"`
			Rate      string `xml:"fps-divisor,attr"`
		} `xml:"video-codec-group"`
		Variables []xmlParam `xml:"variables>variable"`
	} `xml:"profiles>profile"`
	Controls []struct {
		Name     string `xml:"name,attr"`
		Controls []struct {
			Action string `xml:"action,attr"`
			Digits string `xml:"digits,attr"`
			Data   string `xml:"data,attr"`
		} `xml:"control"`
	} `xml:"caller-controls>group"`
}

type xmlParam struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// ParseProfiles reads a FreeSWITCH conference.conf.xml. vars are the values of
// $${name}; a document with a DTD, a wrong value or an unknown variable in a
// parameter that matters is refused as a whole.
func ParseProfiles(doc []byte, vars map[string]string) (*Profiles, error) {
	c, err := decodeConference(doc)
	if err != nil {
		return nil, fmt.Errorf("conference.conf.xml: %w", err)
	}
	controls := make(map[string]Controls)
	for _, g := range c.Controls {
		set := Controls{}
		for _, ctl := range g.Controls {
			set[ctl.Digits] = Control{Action: Action(ctl.Action), Data: ctl.Data}
		}
		controls[g.Name] = set
	}
	out := &Profiles{named: make(map[string]Profile)}
	for _, xp := range c.Profiles {
		p := Stock(xp.Name)
		p.Groups = controls
		if d, ok := controls["default"]; ok {
			p.Controls = withCamera(d)
		}
		for _, param := range xp.Params {
			if err := out.take(&p, param, vars, controls); err != nil {
				return nil, fmt.Errorf("conference.conf.xml: profile %q: %w", xp.Name, err)
			}
		}
		p.chooseCodecs()
		p.Variables = make(map[string]string)
		for _, v := range xp.Variables {
			if p.Variables[v.Name], err = expand(v.Value, vars); err != nil {
				return nil, fmt.Errorf("conference.conf.xml: profile %q: variable %q: %w", xp.Name, v.Name, err)
			}
		}
		for _, g := range xp.Groups {
			p.Variables["group-"+g.Name] = strings.TrimRight(strings.Join([]string{g.Bandwidth, g.Size, g.Rate}, ":"), ":")
		}
		out.named[xp.Name] = p
	}
	slices.Sort(out.Unknown)
	out.Unknown = slices.Compact(out.Unknown)
	return out, nil
}

// take reads one parameter into a profile.
func (ps *Profiles) take(p *Profile, param xmlParam, vars map[string]string, controls map[string]Controls) error {
	name := strings.ReplaceAll(param.Name, "_", "-")
	value, err := expand(param.Value, vars)
	if err == nil {
		err = p.set(name, value, controls)
	}
	if unknown := new(unknownCodecs); errors.As(err, unknown) {
		for _, codec := range *unknown {
			ps.Unknown = append(ps.Unknown, "codec "+codec)
		}
	} else if errors.Is(err, errUnknownParam) {
		ps.Unknown = append(ps.Unknown, name)
	} else if err != nil {
		return fmt.Errorf("%s=%q: %w", name, param.Value, err)
	}
	return nil
}

func decodeConference(doc []byte) (*xmlConference, error) {
	if len(doc) > maxProfileFile {
		return nil, fmt.Errorf("larger than %d bytes", maxProfileFile)
	}
	if err := refuseDTD(doc); err != nil {
		return nil, err
	}
	var c xmlConference
	if err := xml.Unmarshal(doc, &c); err != nil {
		return nil, err
	}
	if c.XMLName.Local != "configuration" {
		return nil, fmt.Errorf("root element is <%s>, not <configuration>", c.XMLName.Local)
	}
	return &c, nil
}

// refuseDTD walks the document once: entity bombs live in DTDs.
func refuseDTD(doc []byte) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	for depth := 0; ; {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.Directive:
			return errors.New("a DTD is not allowed")
		case xml.StartElement:
			if depth++; depth > 32 {
				return errors.New("nested deeper than 32")
			}
		case xml.EndElement:
			depth--
		}
	}
}

// withCamera adds the camera toggle that FreeSWITCH's own table lacks and Verto
// Communicator dials.
func withCamera(c Controls) Controls {
	c = maps.Clone(c)
	if _, ok := c["*0"]; !ok {
		c["*0"] = Control{Action: ActionVmute}
	}
	return c
}

// Get returns the named profile, or the embedded one of that name.
func (ps *Profiles) Get(name string) Profile {
	if ps != nil {
		if p, ok := ps.named[name]; ok {
			return p
		}
	}
	return Stock(name)
}

var errUnknownParam = errors.New("unknown parameter")

var errBadValue = errors.New("bad value")

func expand(v string, vars map[string]string) (string, error) {
	for {
		i := strings.Index(v, "$${")
		if i < 0 {
			return v, nil
		}
		j := strings.IndexByte(v[i:], '}')
		if j < 0 {
			return "", errBadValue
		}
		v = v[:i] + vars[v[i+3:i+j]] + v[i+j+1:]
	}
}

// set applies one parameter.
func (p *Profile) set(name, v string, controls map[string]Controls) error {
	var err error
	switch name {
	case "domain":
		p.Domain = v
	case "video-canvas-size":
		p.Width, p.Height, err = parseSize(v)
	case "video-fps":
		p.FPS, err = number(v, 1, 60)
	case "video-layout-name":
		p.Layout = v
	case "video-codec-bandwidth":
		p.VideoKbps, err = p.bandwidth(v)
	case "channels":
		p.Channels, err = channels(v)
	case "energy-level":
		p.EnergyLevel, err = number(v, 0, 1800)
	case "max-members":
		if p.MaxMembers, err = number(v, 0, 10000); p.MaxMembers == 1 {
			p.MaxMembers = 0 // as in FreeSWITCH, which takes no conference of one
		}
	case "video-auto-floor-msec":
		p.AutoFloorMsec, err = number(v, 0, 600000)
	case "video-canvas-bgcolor":
		p.Background, err = media.ParseRGB(v)
	case "video-letterbox-bgcolor":
		p.Letterbox, err = media.ParseRGB(v)
	case "video-border-color":
		p.BorderColor, err = media.ParseRGB(v)
	case "video-super-canvas-bgcolor":
		p.SuperBackground, err = media.ParseRGB(v)
	case "conference-flags":
		p.AddFlags(v)
	case "caller-controls":
		p.Controls = chosen(controls, v, p.Controls)
	case "moderator-controls":
		p.ModeratorControls = chosen(controls, v, p.ModeratorControls)
	default:
		return p.setCanvases(name, v)
	}
	return err
}

// chosen is a group of controls by its name; none is an empty one, and an unknown
// name leaves what was.
func chosen(controls map[string]Controls, name string, was Controls) Controls {
	if c, ok := controls[name]; ok {
		return withCamera(c)
	}
	if name == "none" {
		return Controls{}
	}
	return was
}

// channels reads a number of channels; auto is as many as there can be.
func channels(v string) (int, error) {
	if v == "auto" {
		return 2, nil
	}
	return number(v, 1, 2)
}

// setCanvases applies the parameters of canvases and decorations. Those that
// FreeSWITCH does not have are video-transition-msec, video-talking-highlight,
// video-personal-canvas-limit and video-personal-canvas-size.
func (p *Profile) setCanvases(name, v string) error {
	var err error
	switch name {
	case "video-canvas-count":
		p.Canvases, err = number(v, 1, MaxCanvases)
	case "video-border-size":
		p.BorderSize, err = number(v, 0, 50)
	case "video-super-canvas-label-layers":
		p.SuperLabels, err = boolean(v)
	case "video-super-canvas-show-all-layers":
		p.SuperShowAll, err = boolean(v)
	case "video-no-video-avatar":
		p.NoVideoAvatar = v
	case "video-mute-banner":
		p.MuteBanner = v
	case "video-transition-msec":
		p.TransitionMsec, err = number(v, 0, 2000)
	case "video-talking-highlight":
		p.TalkRing = v == "ring"
		if v != "ring" && v != "off" {
			err = fmt.Errorf("%w: want off or ring", errBadValue)
		}
	case "video-personal-canvas-limit":
		p.PersonalLimit, err = number(v, 0, 1000)
	case "video-personal-canvas-size":
		p.PersonalWidth, p.PersonalHeight, err = parseSize(v)
	default:
		return p.setSound(name, v)
	}
	return err
}

// boolean reads FreeSWITCH's switch_true: its words, or a number.
func boolean(v string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "true", "yes", "on", "enabled", "active", "allow", "t":
		return true, nil
	case "false", "no", "off", "disabled", "inactive", "disallow", "f", "":
		return false, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil {
		return false, fmt.Errorf("%w: want true or false", errBadValue)
	}
	return n != 0, nil
}

// AddFlags sets the conference flags that it names, words between bars or commas.
// Unknown ones, and those that the server always or never obeys, are passed over.
func (p *Profile) AddFlags(v string) {
	for _, f := range strings.FieldsFunc(strings.ToLower(v), isFlagBar) {
		switch f {
		case "wait-mod":
			p.WaitModerator = true
		case "restart-auto-record":
			p.RestartRecord = true
		case "json-events":
			p.JSONEvents = true
		case "video-required-for-canvas":
			p.VideoRequired = true
		case "video-mute-exit-canvas":
			p.MuteExits = true
		case "audio-always":
			p.AudioAlways = true
		case "auto-3d-position":
			p.Auto3D = true
		case "mute-detect":
			p.MuteDetect = true
		case "video-muxing-personal-canvas":
			p.Personal = true
		case "video-moderators-first":
			p.ModeratorsFirst = true
		}
	}
}

func parseSize(v string) (w, h int, err error) {
	a, b, ok := strings.Cut(v, "x")
	if !ok {
		return 0, 0, errBadValue
	}
	if w, err = number(a, 320, 4096); err != nil {
		return 0, 0, err
	}
	if h, err = number(b, 180, 2304); err != nil {
		return 0, 0, err
	}
	return w &^ 1, h &^ 1, nil
}

func number(v string, lo, hi int) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("%w: want %d to %d", errBadValue, lo, hi)
	}
	return n, nil
}

// bandwidth reads FreeSWITCH's bandwidth strings (layouts.md §14) as kbit/s.
func (p *Profile) bandwidth(v string) (int, error) {
	if v == "auto" {
		return max(p.Width*p.Height*p.FPS*7/100/1000, 64), nil
	}
	digits := strings.TrimRight(v, "kbmKBM")
	factor, ok := map[string]int{"": 1, "kb": 1, "mb": 1024, "KB": 8, "MB": 8192}[v[len(digits):]]
	n, err := strconv.Atoi(digits)
	if err != nil || !ok || n <= 0 || n*factor > 100000 {
		return 0, errBadValue
	}
	return n * factor, nil
}
