package layouts

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a document, far above any real one.
const (
	maxDocument = 4 << 20 // bytes
	maxDepth    = 16      // elements in elements
	maxEntries  = 2000    // layouts; and groups; and layouts of one group
	maxName     = 128     // bytes of a name, id or file name
	maxValue    = 1024    // bytes of any other attribute
	maxUnknown  = 32      // notes about what is left out
)

// Parse reads a conference_layouts.conf.xml: the configuration itself or a
// document around it, as xml_curl gives it. An error names the line and, where
// there is one, the attribute; nothing of a wrong document is used. DTDs are
// refused, and so is what is not UTF-8. Elements and attributes that are not known
// are left out and listed by Set.Unknown.
func Parse(doc []byte) (*Set, error) {
	if len(doc) > maxDocument {
		return nil, fmt.Errorf("layouts: document of %d bytes, more than %d", len(doc), maxDocument)
	}
	p := &parser{dec: xml.NewDecoder(bytes.NewReader(doc)), set: &Set{}}
	p.dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	err := p.encoding(doc)
	if err == nil {
		err = p.run()
	}
	if err == nil {
		err = p.finish()
	}
	if err != nil {
		return nil, fmt.Errorf("layouts: line %d: %w", p.line, err)
	}
	return p.set, nil
}

// parser walks through a document. Elements are known by their path below
// layout-settings.
type parser struct {
	dec    *xml.Decoder
	set    *Set
	line   int      // where the token at hand begins
	path   []string // open elements
	layout *Layout
	border int // what the next image inherits
	group  *member
	text   strings.Builder // of a layout element in a group
	wanted []*member
}

// member is a group with the names that it lists.
type member struct {
	group *Group
	names []string
	lines []int
}

var errEncoding = errors.New("only UTF-8 is read")

// encoding refuses what is not UTF-8; the decoder would let it pass in comments.
func (p *parser) encoding(doc []byte) error {
	p.line = 1
	if utf8.Valid(doc) {
		return nil
	}
	for rest := doc; len(rest) > 0; {
		c, size := utf8.DecodeRune(rest)
		if c == utf8.RuneError && size == 1 {
			return errEncoding
		}
		if c == '\n' {
			p.line++
		}
		rest = rest[size:]
	}
	return nil
}

func (p *parser) run() error {
	for {
		p.line, _ = p.dec.InputPos()
		token, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = p.token(token)
		}
		if err != nil {
			return err
		}
	}
}

func (p *parser) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("DTDs and other directives are refused")
	case xml.StartElement:
		if n := len(t.Name.Local); n > maxName {
			return fmt.Errorf("element with a name of %d bytes, more than %d", n, maxName)
		}
		if len(p.path) == maxDepth {
			return fmt.Errorf("element %s is nested deeper than %d", t.Name.Local, maxDepth)
		}
		p.path = append(p.path, t.Name.Local)
		return p.start(p.place(), t)
	case xml.EndElement:
		place := p.place()
		p.path = p.path[:len(p.path)-1]
		return p.end(place)
	case xml.CharData:
		if p.place() == "groups/group/layout" {
			p.text.Write(t)
		}
	}
	return nil
}

// outer are the elements that may lie around layout-settings.
var outer = map[string]bool{"document": true, "section": true, "configuration": true, "include": true}

// place is the path below layout-settings; "?" in and below what is not known.
func (p *parser) place() string {
	for i, name := range p.path {
		if name == "layout-settings" {
			return strings.Join(p.path[i+1:], "/")
		}
		if !outer[name] {
			return "?"
		}
	}
	return ""
}

// start handles an element that begins.
func (p *parser) start(place string, e xml.StartElement) error {
	switch place {
	case "", "layouts", "groups":
		return nil
	case "layouts/layout":
		return p.startLayout(e)
	case "layouts/layout/image":
		return p.image(e)
	case "groups/group":
		return p.startGroup(e)
	case "groups/group/layout":
		p.text.Reset()
		return nil
	}
	p.ignore("element " + e.Name.Local)
	return nil
}

// end handles an element that ends.
func (p *parser) end(place string) error {
	switch place {
	case "layouts/layout":
		if len(p.layout.Images) == 0 {
			return fmt.Errorf("layout %q has no images", p.layout.Name)
		}
		p.set.layouts = append(p.set.layouts, p.layout)
	case "groups/group/layout":
		name := strings.TrimSpace(p.text.String())
		switch {
		case len(name) > maxName:
			return fmt.Errorf("group %q: a layout's name of %d bytes, more than %d", p.group.group.Name, len(name), maxName)
		case len(p.group.names) == maxEntries:
			return fmt.Errorf("group %q has more than %d layouts", p.group.group.Name, maxEntries)
		}
		p.group.names, p.group.lines = append(p.group.names, name), append(p.group.lines, p.line)
	case "groups/group":
		if len(p.group.names) == 0 {
			return fmt.Errorf("group %q has no layouts", p.group.group.Name)
		}
		p.set.groups = append(p.set.groups, p.group.group)
		p.wanted = append(p.wanted, p.group)
	}
	return nil
}

// finish puts the layouts into the groups, whose order in the file is free.
func (p *parser) finish() error {
	if len(p.set.layouts) == 0 {
		return errors.New("no layouts in the document")
	}
	byName := make(map[string]*Layout, len(p.set.layouts))
	for _, l := range p.set.layouts {
		byName[l.Name] = l
	}
	for _, m := range p.wanted {
		for i, name := range m.names {
			l, ok := byName[name]
			if !ok {
				p.line = m.lines[i]
				return fmt.Errorf("group %q: no layout %q", m.group.Name, name)
			}
			m.group.Layouts = append(m.group.Layouts, l)
		}
	}
	return nil
}

// ignore notes once what is left out.
func (p *parser) ignore(what string) {
	for _, u := range p.set.unknown {
		if strings.HasPrefix(u, what+" ") {
			return
		}
	}
	if len(p.set.unknown) < maxUnknown {
		p.set.unknown = append(p.set.unknown, fmt.Sprintf("%s (line %d)", what, p.line))
	}
}

func (p *parser) startGroup(e xml.StartElement) error {
	a := p.attributes(e)
	g := &Group{Name: a.text("name")}
	p.group = &member{group: g}
	switch _, taken := p.set.Group(g.Name); {
	case taken:
		a.fail("name", "group %q is there twice", g.Name)
	case g.Name == "":
		a.fail("name", "a group needs one")
	case len(p.set.groups) == maxEntries:
		a.fail("name", "more than %d groups", maxEntries)
	}
	return a.done()
}

func (p *parser) startLayout(e xml.StartElement) error {
	a := p.attributes(e)
	l := &Layout{
		Name:          a.text("name"),
		Auto3D:        a.flag("auto-3d-position"),
		BGImage:       a.text("bgimg"),
		FGImage:       a.text("fgimg"),
		TransitionIn:  a.text("transition-in"),
		TransitionOut: a.text("transition-out"),
		Border:        a.number("border", 0, MaxBorder, 0),
	}
	p.layout, p.border = l, l.Border
	switch _, taken := p.set.Layout(l.Name); {
	case taken:
		a.fail("name", "layout %q is there twice", l.Name)
	case l.Name == "":
		a.fail("name", "a layout needs one")
	case strings.HasPrefix(l.Name, groupPrefix):
		a.fail("name", "%q would be read as a group", l.Name)
	case len(p.set.layouts) == maxEntries:
		a.fail("name", "more than %d layouts", maxEntries)
	}
	return a.done()
}

func (p *parser) image(e xml.StartElement) error {
	a := p.attributes(e)
	im := Image{
		X:             a.number("x", 0, Units-1, required),
		Y:             a.number("y", 0, Units-1, required),
		Scale:         a.number("scale", MinScale, Units, required),
		Zoom:          a.flag("zoom"),
		Floor:         a.flag("floor"),
		FloorOnly:     a.flag("floor-only"),
		FileOnly:      a.flag("file-only"),
		Overlap:       a.flag("overlap"),
		ReservationID: ReservationID(a.text("reservation_id", "reservation-id")),
		RoleID:        a.text("role-id"),
		AudioPosition: a.position("audio-position"),
		// A border counts for the following images too.
		Border: a.number("border", 0, MaxBorder, p.border),
	}
	_, tall := a.values["hscale"]
	im.HScale = a.number("hscale", MinScale, Units, im.Scale)
	p.inGrid(a, im, tall)
	p.border = im.Border
	im.Floor = im.Floor || im.FloorOnly
	if im.FileOnly {
		im.Floor, im.FloorOnly = false, false
	}
	p.unique(a, im)
	p.layout.Images = append(p.layout.Images, im)
	return a.done()
}

// inGrid refuses an image that reaches over the canvas. FreeSWITCH paints what is
// left of it; no file that we know has one.
func (p *parser) inGrid(a *attributes, im Image, tall bool) {
	if right := im.X + im.Scale; right > Units {
		a.fail("scale", "%d from x %d reaches to %d, past %d", im.Scale, im.X, right, Units)
	}
	height := "scale"
	if tall {
		height = "hscale"
	}
	if bottom := im.Y + im.HScale; bottom > Units {
		a.fail(height, "%d from y %d reaches to %d, past %d", im.HScale, im.Y, bottom, Units)
	}
}

// unique refuses what must be there once in a layout, and too many images.
func (p *parser) unique(a *attributes, im Image) {
	for _, other := range p.layout.Images {
		if im.ReservationID != "" && other.ReservationID == im.ReservationID {
			a.fail("reservation_id", "%q is there twice in layout %q", im.ReservationID, p.layout.Name)
		}
		if im.RoleID != "" && other.RoleID == im.RoleID {
			a.fail("role-id", "%q is there twice in layout %q", im.RoleID, p.layout.Name)
		}
	}
	if len(p.layout.Images) == MaxImages {
		a.fail("x", "layout %q has more than %d images", p.layout.Name, MaxImages)
	}
}
