package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// DefaultDomain is the domain of guests when the directory names none.
const DefaultDomain = "localhost"

// Options say where the users are.
type Options struct {
	// Dir is read with all its folders, files *.xml in the order of their paths. A
	// file that another one includes is not read again by itself. The folder may be
	// missing: then there are no users.
	Dir string
	// Vars are the first values of $${name}; domain decides the domain of users
	// that stand outside any <domain>, and of guests if no domain has users.
	Vars map[string]string
	Log  *slog.Logger // nil: silent
}

// Directory holds the users of a folder. Safe for concurrent use; a reader sees one
// reading or the next, never a mixture.
type Directory struct {
	dir   string
	vars  map[string]string
	log   *slog.Logger
	table atomic.Pointer[table]
}

// Open reads the folder.
func Open(o Options) (*Directory, error) {
	d := &Directory{dir: o.Dir, vars: maps.Clone(o.Vars), log: o.Log}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.vars["domain"] == "" {
		d.vars = overlay(d.vars, map[string]string{"domain": DefaultDomain})
	}
	if err := d.Reload(); err != nil {
		return nil, err
	}
	return d, nil
}

// Reload reads the folder again. On an error the users read before stay.
func (d *Directory) Reload() error {
	t, err := d.read()
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	d.table.Store(t)
	for _, id := range t.dups {
		d.log.Warn("directory: user defined twice, the first definition holds", "user", id)
	}
	d.log.Info("directory read", "domains", len(t.order), "users", t.count())
	return nil
}

func (t *table) count() int {
	n := 0
	for _, users := range t.domains {
		n += len(users)
	}
	return n
}

// User finds a user; the case of both names does not matter.
func (d *Directory) User(name, domain string) (*User, bool) {
	u, ok := d.table.Load().domains[strings.ToLower(domain)][strings.ToLower(name)]
	return u, ok
}

// Domains lists the domains in the order they were first seen.
func (d *Directory) Domains() []string { return slices.Clone(d.table.Load().order) }

// Domain is the domain that a login belongs to: with a single domain that one,
// whatever the login says; with several the named one. "" if several exist and none
// was named. Without any domain it is the default one.
func (d *Directory) Domain(named string) string {
	switch order := d.table.Load().order; len(order) {
	case 0:
		return strings.ToLower(d.vars["domain"])
	case 1:
		return order[0]
	}
	return strings.ToLower(named)
}

// GuestDomain is the domain of token holders: the first one.
func (d *Directory) GuestDomain() string {
	if order := d.table.Load().order; len(order) > 0 {
		return order[0]
	}
	return strings.ToLower(d.vars["domain"])
}

// reading is one pass over the folder.
type reading struct {
	root  *os.Root
	files []string        // every *.xml, slash-separated, sorted
	seen  map[string]bool // read, directly or by an include
	bytes int64
	cur   string // the file that is being read, for relative includes
}

func (d *Directory) read() (*table, error) {
	t := &table{domains: map[string]map[string]*User{}}
	root, err := os.OpenRoot(d.dir)
	if errors.Is(err, fs.ErrNotExist) || d.dir == "" {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	r := &reading{root: root, seen: map[string]bool{}}
	if r.files, err = listXML(root.FS()); err != nil {
		return nil, err
	}
	p := &parser{vars: overlay(d.vars, nil), include: r.include}
	for _, top := range []bool{true, false} { // the files above include the ones below
		for _, f := range r.files {
			if r.seen[f] || strings.Contains(f, "/") == top {
				continue
			}
			if err := r.collect(p, f, t); err != nil {
				return nil, fmt.Errorf("%s: %w", f, err)
			}
		}
	}
	return t, nil
}

func listXML(fsys fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(fsys, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !e.IsDir() && strings.HasSuffix(path, ".xml") {
			files = append(files, path)
		}
		if len(files) > maxFiles {
			return fmt.Errorf("more than %d files", maxFiles)
		}
		return nil
	})
	return files, err
}

func (r *reading) collect(p *parser, file string, t *table) error {
	var doc element
	if err := r.file(p, file, &doc); err != nil {
		return err
	}
	return t.collect(&doc, p.vars["domain"])
}

func (r *reading) file(p *parser, file string, into *element) error {
	r.seen[file] = true
	info, err := r.root.Stat(file)
	if err != nil {
		return err
	}
	if r.bytes += info.Size(); info.Size() > maxFile || r.bytes > maxTotal {
		return fmt.Errorf("too large: at most %d bytes a file, %d in all", maxFile, maxTotal)
	}
	b, err := r.root.ReadFile(file)
	if err != nil {
		return err
	}
	outer := r.cur
	r.cur = file
	defer func() { r.cur = outer }()
	return p.parse(b, into)
}

// include reads the files that match a pattern relative to the including file. It
// cannot leave the folder: the pattern only selects from the files listed there.
func (r *reading) include(p *parser, pattern string, into *element) error {
	pattern = filepath.ToSlash(filepath.Join(filepath.Dir(r.cur), pattern))
	if _, err := filepath.Match(pattern, ""); err != nil {
		return fmt.Errorf("include %.80q: %w", pattern, err)
	}
	for _, f := range r.files {
		if ok, _ := filepath.Match(pattern, f); !ok || f == r.cur {
			continue
		}
		if err := r.file(p, f, into); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return nil
}
