package room_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/audio"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// cards keeps the test cards, which are slow to draw.
type cards struct {
	mu   sync.Mutex
	made map[string]*media.Picture // guarded by mu
}

func (c *cards) get(i int, size image.Point) *media.Picture {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := fmt.Sprint(i, size)
	if c.made[key] == nil {
		c.made[key] = mediatest.TestCard(size.X, size.Y, mediatest.CardColor(i), 'A'+rune(i))
	}
	return c.made[key]
}

// cardDecoder stands for a VP8 decoder: the bytes that it is given name a camera
// and its size, and it gives back that camera's test card.
type cardDecoder struct {
	quietCodec
	cards *cards
}

func (d cardDecoder) Decode(data []byte, _ *media.PicturePool) (*media.Picture, error) {
	size := image.Pt(int(data[2])<<8|int(data[3]), int(data[4])<<8|int(data[5]))
	return d.cards.get(int(data[1]), size).Retain(), nil
}

// packet is a keyframe for the cardDecoder, one RTP packet long.
func packet(camera int, size image.Point, n uint16) *media.Packet {
	return &media.Packet{
		Arrival: time.Now(), SSRC: uint32(1000 + camera), Seq: n, Timestamp: uint32(n) * 9000, Marker: true,
		Payload: []byte{0x10, 0, byte(camera), byte(size.X >> 8), byte(size.X), byte(size.Y >> 8), byte(size.Y)},
	}
}

// screen is what one view's encoder was given last.
type screen struct {
	quietCodec
	last atomic.Pointer[image.RGBA]
}

func (s *screen) Encode(p *media.Picture, o media.EncodeOptions) ([]byte, bool, error) {
	s.last.Store(mediatest.RGBA(p))
	return []byte{1}, o.Key, nil
}

// trace is one of FreeSWITCH's pictures: what was done to make it.
type trace struct {
	join    string // the members in their order; lower case: without a camera; "": ABCD
	profile func(*room.Profile)
	camera  map[rune]image.Point // other than 640x360
	steps   []string             // commands; A to D are members
	viewer  rune                 // whose personal canvas it is; 0: the canvas
	colors  map[rune]media.RGB   // of our filtered cameras
}

// takeFloor makes A the video floor holder.
const takeFloor = "vid-floor A force"

// reserved is a layout with A on the floor and reservation ids.
func reserved(layout string, ids ...string) trace {
	return trace{steps: append([]string{"vid-layout " + layout, takeFloor}, ids...)}
}

// Words that are there more than once.
const (
	presenter  = "vid-res-id B presenter"
	longBanner = "A%20rather%20long%20banner%20text%20that%20does%20not%20fit%20into%20one%20line%20of%20the%20slot"
)

func avatars(p *room.Profile) { p.NoVideoAvatar = "avatar.png" }

func exits(p *room.Profile) { p.MuteExits = true }

// traces is how each picture was made.
func traces() map[string]trace {
	square, upright := image.Pt(640, 480), image.Pt(360, 640)
	both43 := map[rune]image.Point{'A': square, 'B': upright}
	all := map[string]trace{
		"1x1":                    {join: "A"},
		"1x1+2x1":                {join: "ABC"},
		"1x2":                    {join: "AB", steps: []string{"vid-layout 1x2"}},
		"2x1":                    {join: "AB"},
		"2x1-zoom":               {join: "AB", steps: []string{"vid-layout 2x1-zoom"}},
		"2x2":                    {},
		"2x2-resid-without-slot": {steps: []string{"vid-layout 2x2", "vid-res-id B secondary", "vid-res-id C third"}},
		"3up+4-resid":            reserved("3up+4", "vid-res-id B secondary", "vid-res-id C third"),
		"avatar-alone":           {join: "c", profile: avatars},
		"avatar-no-camera":       {join: "ABc", profile: avatars},
		"avatar-no-camera-2x2":   {join: "ABc", profile: avatars, steps: []string{"vid-layout 2x2"}},
		"banner-after-relayout":  {steps: []string{"vid-border A 10", "vid-banner A Alice", "vid-layout 3x3"}},
		"banner-and-border":      {steps: []string{"vid-border A 10", "vid-banner A Alice"}},
		"banner-default":         {steps: []string{"vid-banner A Alice%20Example"}},
		"banner-escape-nonascii": {steps: []string{"vid-banner A %C9lan%20%u0416%u0443%u043A%20%uD83D%uDE00"}},
		"banner-long":            {steps: []string{"vid-banner A " + longBanner}},
		"banner-options": {steps: []string{"vid-banner A " + `%7Bfg%3D%23000000%2Cbg%3D%23ffff00%2Cfont_scale%3D0.5%2Cmin_font_size%3D8%2C` +
			`max_font_size%3D20%2Cfont_face%3DFreeSerifBold.ttf%7DAlice%20Example`}},
		"banner-replaced":          {steps: []string{"vid-banner A Alice%20Example", "vid-banner A " + longBanner}},
		"banner-short":             {steps: []string{"vid-banner A x"}},
		"banner-utf8-percent":      {steps: []string{"vid-banner A %C3%89lan%20%D0%96%D1%83%D0%BA%20%F0%9F%98%80"}},
		"bgimg":                    {steps: []string{"vid-bgimg bg.png", "vid-layout 3x3"}},
		"border-10":                {steps: []string{"vid-border A 10"}},
		"border-toggle":            {steps: []string{"vid-border B toggle"}},
		"cam-zoom":                 {steps: []string{"cam 0 0 zoom=160:90:320:180 snap_factor=1 zoom_factor=1"}},
		"camera-4x3":               {join: "A", camera: both43},
		"camera-4x3-portrait":      {join: "AB", camera: both43},
		"camera-4x3-portrait-zoom": {join: "AB", camera: both43, steps: []string{"vid-layout 2x1-zoom"}},
		"fgimg":                    {steps: []string{"vid-layout 3x3", "vid-fgimg frame.png"}},
		"filter": {steps: []string{"vid-filter A fg-gray", "vid-filter B fg-sepia", "vid-filter C fg-8bit"},
			colors: map[rune]media.RGB{'A': {R: 0x56, G: 0x56, B: 0x56}, 'B': {R: 0x76, G: 0x6a, B: 0x53}, 'C': {R: 0x6d, G: 0x25, B: 0x56}}},
		"flip":                    {steps: []string{"vid-flip A", "vid-flip B mirror", "vid-flip C 90"}},
		"hold":                    {steps: []string{"hold B"}},
		"logo":                    {steps: []string{"vid-logo-img A logo.png"}},
		"logo-right-bot":          {steps: []string{"vid-logo-img A {position=right-bot,fit=fit-necessary}logo.png"}},
		"overlaps":                reserved("overlaps"),
		"overlaps-received":       reserved("overlaps"),
		"personal-A":              {steps: []string{"vid-personal on"}, viewer: 'A'},
		"personal-D":              {steps: []string{"vid-personal on"}, viewer: 'D'},
		"play-png":                {steps: []string{"play avatar.png"}},
		"play-video":              {steps: []string{"play {canvas=1}film.mp4"}},
		"received-grid":           {},
		"video-muted":             {join: "AB", steps: []string{"vmute A"}},
		"video-muted-exit-canvas": {profile: exits, steps: []string{"vmute A"}},
		"video-muted-image":       {join: "AB", steps: []string{"vid-mute-img A mute.png", "vmute A"}},
	}
	for _, layout := range []string{"1up_top_left+5", "2up_top+8", "3up+4", "3x1-zoom", "3x3", "5-grid-zoom", "presenter-dual-horizontal",
		"presenter-dual-vertical", "presenter-overlap-small-top-right"} {
		all[layout] = reserved(layout)
	}
	for _, layout := range []string{"2x1-presenter-zoom", "presenter-dual-horizontal", "presenter-dual-vertical", "presenter-overlap-large-bot-right",
		"presenter-overlap-small-bot-right", "presenter-overlap-small-top-right"} {
		all[layout+"-resid"] = reserved(layout, presenter)
	}
	return all
}

// boxesOf are members' boxes; who is not seen is not there.
type boxesOf map[rune]image.Rectangle

// find looks for the cameras in a picture.
func (tr trace) find(img image.Image) boxesOf {
	found := boxesOf{}
	for i, b := range mediatest.Boxes(img, 4) {
		name := 'A' + rune(i)
		if c, ok := tr.colors[name]; ok {
			b, _ = mediatest.FindBox(img, c)
		}
		if !b.Empty() {
			found[name] = b
		}
	}
	return found
}

// play makes the room as it was, and returns what it shows; nil if there is no
// such command.
func (tr trace) play(t *testing.T, drawn *cards, folder string) image.Image {
	t.Helper()
	r, screens := newTraceRoom(t, tr, drawn, folder)
	defer r.Close()
	ids := map[string]string{}
	join := tr.join
	if join == "" {
		join = "ABCD"
	}
	var sending []func()
	for _, c := range join {
		name := strings.ToUpper(string(c))
		m, leg := joinAs(t, r, name, c >= 'a', tr.viewer != 0)
		ids[name] = fmt.Sprint(m.ID())
		if camera, ok := tr.camera[c]; c < 'a' {
			if !ok {
				camera = image.Pt(640, 360)
			}
			var n uint16
			sending = append(sending, func() { n++; leg.handler.VideoPacket(packet(int(c-'A'), camera, n)) })
		}
	}
	send := func() {
		for range 10 { // a second
			for _, f := range sending {
				f()
			}
			<-time.After(100 * time.Millisecond)
		}
	}
	send()
	for _, step := range tr.steps {
		words := strings.Fields(step)
		if len(words) > 1 && ids[words[1]] != "" {
			words[1] = ids[words[1]]
		}
		reply, err := r.Execute(t.Context(), strings.Join(words, " "))
		if strings.HasSuffix(reply, "not found.\n") {
			return nil
		}
		if err != nil || strings.HasPrefix(reply, "-ERR") || strings.Contains(reply, "usage") {
			t.Fatalf("%s: %q, %v", step, reply, err)
		}
	}
	send()
	if tr.viewer != 0 {
		return personalOf(t, tr.viewer, screens())
	}
	pic, err := r.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pic.Release()
	return mediatest.RGBA(pic)
}

func joinAs(t *testing.T, r *room.Room, name string, mute, sees bool) (*room.Member, *testLeg) {
	t.Helper()
	dir := media.Directions{AudioIn: true, AudioOut: true, VideoIn: !mute, VideoOut: sees}
	return join(t, r, room.Request{Name: name, CallID: name}, dir)
}

// personalOf is the canvas on which the others are and he is not.
func personalOf(t *testing.T, viewer rune, screens []*screen) image.Image {
	t.Helper()
	for _, s := range screens {
		img := s.last.Load()
		if img == nil {
			continue
		}
		if found := (trace{}).find(img); len(found) == 3 && found[viewer].Empty() {
			return img
		}
	}
	t.Fatalf("no canvas without %c", viewer)
	return nil
}

func newTraceRoom(t *testing.T, tr trace, drawn *cards, folder string) (*room.Room, func() []*screen) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	var ids atomic.Uint32
	p := room.Stock("default")
	p.Width, p.Height, p.TransitionMsec = 640, 360, 0
	if tr.profile != nil {
		tr.profile(&p)
	}
	images, err := decor.OpenMedia(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = images.Close() })
	var mu sync.Mutex
	var made []*screen
	r, err := room.New(room.Options{
		Name: "3800", Domain: "example.com", Profile: p, Layouts: layouts.Stock(), Observer: &diary{last: map[string]string{}}, Log: log,
		Engine: &room.Engine{
			Gate: mixer.NewGate(2), Pictures: media.NewPicturePool(64), Frames: media.NewFramePool(64),
			Scaler: pixel.Reference{}, Media: images,
			Decor:           decor.New(decor.Options{Fonts: fonts.Open(fonts.Options{Log: log}), Media: images, Log: log}),
			NewVideoDecoder: func() (media.VideoDecoder, error) { return cardDecoder{cards: drawn}, nil },
			NewVideoEncoder: func(media.VideoEncoderConfig) (media.VideoEncoder, error) {
				mu.Lock()
				defer mu.Unlock()
				made = append(made, &screen{})
				return made[len(made)-1], nil
			},
			NewAudioDecoder: func(media.AudioCodec, int) (media.AudioDecoder, error) { return quietAudio{}, nil },
			NewAudioEncoder: func(audio.Kind) (media.AudioEncoder, error) { return quietAudio{}, nil },
			NextID:          func() room.MemberID { return room.MemberID(ids.Add(1)) },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, func() []*screen {
		mu.Lock()
		defer mu.Unlock()
		return made
	}
}

// mediaFolder has the images that the commands name, drawn as those of the
// recorded pictures.
func mediaFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	solid := func(w, h int, c color.RGBA) *image.RGBA {
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
		return img
	}
	frame := solid(640, 360, color.RGBA{255, 0, 255, 255})
	draw.Draw(frame, frame.Rect.Inset(12), image.Transparent, image.Point{}, draw.Src)
	logo := image.NewRGBA(image.Rect(0, 0, 128, 64)) // with a clear margin
	draw.Draw(logo, logo.Rect.Inset(6), image.NewUniform(color.RGBA{255, 200, 0, 255}), image.Point{}, draw.Src)
	for name, img := range map[string]image.Image{
		"bg.png":     solid(640, 360, color.RGBA{40, 40, 40, 255}),
		"frame.png":  frame,
		"logo.png":   logo,
		"mute.png":   solid(320, 180, color.RGBA{255, 255, 255, 255}),
		"avatar.png": solid(256, 256, color.RGBA{160, 80, 15, 255}),
	} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// recordedPicture is FreeSWITCH's picture of a scene.
func recordedPicture(t *testing.T, name string) image.Image {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata/canvas", name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// recordedScenes are the names of FreeSWITCH's pictures.
func recordedScenes(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/canvas/index.json")
	if err != nil {
		t.Fatal(err)
	}
	index := map[string]string{}
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	return index
}

// difference is one entry of testdata/differences.json. docs/layouts.md shows those
// that have scenes.
type difference struct {
	What, Why string
	// Rule is what is allowed: "order": others sit there, "even": two pixels,
	// "box": other boxes (see pins), "absent": there is no such command, "same":
	// nothing, the boxes are the same; "reply": what is asked has these replies.
	Rule    string
	Scenes  []string
	Replies map[string]string // what is asked after "conference", and our reply
}

// differences are all entries.
func differences(t *testing.T) (list []difference) {
	t.Helper()
	data, err := os.ReadFile("testdata/differences.json")
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// allowed are the rules for each scene.
func allowed(t *testing.T) map[string]map[string]bool {
	t.Helper()
	rules, recorded := map[string]map[string]bool{}, recordedScenes(t)
	for _, d := range differences(t) {
		for _, name := range d.Scenes {
			if recorded[name] == "" {
				t.Errorf("%q: no scene %q", d.What, name)
			}
			if rules[name] == nil {
				rules[name] = map[string]bool{}
			}
			rules[name][d.Rule] = true
		}
		switch d.Rule {
		case "order", "even", "box", "absent", "same", "reply":
		default:
			t.Errorf("%q: no rule %q", d.What, d.Rule)
		}
		if d.What == "" || d.Why == "" || (d.Rule == "reply") != (len(d.Replies) > 0) || (d.Rule == "reply") == (len(d.Scenes) > 0) {
			t.Errorf("%q is not whole", d.What)
		}
	}
	return rules
}

// pin is what a scene of the rule "box" shows: the members in join order on the
// images of a layout, but for those who have a box here. An empty box is nobody.
type pin struct {
	layout, members string
	boxes           boxesOf
}

// pins are the scenes of the rule "box", and some of the rule "order".
func pins() map[string]pin {
	grid := func(boxes boxesOf) pin { return pin{"2x2", "ABCD", boxes} }
	oneLine := grid(boxesOf{'A': image.Rect(18, 0, 300, 158)})
	twoLines := grid(boxesOf{'A': image.Rect(32, 0, 286, 142)})
	return map[string]pin{
		"2x2-resid-without-slot": grid(nil),
		"avatar-no-camera":       {"1x1+2x1", "AB", nil},
		"banner-after-relayout":  {"3x3", "ABCD", boxesOf{'A': image.Rect(32, 10, 178, 92)}},
		"banner-and-border":      grid(boxesOf{'A': image.Rect(36, 10, 282, 148)}),
		"banner-default":         oneLine,
		"banner-escape-nonascii": oneLine,
		"banner-long":            twoLines,
		"banner-options":         grid(boxesOf{'A': image.Rect(20, 0, 298, 156)}),
		"banner-replaced":        twoLines,
		"banner-short":           oneLine,
		"banner-utf8-percent":    oneLine,
		"border-10":              grid(boxesOf{'A': image.Rect(17, 10, 302, 170)}),
		"border-toggle":          grid(boxesOf{'B': image.Rect(330, 5, 630, 175)}),
		"fgimg": {"3x3", "ABCD", boxesOf{'A': image.Rect(12, 12, 212, 120), 'B': image.Rect(212, 12, 426, 120),
			'C': image.Rect(426, 12, 628, 120), 'D': image.Rect(12, 120, 212, 240)}},
		"filter":   grid(boxesOf{'C': image.Rect(1, 181, 319, 359)}), // the squares blur the frame
		"overlaps": {"overlaps", "ABCD", nil},

		// Where the shape of a picture depends on whose it is, other seats make other boxes.
		"camera-4x3-portrait": {"2x1", "AB", boxesOf{'A': image.Rect(40, 90, 280, 270), 'B': image.Rect(429, 90, 530, 270)}},
		"flip":                grid(boxesOf{'C': image.Rect(109, 180, 210, 360)}),
		"video-muted":         {"2x1", "AB", boxesOf{'A': image.Rectangle{}}},
		"video-muted-image":   {"2x1", "AB", boxesOf{'A': image.Rectangle{}}},
	}
}

func (p pin) want(t *testing.T) boxesOf {
	t.Helper()
	l, ok := layouts.Stock().Layout(p.layout)
	if !ok {
		t.Fatalf("no layout %q", p.layout)
	}
	want := boxesOf{}
	for i, name := range p.members {
		box, other := p.boxes[name]
		if !other {
			box = l.Images[i].Rect(640, 360)
		}
		if !box.Empty() {
			want[name] = box
		}
	}
	return want
}

// near reports whether no side of two boxes is more than n pixels apart.
func near(a, b image.Rectangle, n int) bool {
	for _, d := range []int{a.Min.X - b.Min.X, a.Min.Y - b.Min.Y, a.Max.X - b.Max.X, a.Max.Y - b.Max.Y} {
		if d < -n || d > n {
			return false
		}
	}
	return true
}

// same reports whether the same members have the same boxes.
func (b boxesOf) same(c boxesOf, n int) bool {
	for name, box := range b {
		if !near(box, c[name], n) {
			return false
		}
	}
	return len(b) == len(c)
}

// alike reports whether the boxes are the same, whoever is in them.
func (b boxesOf) alike(c boxesOf, n int) bool {
	left := maps.Clone(c)
	for _, box := range b {
		for name, other := range left {
			if near(box, other, n) {
				delete(left, name)
				break
			}
		}
	}
	return len(b) == len(c) && len(left) == 0
}

// floored tells whether A sits on the floor image in both pictures.
func (tr trace) floored() bool {
	layout := ""
	for _, step := range tr.steps {
		if name, ok := strings.CutPrefix(step, "vid-layout "); ok {
			layout = name
		}
	}
	l, ok := layouts.Stock().Layout(layout)
	return ok && l.Floor() >= 0 && slices.Contains(tr.steps, takeFloor)
}

// TestFreeSWITCHScenes makes each scene of which there is a picture by FreeSWITCH,
// composes ours and compares where the cameras are: within one pixel, or as
// testdata/differences.json allows. What is listed there must differ.
func TestFreeSWITCHScenes(t *testing.T) {
	drawn, folder, rules := &cards{made: map[string]*media.Picture{}}, mediaFolder(t), allowed(t)
	for name := range recordedScenes(t) {
		if !thorough && len(name)%5 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			rule := rules[name]
			tr, made := traces()[name]
			_, pinned := pins()[name]
			switch {
			case !made:
				t.Fatal("nothing tells how to make it")
			case pinned && !rule["box"] && !rule["order"], !pinned && rule["box"]:
				t.Fatalf("pinned %v, rules %v", pinned, rule)
			}
			synctest.Test(t, func(t *testing.T) {
				img := tr.play(t, drawn, folder)
				if img == nil || rule["absent"] {
					if img != nil || !rule["absent"] {
						t.Errorf("a command is missing: %v; listed as absent: %v", img == nil, rule["absent"])
					}
					return
				}
				compareScene(t, name, tr, rule, img)
				if t.Failed() {
					keepPicture(t, name, img)
				}
			})
		})
	}
}

func compareScene(t *testing.T, name string, tr trace, rule map[string]bool, img image.Image) {
	t.Helper()
	ours, theirs := tr.find(img), (trace{}).find(recordedPicture(t, name))
	pixels := 1
	if rule["even"] {
		pixels = 2
	}
	p, pinned := pins()[name]
	switch {
	case pinned:
		if want := p.want(t); !ours.same(want, 1) || ours.same(theirs, 1) {
			t.Errorf("ours   %v\nwant   %v\ntheirs %v", ours, want, theirs)
		}
	case rule["order"]:
		if !ours.alike(theirs, pixels) || ours.same(theirs, pixels) || tr.floored() && !near(ours['A'], theirs['A'], pixels) {
			t.Errorf("ours   %v\ntheirs %v", ours, theirs)
		}
	case !ours.same(theirs, pixels):
		t.Errorf("ours   %v\ntheirs %v", ours, theirs)
	}
	if rule["even"] && ours.alike(theirs, 1) {
		t.Errorf("edges are within one pixel")
	}
}

// keepPicture leaves our picture for whoever looks into a failure.
func keepPicture(t *testing.T, name string, img image.Image) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.ArtifactDir(), name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
		t.Error(err)
	}
	t.Logf("our picture is in %s", t.ArtifactDir())
}

// String spells boxes in the members' order.
func (b boxesOf) String() string {
	var s []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		s = append(s, fmt.Sprintf("%c %v", name, b[name]))
	}
	return strings.Join(s, ", ")
}
