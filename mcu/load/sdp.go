package load

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// description is a session description as lines: those of the session and those
// of each media section, without line ends. Unknown lines are kept as they are.
type description struct {
	session  []string
	sections [][]string
}

func parseSDP(s string) description {
	var d description
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, "\r")
		switch {
		case line == "":
		case strings.HasPrefix(line, "m="):
			d.sections = append(d.sections, []string{line})
		case len(d.sections) == 0:
			d.session = append(d.session, line)
		default:
			last := len(d.sections) - 1
			d.sections[last] = append(d.sections[last], line)
		}
	}
	return d
}

func (d description) String() string {
	all := slices.Clone(d.session)
	for _, s := range d.sections {
		all = append(all, s...)
	}
	return strings.Join(all, "\r\n") + "\r\n"
}

// section is the index of the first section of a kind, -1 if there is none.
func (d description) section(kind string) int {
	return slices.IndexFunc(d.sections, func(s []string) bool { return strings.HasPrefix(s[0], "m="+kind+" ") })
}

// has tells whether one of the lines begins so.
func has(lines []string, prefix string) bool {
	return slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) })
}

// without returns the lines that begin with none of the prefixes.
func without(lines []string, prefixes ...string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(l, p) })
	})
}

// with returns the lines that begin with one of the prefixes.
func with(lines []string, prefixes ...string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
		return !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(l, p) })
	})
}

// transportLines are what a section says of its transport.
func transportLines() []string {
	return []string{"a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=end-of-candidates"}
}

// lendTransport gives the video section of an offer the transport of another
// connection's, so that a server that does not bundle finds a second one, as in a
// browser's offer. One that bundles does not look at it (RFC 8843 7.2).
func lendTransport(offer, spare string) (string, error) {
	d, s := parseSDP(offer), parseSDP(spare)
	to, from := d.section("video"), s.section("video")
	if to < 0 || from < 0 {
		return "", errors.New("load: offer without a video section")
	}
	d.sections[to] = append(without(d.sections[to], transportLines()...), with(s.sections[from], transportLines()...)...)
	return d.String(), nil
}

// placeMedia writes port and address of each section's first candidate where those
// look who do not read candidates, as browsers do.
func placeMedia(offer string) string {
	d := parseSDP(offer)
	for _, s := range d.sections {
		ip, port := "", ""
		for _, l := range s {
			if words := strings.Fields(l); port == "" && strings.HasPrefix(l, "a=candidate:") && len(words) > 5 {
				ip, port = words[4], words[5]
			}
		}
		family := "IP4"
		if strings.Contains(ip, ":") {
			family = "IP6"
		}
		for i, l := range s {
			if words := strings.Fields(l); i == 0 && port != "" && len(words) > 1 {
				words[1] = port
				s[i] = strings.Join(words, " ")
			} else if strings.HasPrefix(l, "c=IN ") && port != "" {
				s[i] = "c=IN " + family + " " + ip
			}
		}
	}
	return d.String()
}

// splitAnswer reads a server's answer to an offer of sections with the mids 0, 1
// and so on. rest is empty if all sections go over the first one's transport; else
// first is the answer for the connection of the first section, in which the video
// is refused, and rest the answer for the spare connection, which has only video.
// Mids that the server left out are filled in.
func splitAnswer(answer string) (first, rest string, err error) {
	d := parseSDP(answer)
	if len(d.sections) == 0 {
		return "", "", errors.New("load: answer without media")
	}
	for i, s := range d.sections {
		if !has(s, "a=mid:") {
			d.sections[i] = append(slices.Clone(s), fmt.Sprintf("a=mid:%d", i))
		}
	}
	video := d.section("video")
	if video <= 0 || refused(d.sections[video]) || has(d.session, "a=group:BUNDLE") || !has(d.sections[video], "a=ice-ufrag:") {
		return d.String(), "", nil
	}
	// Without RTX: its SSRC was offered from the first connection, and cannot be
	// chosen for another.
	alone := description{session: d.session, sections: [][]string{
		append(withoutRTX(without(d.sections[video], "a=mid:")), "a=mid:0"),
	}}
	d.sections[video] = refuse(d.sections[video])
	return d.String(), alone.String(), nil
}

// withoutRTX takes the payload types of RFC 4588 out of a section.
func withoutRTX(section []string) []string {
	formats := strings.Fields(section[0])
	var drop []string
	for _, l := range section {
		if name, ok := strings.CutPrefix(l, "a=rtpmap:"); ok && strings.Contains(strings.ToLower(name), " rtx/") {
			pt, _, _ := strings.Cut(name, " ")
			drop = append(drop, "a=rtpmap:"+pt+" ", "a=fmtp:"+pt+" ", "a=rtcp-fb:"+pt+" ")
			formats = slices.DeleteFunc(formats, func(f string) bool { return f == pt })
		}
	}
	out := without(section, drop...)
	if len(drop) > 0 {
		out[0] = strings.Join(formats, " ")
	}
	return out
}

// refused tells whether a section has port 0 and is not merely bundled.
func refused(section []string) bool {
	words := strings.Fields(section[0])
	return len(words) > 1 && words[1] == "0" && !has(section, "a=bundle-only")
}

// refuse makes a section one that was refused (RFC 3264 6).
func refuse(section []string) []string {
	words := strings.Fields(section[0])
	words[1] = "0"
	out := append([]string{strings.Join(words, " ")}, with(section[1:], "a=mid:", "a=rtpmap:", "a=fmtp:", "a=fingerprint:", "a=setup:")...)
	return append(out, "a=inactive")
}

// usesDTX tells whether an answer lets microphones be silent.
func usesDTX(answer string) bool {
	d := parseSDP(answer)
	audio := d.section("audio")
	return audio >= 0 && slices.ContainsFunc(d.sections[audio], func(l string) bool {
		return strings.HasPrefix(l, "a=fmtp:") && strings.Contains(strings.ReplaceAll(l, " ", ""), "usedtx=1")
	})
}

// resends tells whether an answer offers to send lost packets of video again.
func resends(answer string) bool {
	d := parseSDP(answer)
	video := d.section("video")
	return video >= 0 && slices.ContainsFunc(d.sections[video], func(l string) bool {
		return strings.HasPrefix(l, "a=rtcp-fb:") && strings.HasSuffix(l, " nack")
	})
}

// nudgeCandidate is the first UDP candidate of an answer in another form, the n-th
// of its kind; "" if there is none.
func nudgeCandidate(answer string, n int) string {
	for line := range strings.SplitSeq(answer, "\r\n") {
		words := strings.Fields(strings.TrimPrefix(line, "a=candidate:"))
		if !strings.HasPrefix(line, "a=candidate:") || len(words) < 8 || !strings.EqualFold(words[2], "udp") {
			continue
		}
		return fmt.Sprintf("candidate:nudge%d 1 udp 1 %s %s typ srflx raddr 0.0.0.0 rport %d", n, words[4], words[5], n)
	}
	return ""
}
