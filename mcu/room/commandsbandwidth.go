package room

import (
	"fmt"
	"image"
	"slices"
	"strings"
)

// rate is what vid-bandwidth asks for.
type rate struct {
	kbps   int         // 0: the profile's
	shrink float64     // the canvas' size divided by that; 0: not
	size   image.Point // instead; zero: not
	divide int         // of the frame rate; 0: not
}

// told is the bit rate as replies tell it: -1 for the profile's.
func (r rate) told() int {
	if r.kbps == 0 {
		return -1
	}
	return r.kbps
}

// Limits of a bit rate that can be asked for, in kbit/s.
const leastKbps, mostKbps = 30, 100_000

// parseRate reads <bw>[:<divisor>|:=WxH][:<fps divisor>]. As in FreeSWITCH a divisor
// or size that is out of range is none.
func parseRate(word string) (r rate, ok bool) {
	parts := strings.SplitN(word, ":", 4)
	if r.kbps, ok = parseKbps(parts[0]); !ok {
		return rate{}, false
	}
	if forced, isSize := strings.CutPrefix(arg(parts, 1), "="); isSize {
		if w, h := widthHeight(forced); w > 100 && w < 1920 && h > 100 && h < 1080 {
			r.size = image.Pt(w, h)
		}
	} else if f := atof(forced); f >= 1.5 && f <= 8 {
		r.shrink = f
	}
	if n := atoi(arg(parts, 2)); n >= 2 && n <= 8 {
		r.divide = n
	}
	return r, true
}

// parseKbps reads a bit rate as FreeSWITCH does, where the case of the unit makes
// bytes or bits of it: 0 for auto. It refuses what FreeSWITCH takes for a rate of 0.
func parseKbps(word string) (kbps int, ok bool) {
	if strings.EqualFold(word, "auto") {
		return 0, true
	}
	f := atof(word)
	switch {
	case strings.Contains(word, "KB"):
		f *= 8
	case strings.Contains(word, "mb"):
		f *= 1024
	case strings.Contains(word, "MB"):
		f *= 8192
	}
	if f <= 0 {
		return 0, false
	}
	return int(min(max(f, leastKbps), mostKbps)), true
}

// vidBandwidth sets the encoders of a group (of all without one) on a canvas (on all
// without one) and tells which members and encoders that concerns. FreeSWITCH sets
// none without a canvas number.
func vidBandwidth(s *State, args []string) (Reply, error) {
	if arg(args, 0) == "" {
		return say(invalidInput)
	}
	const notSet = "-ERR Bandwidth not set\n"
	first, last := 0, len(s.canvases)-1
	if word := arg(args, 2); word != "" {
		first = atoi(word) - 1
		if last = first; first < 0 || first >= len(s.canvases) {
			return say(invalidCanvas + notSet)
		}
	}
	r, ok := parseRate(args[0])
	if !ok {
		return say(notSet)
	}
	group := arg(args, 1)
	var who, what strings.Builder
	for _, m := range slices.Backward(s.members) {
		if i := s.Watches(m); m.watched != nil && i >= first && i <= last && (group == "" || group == m.look.codecGroup) {
			fmt.Fprintf(&who, "+OK Set Bandwidth %d kps for member %s\n", r.told(), m.channel())
		}
	}
	for i := first; i <= last; i++ {
		for j, g := range s.codecGroups(i) {
			if group == "" || group == g {
				what.WriteString(s.setRate(i, j, g, r))
			}
		}
	}
	if what.Len() == 0 {
		what.WriteString(notSet)
	}
	return Reply{Text: who.String() + what.String()}, nil
}

// codecGroups are the groups of those who watch a canvas, sorted.
func (s *State) codecGroups(index int) []string {
	var groups []string
	for _, m := range s.members {
		if m.watched != nil && s.Watches(m) == index {
			groups = append(groups, m.look.codecGroup)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// setRate sets one encoder and tells it; the order of the group stands for
// FreeSWITCH's index of the encoder.
func (s *State) setRate(index, order int, group string, r rate) string {
	f := s.canvases[index].form
	size, shrink := image.Pt(f.width, f.height), max(r.shrink, 1)
	switch {
	case r.size != image.Point{}:
		size = r.size
		shrink = float64(f.width) / float64(size.X)
	case r.shrink > 0:
		size = image.Pt(int(float64(size.X)/r.shrink), int(float64(size.Y)/r.shrink))
	}
	size = image.Pt(size.X&^1, size.Y&^1)
	if _, err := s.SetBandwidth(index, group, r.kbps, size, r.divide); err != nil {
		return ""
	}
	return fmt.Sprintf("+OK Set Bandwidth for canvas %d index %d group[%s] to %d sdiv %.2f %dx%d fdiv %d\n",
		index+1, order, group, r.told(), shrink, size.X, size.Y, r.divide)
}
