package fsconf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
)

// Document is one document of a tree, complete: included files are in it, variables
// are replaced, comments are gone. It is immutable.
type Document struct {
	Root *Element
	// Path is the file, or the folder, that the document is known by.
	Path string
	// Vars are the variables when all was read. They are not changed.
	Vars map[string]string

	file string // Path, relative to the folder
}

// Name is the document's path, "" for none.
func (d *Document) Name() string {
	if d == nil {
		return ""
	}
	return d.Path
}

// Text is the document as XML for readers that want one, nil for none. What stands in
// the document's own file has its line there as far as includes allow; Explain finds
// the others.
func (d *Document) Text() []byte {
	if d == nil {
		return nil
	}
	w := &writer{file: d.file}
	w.element(d.Root)
	return w.out.Bytes()
}

// Explain puts the document's path before an error of a reader of Text, and file and
// line if the error names a line that came from elsewhere.
func (d *Document) Explain(err error) error {
	if err == nil || d == nil {
		return err
	}
	found := regexp.MustCompile(`\bline (\d+)`).FindStringSubmatch(err.Error())
	if found != nil {
		line, _ := strconv.Atoi(found[1])
		w := &writer{file: d.file}
		w.element(d.Root)
		if place := w.origin(line); place.file != "" && place != (origin{d.file, line}) {
			err = fmt.Errorf("%s:%d: %w", place.file, place.line, err)
		}
	}
	return fmt.Errorf("%s: %w", d.Path, err)
}

// origin is where an element was read.
type origin struct {
	file string
	line int
}

// writer writes elements as XML and remembers where each line comes from.
type writer struct {
	out   bytes.Buffer
	file  string
	lines []origin // of what begins in a line; empty: nothing does
}

// origin is the place of the last element that begins at or before a line.
func (w *writer) origin(line int) origin {
	for i := min(line, len(w.lines)) - 1; i >= 0; i-- {
		if w.lines[i].file != "" {
			return w.lines[i]
		}
	}
	return origin{}
}

// place goes to a line that holds nothing from elsewhere: that of the same number
// for an element of the document's own file, unless includes are in the way.
func (w *writer) place(o origin) {
	here := len(w.lines) - 1
	if here < 0 || w.lines[here] != o && w.lines[here].file != "" {
		w.newline()
	}
	for o.file == w.file && len(w.lines) < o.line {
		w.newline()
	}
	w.lines[len(w.lines)-1] = o
}

// newline begins a line; the first needs no mark.
func (w *writer) newline() {
	if len(w.lines) > 0 {
		w.out.WriteByte('\n')
	}
	w.lines = append(w.lines, origin{})
}

func (w *writer) element(e *Element) {
	w.place(origin{e.File, e.Line})
	w.out.WriteString("<" + e.Name)
	for _, a := range e.Attrs {
		w.out.WriteString(" " + a.Name + `="`)
		w.text(a.Value)
		w.out.WriteByte('"')
	}
	if e.Text == "" && len(e.Children) == 0 {
		w.out.WriteString("/>")
		return
	}
	w.out.WriteByte('>')
	w.text(e.Text)
	for _, c := range e.Children {
		w.element(c)
	}
	w.out.WriteString("</" + e.Name + ">")
}

// text writes what is no markup. Newlines become references and so move no line.
func (w *writer) text(s string) {
	_ = xml.EscapeText(&w.out, []byte(s)) // a buffer takes everything
}

// State tells one state of a folder from another without reading its files: names,
// sizes and times of everything in it. A folder that is not there has a state too.
func State(dir string) (uint64, error) {
	sum := fnv.New64a()
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) || dir == "" {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer root.Close()
	files := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if files++; files > maxFiles {
			return fmt.Errorf("%s: more than %d files", dir, maxFiles)
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone meanwhile; the next look sees it gone
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s\x00%d %d %d\n", name, info.Size(), info.ModTime().UnixNano(), info.Mode())
		return nil
	})
	return sum.Sum64(), err
}

// Sum is a digest of all that the document says.
func (d *Document) Sum() uint64 {
	sum := fnv.New64a()
	if d != nil {
		for _, name := range slices.Sorted(maps.Keys(d.Vars)) {
			fmt.Fprintf(sum, "%s=%s\x00", name, d.Vars[name])
		}
		fmt.Fprintf(sum, "%s\x00%s", d.Path, d.Text())
	}
	return sum.Sum64()
}
