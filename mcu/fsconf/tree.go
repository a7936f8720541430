package fsconf

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// Sections of a tree.
const (
	Configuration = "configuration"
	Directory     = "directory"
	Dialplan      = "dialplan"
)

// main is the file that makes a folder a whole tree.
const main = "freeswitch.xml"

// Options say what is read.
type Options struct {
	// Dir is the folder; it may be missing.
	Dir string
	// Vars are the first values of $${name}, besides those that are always there.
	// What a document sets wins.
	Vars map[string]string
	Log  *slog.Logger // nil: silent
}

// Load reads one document of a tree: the configuration of a name, as in
// "conference.conf", or with an empty name all of the section directory or dialplan.
// nil stands for none. In a whole tree only the includes of that section are followed.
func Load(o Options, section, name string) (*Document, error) {
	root, err := os.OpenRoot(o.Dir)
	if errors.Is(err, fs.ErrNotExist) || o.Dir == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	r := newReading(o, root, section)
	var doc *Document
	if _, err := root.Lstat(main); err == nil {
		doc, err = r.whole(section, name)
		return located(o.Dir, doc, err)
	}
	if section == Configuration {
		doc, err = r.configuration(name)
	} else {
		doc, err = r.loose(section)
	}
	return located(o.Dir, doc, err)
}

// Folder reads all files *.xml of a folder and its folders, which need be no tree.
// Nothing outside of it is read; it may be missing.
func Folder(o Options) (*Document, error) {
	root, err := os.OpenRoot(o.Dir)
	if errors.Is(err, fs.ErrNotExist) || o.Dir == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	r := newReading(o, root, "")
	doc := r.document(&Element{Name: "section", Line: 1}, ".")
	return located(o.Dir, doc, r.folder(".", doc.Root))
}

func newReading(o Options, root *os.Root, section string) *reading {
	r := &reading{
		root: root, vars: first(o.Dir, o.Vars), log: o.Log,
		sections: map[string]bool{section: true}, seen: map[string]bool{},
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r
}

// located tells a document and an error where the folder is.
func located(dir string, doc *Document, err error) (*Document, error) {
	if err != nil {
		return nil, fmt.Errorf("%s%c%w", dir, filepath.Separator, err) // it begins with a file of the folder
	}
	if doc != nil {
		doc.Path = filepath.Join(dir, filepath.FromSlash(doc.file))
	}
	return doc, nil
}

// whole reads a tree with its freeswitch.xml.
func (r *reading) whole(section, name string) (*Document, error) {
	var top Element
	if err := r.file(main, &top); err != nil {
		return nil, err
	}
	all := &Element{Name: "section", Attrs: []Attr{{"name", section}}, File: main, Line: 1}
	gather(&top, section, all)
	if section == Configuration {
		for c := range all.Named(Configuration) {
			if c.Attr("name") == name {
				return r.document(c, c.File), nil
			}
		}
		return nil, nil
	}
	if len(all.Children) == 0 {
		return nil, nil
	}
	return r.document(all, main), nil
}

// gather collects what stands in the sections of a name.
func gather(e *Element, section string, into *Element) {
	for _, c := range e.Children {
		switch {
		case c.Name == "document":
			gather(c, section, into)
		case c.Name == "section" && c.Attr("name") == section:
			into.Children = append(into.Children, c.Children...)
		}
	}
}

// configuration reads the first file that a configuration may stand in. What is
// around it is left away.
func (r *reading) configuration(name string) (*Document, error) {
	for _, file := range []string{"autoload_configs/" + name + ".xml", name + ".xml"} {
		if _, err := r.root.Lstat(file); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var top Element
		if err := r.file(file, &top); err != nil {
			return nil, err
		}
		if len(top.Children) == 0 {
			return nil, fmt.Errorf("%s: it holds no element", file)
		}
		all := &Element{}
		gather(&top, Configuration, all)
		for _, c := range append(all.Children, top.Children...) {
			if named, ok := c.Lookup("name"); c.Name == Configuration && (!ok || named == name) {
				return r.document(c, file), nil
			}
		}
		return r.document(top.Children[0], file), nil // its reader says what is wrong
	}
	return nil, nil
}

// loose reads the folder of a section.
func (r *reading) loose(section string) (*Document, error) {
	if info, err := r.root.Stat(section); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, nil
	}
	var top Element
	if err := r.folder(section, &top); err != nil {
		return nil, err
	}
	all := &Element{Name: "section", Attrs: []Attr{{"name", section}}, File: section, Line: 1}
	gather(&top, section, all)
	for _, c := range top.Children {
		if c.Name != "document" && c.Name != "section" {
			all.Children = append(all.Children, c)
		}
	}
	if len(r.seen) == 0 {
		return nil, nil
	}
	return r.document(all, section), nil
}

func (r *reading) document(root *Element, file string) *Document {
	return &Document{Root: root, Vars: r.vars, file: file}
}
