package fsconf

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// preprocess obeys <X-PRE-PROCESS cmd="…" data="…"/> in an element. Forms that run
// programs or read the environment are refused. FreeSWITCH's own tree asks a STUN
// server for its address: nobody is asked, and the variable has the server's name,
// stun:HOST, which the settings take for "find it out".
func (r *reading) preprocess(e, in *Element, open []*Element) error {
	data := e.Attr("data")
	switch cmd := strings.ToLower(e.Attr("cmd")); cmd {
	case "set", "stun-set":
		name, value, ok := strings.Cut(data, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return fmt.Errorf("X-PRE-PROCESS %s %.80q: want name=value", cmd, data)
		}
		if cmd == "stun-set" {
			r.log.Warn("X-PRE-PROCESS stun-set asks no server", "file", e.File, "line", e.Line, "variable", name)
		}
		if _, known := r.vars[name]; !known && len(r.vars) >= maxVars {
			return fmt.Errorf("more than %d variables", maxVars)
		}
		r.vars[name] = value
		return nil
	case "include":
		if !r.wanted(open) {
			return nil
		}
		return r.include(data, in)
	default:
		return fmt.Errorf("X-PRE-PROCESS %.80q is refused: only set and include are known", cmd)
	}
}

// wanted reports whether the innermost <section> around an include, if there is one,
// is among those asked for.
func (r *reading) wanted(open []*Element) bool {
	for i := len(open) - 1; i >= 0; i-- {
		if open[i].Name == "section" {
			return r.sections[open[i].Attr("name")]
		}
	}
	return true
}

// include reads the files that match a pattern, relative to the including file. One
// that is not there is none, as in FreeSWITCH.
func (r *reading) include(pattern string, into *Element) error {
	if len(r.open) > maxIncludes {
		return fmt.Errorf("includes nested deeper than %d", maxIncludes)
	}
	files, err := r.match(pattern)
	if err != nil {
		return fmt.Errorf("include %.80q: %w", pattern, err)
	}
	for _, f := range files {
		if f == r.cur {
			continue
		}
		if slices.Contains(r.open, f) {
			return fmt.Errorf("include %.80q: %s includes itself", pattern, f)
		}
		if err := r.file(f, into); err != nil {
			return &inFile{err}
		}
	}
	return nil
}

// match lists the files of a pattern.
func (r *reading) match(pattern string) ([]string, error) {
	pattern = filepath.ToSlash(pattern)
	switch {
	case len(pattern) > maxPattern:
		return nil, fmt.Errorf("longer than %d bytes", maxPattern)
	case path.IsAbs(pattern) || filepath.IsAbs(pattern):
		return nil, errOutside
	}
	if pattern = path.Join(path.Dir(r.cur), pattern); !filepath.IsLocal(filepath.FromSlash(pattern)) {
		return nil, errOutside
	}
	if !strings.ContainsAny(pattern, `*?[\`) {
		if _, err := r.root.Lstat(pattern); err != nil {
			return nil, nil
		}
		return []string{pattern}, nil
	}
	return r.glob(pattern)
}

// expand replaces $${name} by the variable's value; an unknown one is empty, as in
// FreeSWITCH. Values are expanded when set, so nothing expands twice.
func (r *reading) expand(s string) (string, error) {
	if !strings.Contains(s, "$${") && len(s) <= maxValue {
		return s, nil
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "$${")
		b.WriteString(before)
		if !ok || b.Len() > maxValue {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return "", fmt.Errorf("%.80q: $${ without }", s)
		}
		b.WriteString(r.vars[name])
		s = after
	}
	if b.Len() > maxValue {
		return "", fmt.Errorf("a value of more than %d bytes", maxValue)
	}
	return b.String(), nil
}
