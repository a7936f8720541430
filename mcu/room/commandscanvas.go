package room

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
)

// canvasCommands are those about canvases as a whole.
func canvasCommands() []command {
	entry := runOf(KindVideo, ForModerator)
	images := func(verb string, set func(*State, int, string) error) func(*State, []string) (Reply, error) {
		return func(s *State, args []string) (Reply, error) { return s.setImage(verb, set, args) }
	}
	return []command{
		entry("vid-layout", " <layout name>|group <group name> [<canvas id>]",
			"lists the layouts (list), fixes one, or lets a group choose by the number of members", vidLayout),
		entry("vid-write-png", " <path>", "writes a picture of a canvas into the media folder; its number may follow", vidWritePNG),
		entry("vid-fps", " <fps>", "sets the frame rate of all canvases, 1 to 60; without a word tells it", vidFPS),
		entry("vid-res", " <WxH>", "sets the size of a canvas, 320x180 to 4096x2304; its number may follow", vidRes),
		entry("vid-bandwidth", " <BW>",
			"sets the bit rate of the encoders, [:<divisor>|:=<WxH>][:<fps divisor>] [<group> [<canvas id>]]: kbit/s, or with kb, mb, KB or MB; auto for the profile's", vidBandwidth),
		entry("vid-bgimg", " <file> | clear [<canvas-id>]", "puts an image under the layers", images("Bgimg", (*State).SetBackdrop)),
		entry("vid-fgimg", " <file> | clear [<canvas-id>]", "puts an image over everything", images("FGimg", (*State).SetFront)),
		entry("vid-personal", " [on|off]", "gives everybody a canvas that shows the others", vidPersonal),
		entry("canvas-auto-clear", " <canvas_id> <true|false>",
			"is kept and told, for FreeSWITCH's scripts: a canvas is always cleared; canvas 0 for all", canvasAutoClear),
		entry("cam", "",
			"shows a part of a picture: canvas and layer from 0, and options: zoom=x:y:w[:h], pan=x:<n>[i], pan=y:<n>[i] (i: further), zoom_factor=1-4, snap_factor=<n>, reset", camCommand),
	}
}

// vidLayout answers as FreeSWITCH does: a group that it does not know is told
// twice, once as if it had been found.
func vidLayout(s *State, args []string) (Reply, error) {
	name := arg(args, 0)
	switch {
	case name == "":
		return say(invalidInput)
	case strings.EqualFold(name, "list"):
		var b strings.Builder
		for _, l := range s.set.Layouts() {
			b.WriteString(l.Name + "\n")
		}
		return Reply{Text: b.String()}, nil
	case strings.HasPrefix(strings.ToLower(name), "group"):
		return s.groupLayout(name, args[1:])
	}
	return s.fixLayout(name, arg(args, 1))
}

const invalidInput = "-ERR Invalid input\n"

// fixLayout fixes a layout by name.
func (s *State) fixLayout(name, where string) (Reply, error) {
	index := s.canvasOr1(where)
	if _, ok := s.set.Layout(name); !ok {
		return say("-ERR Invalid layout [%s]\n", name)
	}
	if s.Personal() {
		if err := s.SetPersonalLayout(name); err != nil {
			return say("-ERR no layout for personal canvas\n")
		}
		return say("+OK Change personal canvas set to layout [%s]\n", name)
	}
	if err := s.SetLayout(index, name); err != nil {
		return say("-ERR Invalid layout [%s]\n", name)
	}
	return say("+OK Change canvas %d to layout [%s]\n", index+1, name)
}

// groupLayout lets a group choose: "group:NAME [canvas]" or "group NAME [canvas]".
func (s *State) groupLayout(word string, rest []string) (Reply, error) {
	_, group, ok := strings.Cut(word, ":")
	if !ok {
		if len(rest) == 0 {
			return say("-ERR Group name not specified.\n")
		}
		group, rest = rest[0], rest[1:]
	}
	if _, ok := s.set.Group(group); !ok {
		const confirmed = "+OK Change to layout group []\n"
		r, err := s.fixLayout(word, arg(rest, 0)) // a layout may be called so
		r.Text = confirmed + r.Text
		return r, err
	}
	name := "group:" + group
	if s.Personal() {
		if err := s.SetPersonalLayout(name); err != nil {
			return say("-ERR no layout for personal canvas\n")
		}
		return say("-ERR Change personal canvas to layout group [%s]\n", group) // FreeSWITCH's word for success
	}
	if err := s.SetLayout(s.canvasOr1(arg(rest, 0)), name); err != nil {
		return say("-ERR Invalid layout [%s]\n", name)
	}
	return say("+OK Change to layout group [%s]\n", group)
}

// canvasOr1 is the 0-based index for a canvas number; what is none is the first.
func (s *State) canvasOr1(word string) int {
	if n := atoi(word); n > 0 && n <= len(s.canvases) {
		return n - 1
	}
	return 0
}

// vidWritePNG writes the first canvas if it is not told which. FreeSWITCH takes the
// super canvas and crashes, because it has none.
func vidWritePNG(s *State, args []string) (Reply, error) {
	path, index := arg(args, 0), 0
	if path == "" {
		return say(invalidInput)
	}
	if word := arg(args, 1); isNumber(word) {
		index = atoi(word) - 1
	}
	write, err := s.WritePNG(index, path)
	if err != nil {
		return say(invalidCanvas)
	}
	return Reply{Later: func(ctx context.Context) string {
		if err := write(ctx); err != nil {
			return "-ERR\n"
		}
		return "+OK\n"
	}}, nil
}

const invalidCanvas = "-ERR Invalid canvas\n"

func vidFPS(s *State, args []string) (Reply, error) {
	word := arg(args, 0)
	if word == "" {
		return say("+OK Current FPS [%.2f]\n", toldFPS(s.FPS()))
	}
	f := math.Round(atof(word))
	if f < 1 || f > maxCanvasFPS || s.SetFPS(int(f)) != nil {
		return say("-ERR Invalid FPS [%s]\n", word)
	}
	return say("+OK FPS set to [%.2f]\n", toldFPS(s.FPS()))
}

// toldFPS is the frame rate that FreeSWITCH would have and tell: its period is whole
// milliseconds. Ours is exact.
func toldFPS(fps int) float64 { return 1000 / float64(1000/fps) }

func vidRes(s *State, args []string) (Reply, error) {
	size, index := arg(args, 0), 0
	if size == "" {
		return say("-ERR Invalid size\n")
	}
	w, h := widthHeight(size)
	if w < minCanvasWidth || h < minCanvasHeight {
		return say("-ERR Invalid size, [%dx%d] is too small\n", w, h)
	}
	if word := arg(args, 1); word != "" {
		switch n := atoi(word); {
		case n < 1:
			return say(invalidCanvas)
		case n <= len(s.canvases), n == len(s.canvases)+1 && s.Super():
			index = n - 1
		}
	}
	switch err := s.SetSize(index, w, h); {
	case errors.Is(err, ErrTooLarge):
		return say("-ERR Invalid size, [%dx%d] is too large.\n", w, h)
	case err != nil:
		return say("-ERR Resolution not set\n")
	}
	return say("+OK Resolution set to [%dx%d]\n", w, h)
}

// widthHeight reads WxH; the height is 0 if the width is.
func widthHeight(s string) (w, h int) {
	if w = atoi(s); w != 0 {
		_, height, _ := strings.Cut(s, "x")
		h = atoi(height)
	}
	return w, h
}

// setImage answers vid-bgimg and vid-fgimg. Clearing works and is told as an error,
// as in FreeSWITCH.
func (s *State) setImage(verb string, set func(*State, int, string) error, args []string) (Reply, error) {
	file, index := arg(args, 0), 0
	if file == "" {
		return say(invalidInput)
	}
	if word := arg(args, 1); word != "" {
		index = atoi(word) - 1
	}
	path := file
	if strings.EqualFold(file, "clear") {
		path = ""
	}
	switch err := set(s, index, path); {
	case errors.Is(err, ErrNoCanvas):
		return say(invalidCanvas)
	case err != nil, path == "":
		return say("-ERR Error Setting %s %s\n", verb, file)
	}
	return say("+OK Set %s %s\n", verb, file)
}

// vidPersonal tells the truth when it is asked; FreeSWITCH says off then.
func vidPersonal(s *State, args []string) (Reply, error) {
	if word := arg(args, 0); word != "" {
		s.SetPersonal(isTrue(word))
	}
	if s.Personal() {
		return say("+OK personal is on\n")
	}
	return say("+OK personal is off\n")
}

func canvasAutoClear(s *State, args []string) (Reply, error) {
	var b strings.Builder
	b.WriteString("+OK")
	if len(args) == 0 {
		for i, c := range s.canvases {
			fmt.Fprintf(&b, " canvas %d auto_clear=%t", i+1, !c.keep)
		}
		return say("%s\n", b.String())
	}
	n, word := atoi(args[0]), arg(args, 1)
	switch {
	case word == "":
		return Reply{}, errUsage
	case n < 0, n > len(s.canvases): // crashes FreeSWITCH
		return say(invalidCanvas)
	}
	for i, c := range s.canvases {
		if n == 0 || n == i+1 {
			c.keep = !isTrue(word)
			fmt.Fprintf(&b, " canvas %d auto_clear=%s", i+1, word)
		}
	}
	return say("%s\n", b.String())
}
