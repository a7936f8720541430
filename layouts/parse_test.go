package layouts_test

import (
	"fmt"
	"image"
	"reflect"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/layouts"
)

// doc is a document with the given layouts on line 2 and groups on line 3.
func doc(body, groups string) string {
	return "<configuration name=\"conference_layouts.conf\"><layout-settings><layouts>\n" + body +
		"</layouts><groups>\n" + groups + "</groups></layout-settings></configuration>"
}

// one is a document with one layout of the given images, each on its line.
func one(images ...string) string {
	return doc("<layout name=\"l\">"+strings.Join(images, "\n")+"</layout>", "")
}

func TestParseImage(t *testing.T) {
	base := layouts.Image{X: 1, Y: 2, Scale: 30, HScale: 30}
	with := func(change func(*layouts.Image)) layouts.Image {
		im := base
		change(&im)
		return im
	}
	for _, c := range []struct {
		attributes string
		want       layouts.Image
	}{
		{``, base},
		{`hscale="40"`, with(func(im *layouts.Image) { im.HScale = 40 })},
		{`zoom="true"`, with(func(im *layouts.Image) { im.Zoom = true })},
		{`zoom="Enabled" overlap="2"`, with(func(im *layouts.Image) { im.Zoom, im.Overlap = true, true })},
		{`zoom="no" overlap="0" floor=""`, base},
		{`floor="yes"`, with(func(im *layouts.Image) { im.Floor = true })},
		{`floor-only="on"`, with(func(im *layouts.Image) { im.Floor, im.FloorOnly = true, true })},
		{`floor-only="t" file-only="allow" floor="active"`, with(func(im *layouts.Image) { im.FileOnly = true })},
		{`reservation_id="secondary"`, with(func(im *layouts.Image) { im.ReservationID = "secondary" })},
		{`reservation-id="secondary"`, with(func(im *layouts.Image) { im.ReservationID = "secondary" })},
		{`role-id="host"`, with(func(im *layouts.Image) { im.RoleID = "host" })},
		{`audio-position="-0.5:0.0:1"`, with(func(im *layouts.Image) { im.AudioPosition = "-0.5:0.0:1" })},
		{`audio-position="auto"`, with(func(im *layouts.Image) { im.AudioPosition = "auto" })},
		{`border="7"`, with(func(im *layouts.Image) { im.Border = 7 })},
	} {
		t.Run(c.attributes, func(t *testing.T) {
			s := parse(t, one(`<image x="1" y=" 2 " scale="30" `+c.attributes+`/>`))
			if got := s.Layouts()[0].Images[0]; got != c.want {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestParseLayout(t *testing.T) {
	s := parse(t, doc(`<layout name="l" auto-3d-position="true" bgimg="b.png" fgimg="f.png" transition-in="i.mp4" transition-out="o.mp4" border="5">
		<image x="0" y="0" scale="360"/></layout>`, ""))
	want := &layouts.Layout{Name: "l", Auto3D: true, BGImage: "b.png", FGImage: "f.png", TransitionIn: "i.mp4", TransitionOut: "o.mp4", Border: 5,
		Images: []layouts.Image{{Scale: 360, HScale: 360, Border: 5}}}
	if got := s.Layouts()[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestBorderCarriesOver(t *testing.T) {
	const image = `<image x="0" y="0" scale="90"/>`
	s := parse(t, doc(`<layout name="a" border="3">`+image+`<image x="0" y="0" scale="90" border="9"/>`+image+`</layout><layout name="b">`+image+`</layout>`, ""))
	var got []int
	for _, l := range s.Layouts() {
		for _, im := range l.Images {
			got = append(got, im.Border)
		}
	}
	if want := []int{3, 9, 9, 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("borders %v, want %v", got, want)
	}
}

func TestFloorIsTheLast(t *testing.T) {
	s := parse(t, one(`<image x="0" y="0" scale="90" floor="true"/>`, `<image x="90" y="0" scale="90" floor-only="true"/>`, `<image x="180" y="0" scale="90"/>`))
	if got := s.Layouts()[0].Floor(); got != 1 {
		t.Errorf("floor image %d, want 1", got)
	}
	if got := parse(t, one(`<image x="0" y="0" scale="90"/>`)).Layouts()[0].Floor(); got != -1 {
		t.Errorf("floor image %d, want none", got)
	}
}

func TestParseAroundTheConfiguration(t *testing.T) {
	body := strings.TrimSpace(doc(`<layout name="l"><image x="0" y="0" scale="360"/></layout>`, `<group name="g"><!-- c --><layout> l </layout></group>`))
	for name, text := range map[string]string{
		"bare":          body,
		"declaration":   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->" + body,
		"xml_curl":      `<document type="freeswitch/xml"><section name="configuration">` + body + `</section></document>`,
		"include":       `<include>` + body + `</include>`,
		"groups first":  `<layout-settings><groups><group name="g"><layout>l</layout></group></groups><layouts><layout name="l"><image x="0" y="0" scale="360"/></layout></layouts></layout-settings>`,
		"cdata":         strings.Replace(body, " l ", "<![CDATA[l]]>", 1),
		"byte order":    "\ufeff" + body,
		"UTF-8":         `<?xml version="1.0" encoding="utf-8"?>` + body,
		"end-tag style": strings.Replace(body, `scale="360"/>`, `scale="360"></image>`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, text)
			if g, ok := s.Group("g"); !ok || len(g.Layouts) != 1 || g.Layouts[0].Name != "l" {
				t.Errorf("group g: %+v", g)
			}
		})
	}
}

func TestUnknownIsListedOnce(t *testing.T) {
	s := parse(t, doc(`<layout name="l" colour="x"><image x="0" y="0" scale="9" spin="1"/>
		<image x="0" y="0" scale="9" spin="2"/><banner/></layout>`, ""))
	want := []string{"attribute colour of layout (line 2)", "attribute spin of image (line 2)", "element banner (line 3)"}
	if got := s.Unknown(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	const good = `<image x="0" y="0" scale="360"/>`
	layout := `<layout name="l">` + good + `</layout>`
	for _, c := range []struct{ name, doc, want string }{
		{"nothing", ``, `line 1: no layouts in the document`},
		{"not XML", `hello`, `line 1: no layouts in the document`},
		{"cut off", `<layout-settings><layouts>`, `line 1: XML syntax error on line 1: unexpected EOF`},
		{"no x", one(`<image y="0" scale="360"/>`), `line 2: image: attribute x: is missing`},
		{"no y", one(good, `<image x="0" scale="360"/>`), `line 3: image: attribute y: is missing`},
		{"no scale", one(good, good, `<image x="0" y="0"/>`), `line 4: image: attribute scale: is missing`},
		{"scale 0", one(`<image x="0" y="0" scale="0"/>`), `line 2: image: attribute scale: "0" is not a whole number from 4 to 360`},
		{"negative", one(`<image x="-1" y="0" scale="9"/>`), `line 2: image: attribute x: "-1" is not a whole number from 0 to 359`},
		{"outside", one(`<image x="0" y="360" scale="9"/>`), `line 2: image: attribute y: "360" is not a whole number from 0 to 359`},
		{"huge coordinate", one(`<image x="1e9" y="0" scale="9"/>`), `line 2: image: attribute x: "1e9" is not a whole number from 0 to 359`},
		{"negative scale", one(`<image x="0" y="0" scale="-360"/>`), `line 2: image: attribute scale: "-360" is not a whole number from 4 to 360`},
		{"too narrow to see", one(`<image x="0" y="0" scale="3"/>`), `line 2: image: attribute scale: "3" is not a whole number from 4 to 360`},
		{"right of the grid", one(good, `<image x="300" y="0" scale="61" hscale="60"/>`), `line 3: image: attribute scale: 61 from x 300 reaches to 361, past 360`},
		{"below the grid", one(`<image x="0" y="181" scale="180"/>`), `line 2: image: attribute scale: 180 from y 181 reaches to 361, past 360`},
		{"below the grid by hscale", one(`<image x="0" y="1" scale="180" hscale="360"/>`), `line 2: image: attribute hscale: 360 from y 1 reaches to 361, past 360`},
		{"infinite", one(`<image x="0" y="+Inf" scale="9"/>`), `line 2: image: attribute y: "+Inf" is not a whole number from 0 to 359`},
		{"empty", one(`<image x="" y="0" scale="9"/>`), `line 2: image: attribute x: "" is not a whole number from 0 to 359`},
		{"NaN coordinate", one(`<image x="NaN" y="0" scale="9"/>`), `line 2: image: attribute x: "NaN" is not a whole number from 0 to 359`},
		{"negative border", one(`<image x="0" y="0" scale="9" border="-1"/>`), `line 2: image: attribute border: "-1" is not a whole number from 0 to 50`},
		{"border of a layout", doc(`<layout name="l" border="1e9">`+good+`</layout>`, ""), `line 2: layout: attribute border: "1e9" is not a whole number from 0 to 50`},
		{"NaN position", one(`<image x="0" y="0" scale="9" audio-position="0:NaN:0"/>`), `line 2: image: attribute audio-position: "0:NaN:0" is neither auto nor x:y:z`},
		{"NaN", one(`<image x="0" y="0" scale="NaN"/>`), `line 2: image: attribute scale: "NaN" is not a whole number from 4 to 360`},
		{"huge", one(`<image x="0" y="0" scale="9" hscale="99999999999999999999"/>`), `line 2: image: attribute hscale: "99999999999999999999" is not a whole number from 4 to 360`},
		{"fraction", one(`<image x="0.5" y="0" scale="9"/>`), `line 2: image: attribute x: "0.5" is not a whole number from 0 to 359`},
		{"not a boolean", one(`<image x="0" y="0" scale="9" zoom="maybe"/>`), `line 2: image: attribute zoom: "maybe" is neither true nor false`},
		{"NaN boolean", one(`<image x="0" y="0" scale="9" zoom="nan"/>`), `line 2: image: attribute zoom: "nan" is neither true nor false`},
		{"border", one(`<image x="0" y="0" scale="9" border="51"/>`), `line 2: image: attribute border: "51" is not a whole number from 0 to 50`},
		{"position", one(`<image x="0" y="0" scale="9" audio-position="1:2"/>`), `line 2: image: attribute audio-position: "1:2" is neither auto nor x:y:z`},
		{"infinite position", one(`<image x="0" y="0" scale="9" audio-position="inf:0:0"/>`), `line 2: image: attribute audio-position: "inf:0:0" is neither auto nor x:y:z`},
		{"attribute twice", one(`<image x="0" x="1" y="0" scale="9"/>`), `line 2: image: attribute x: is there twice`},
		{"reservation twice", one(`<image x="0" y="0" scale="9" reservation_id="p"/>`, `<image x="0" y="0" scale="9" reservation-id="p"/>`),
			`line 3: image: attribute reservation_id: "p" is there twice in layout "l"`},
		{"role twice", one(`<image x="0" y="0" scale="9" role-id="p"/>`, `<image x="0" y="0" scale="9" role-id="p"/>`),
			`line 3: image: attribute role-id: "p" is there twice in layout "l"`},
		{"reservation twice in one image", one(`<image x="0" y="0" scale="9" reservation_id="p" reservation_id="q"/>`), `line 2: image: attribute reservation_id: is there twice`},
		{"10000 images", one(strings.Split(strings.Repeat(good+"\n", 10000), "\n")...), `line 66: image: attribute x: layout "l" has more than 64 images`},
		{"2001 layouts", doc(many(2001, `<layout name="%d">`+good+`</layout>`), ""), `line 2002: layout: attribute name: more than 2000 layouts`},
		{"2001 groups", doc(layout, many(2001, `<group name="%d"><layout>l</layout></group>`)), `line 2003: group: attribute name: more than 2000 groups`},
		{"group of 2001", doc(layout, `<group name="g">`+strings.Repeat(`<layout>l</layout>`, 2001)+`</group>`), `line 3: group "g" has more than 2000 layouts`},
		{"65 images", one(strings.Split(strings.Repeat(good+"\n", 65), "\n")...), `line 66: image: attribute x: layout "l" has more than 64 images`},
		{"long id", one(`<image x="0" y="0" scale="9" role-id="` + strings.Repeat("x", 129) + `"/>`), `line 2: image: attribute role-id: 129 bytes, more than 128`},
		{"huge number", one(`<image x="` + strings.Repeat("1", 1<<20) + `" y="0" scale="9"/>`), `line 2: image: attribute x: 1048576 bytes, more than 1024`},
		{"huge unknown attribute", one(`<image x="0" y="0" scale="9" note="` + strings.Repeat("x", 1<<20) + `"/>`), `line 2: image: attribute note: 1048576 bytes, more than 1024`},
		{"huge attribute name", one(`<image x="0" y="0" scale="9" ` + strings.Repeat("x", 1<<20) + `="1"/>`), `line 2: image: attribute xxxxxxxxxxxxxxxx…: a name of 1048576 bytes, more than 128`},
		{"huge element name", one(`<` + strings.Repeat("x", 1<<20) + `/>`), `line 2: element with a name of 1048576 bytes, more than 128`},
		{"huge group member", doc(layout, `<group name="g"><layout>`+strings.Repeat("x", 1<<20)+`</layout></group>`), `line 3: group "g": a layout's name of 1048576 bytes, more than 128`},
		{"no images", one(), `line 2: layout "l" has no images`},
		{"layout without name", doc(`<layout>`+good+`</layout>`, ""), `line 2: layout: attribute name: a layout needs one`},
		{"layout like a group", doc(`<layout name="group:x">`+good+`</layout>`, ""), `line 2: layout: attribute name: "group:x" would be read as a group`},
		{"layout twice", doc(layout+"\n"+layout, ""), `line 3: layout: attribute name: layout "l" is there twice`},
		{"group without name", doc(layout, `<group><layout>l</layout></group>`), `line 3: group: attribute name: a group needs one`},
		{"group twice", doc(layout, `<group name="g"><layout>l</layout></group><group name="g"><layout>l</layout></group>`), `line 3: group: attribute name: group "g" is there twice`},
		{"empty group", doc(layout, `<group name="g"></group>`), `line 3: group "g" has no layouts`},
		{"unknown member", doc(layout, "<group name=\"g\"><layout>l</layout>\n<layout>m</layout></group>"), `line 4: group "g": no layout "m"`},
		{"DTD", "<!DOCTYPE x [<!ENTITY a \"b\">]>\n" + doc(layout, ""), `line 1: DTDs and other directives are refused`},
		{"entity", one(`<image x="&a;" y="0" scale="9"/>`), `line 2: XML syntax error on line 2: invalid character entity &a;`},
		{"entity bomb", bomb + one(`<image x="0" y="0" scale="9" role-id="&h;"/>`), `line 1: DTDs and other directives are refused`},
		{"external DTD", `<!DOCTYPE a SYSTEM "file:///etc/passwd">` + one(good), `line 1: DTDs and other directives are refused`},
		{"external entity", one(good, `<!ENTITY a SYSTEM "file:///etc/passwd">`), `line 3: DTDs and other directives are refused`},
		{"Latin-1", one(good, "<!-- caf\xe9 -->"), `line 3: only UTF-8 is read`},
		{"Latin-1 name", doc("<layout name=\"caf\xe9\">"+good+`</layout>`, ""), `line 2: only UTF-8 is read`},
		{"UTF-16", "\xff\xfe<\x00a\x00/\x00>\x00", `line 1: only UTF-8 is read`},
		{"other encoding", `<?xml version="1.0" encoding="ISO-8859-1"?>` + one(good), `line 1: xml: opening charset "ISO-8859-1": only UTF-8 is read`},
		{"control character", doc("<layout name=\"a\x00\">"+good+`</layout>`, ""), `line 2: XML syntax error on line 2: illegal character code U+0000`},
		{"deep", strings.Repeat("<a>", 17), `line 1: element a is nested deeper than 16`},
		{"too long", doc(layout, "") + strings.Repeat(" ", 4<<20), `document of 4194`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := layouts.Parse([]byte(c.doc))
			if err == nil || s != nil || !strings.HasPrefix(err.Error(), "layouts: "+c.want) {
				t.Errorf("got  %v\nwant layouts: %s", err, c.want)
			}
		})
	}
}

// many is n copies of an element, each with its number and on its line.
func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i)
	}
	return b.String()
}

// bomb is a DTD whose entity h would be a hundred million characters.
const bomb = `<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">` +
	`<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">` +
	`<!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;"><!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;">]>`

// TestBooleans: the words and numbers of FreeSWITCH's switch_true, in every attribute that takes them.
func TestBooleans(t *testing.T) {
	flags := map[string]func(*layouts.Layout) bool{
		"auto-3d-position": func(l *layouts.Layout) bool { return l.Auto3D },
		"zoom":             func(l *layouts.Layout) bool { return l.Images[0].Zoom },
		"floor":            func(l *layouts.Layout) bool { return l.Images[0].Floor },
		"floor-only":       func(l *layouts.Layout) bool { return l.Images[0].FloorOnly && l.Images[0].Floor },
		"file-only":        func(l *layouts.Layout) bool { return l.Images[0].FileOnly },
		"overlap":          func(l *layouts.Layout) bool { return l.Images[0].Overlap },
	}
	for _, word := range strings.Fields("true TRUE yes on Enabled active allow t 1 -1 0.5 360 false NO off disabled inactive deny f 0 0.0") {
		want := !strings.Contains(" false NO off disabled inactive deny f 0 0.0 ", " "+word+" ")
		for name, read := range flags {
			text := one(`<image x="0" y="0" scale="360" ` + name + `="` + word + `"/>`)
			if name == "auto-3d-position" {
				text = doc(`<layout name="l" `+name+`="`+word+`"><image x="0" y="0" scale="360"/></layout>`, "")
			}
			if got := read(parse(t, text).Layouts()[0]); got != want {
				t.Errorf("%s=%q is %v", name, word, got)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(doc(`<layout name="l" border="2"><image x="0" y="0" scale="360" floor="true"/></layout>`, `<group name="g"><layout>l</layout></group>`))
	f.Add(one(`<image x="356" y="0" scale="4" hscale="360" file-only="1" reservation-id="r" audio-position="auto"/>`))
	f.Add(one(`<image x="0" y="300" scale="60" overlap="yes" role-id="host" border="50"/>`, `<image x="60" y="0" scale="300" zoom="1"/>`))
	f.Add(`<!DOCTYPE a><layout-settings/>`)
	f.Add("<document><section><a></a></section></document>")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := layouts.Parse([]byte(text))
		if err != nil {
			if s != nil || !strings.HasPrefix(err.Error(), "layouts: ") {
				t.Fatalf("%v, %v", s, err)
			}
			return
		}
		for _, l := range s.Layouts() {
			if found, _, err := s.Resolve(l.Name); err != nil || found != l {
				t.Errorf("layout %q: found %v, %v", l.Name, found, err)
			}
			checkImages(t, l)
		}
		for _, g := range s.Groups() {
			if found, ok := s.Group(g.Name); !ok || found != g || g.Choose(3, 1) == nil {
				t.Errorf("group %q: found %v", g.Name, found)
			}
		}
	})
}

// checkImages checks what the engines rely on.
func checkImages(t *testing.T, l *layouts.Layout) {
	t.Helper()
	checkRects(t, l, image.Pt(320, 180))
	if n := len(l.Images); n == 0 || n > layouts.MaxImages {
		t.Errorf("layout %q has %d images", l.Name, n)
	}
	for _, im := range l.Images {
		for _, size := range []image.Point{{X: 1280, Y: 720}, {X: 2, Y: 2}} {
			r := im.Rect(size.X, size.Y)
			if r.Empty() || !r.In(image.Rectangle{Max: size}) || (r.Min.X|r.Min.Y|r.Max.X|r.Max.Y)&1 != 0 {
				t.Errorf("layout %q: %+v has %v on %v", l.Name, im, r, size)
			}
		}
		if im.X < 0 || im.Y < 0 || im.Scale < layouts.MinScale || im.HScale < layouts.MinScale || im.X+im.Scale > layouts.Units || im.Y+im.HScale > layouts.Units {
			t.Errorf("layout %q: %+v is out of the grid", l.Name, im)
		}
		if im.FileOnly && im.Floor || im.FloorOnly && !im.Floor || im.Border < 0 || im.Border > layouts.MaxBorder {
			t.Errorf("layout %q: %s", l.Name, fmt.Sprintf("%+v", im))
		}
	}
}
