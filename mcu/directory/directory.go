package directory

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/omniverto/omniverto/mcu/fsconf"
)

// DefaultDomain is the domain of guests when the directory names none.
const DefaultDomain = "localhost"

// Options say where the users are.
type Options struct {
	// Dir is read with all its folders, files *.xml in the order of their paths. A
	// file that another one includes is not read again by itself. The folder may be
	// missing: then there are no users.
	Dir string
	// Read, if it is there, reads the users from elsewhere, and Dir says nothing. It
	// returns nil when there are none.
	Read func() (*fsconf.Document, error)
	// Vars are the first values of $${name}; domain decides the domain of users
	// that stand outside any <domain>, and of guests if no domain has users.
	Vars map[string]string
	// ForceDomain, if it is there, replaces the domain of every login, and is that of
	// guests (verto.conf's force-register-domain).
	ForceDomain string
	Log         *slog.Logger // nil: silent
}

// Directory holds the users of a folder. Safe for concurrent use; a reader sees one
// reading or the next, never a mixture.
type Directory struct {
	// constant after construction
	load   func() (*fsconf.Document, error)
	domain string // when there are no users
	force  string
	log    *slog.Logger

	table atomic.Pointer[table]
}

// Open reads the users.
func Open(o Options) (*Directory, error) {
	d := &Directory{load: o.Read, domain: strings.ToLower(o.Vars["domain"]), force: strings.ToLower(o.ForceDomain), log: o.Log}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.domain == "" {
		d.domain = DefaultDomain
	}
	if d.load == nil {
		vars := map[string]string{"domain": d.domain}
		maps.Copy(vars, o.Vars)
		d.load = func() (*fsconf.Document, error) {
			return fsconf.Folder(fsconf.Options{Dir: o.Dir, Vars: vars, Log: o.Log})
		}
	}
	if err := d.Reload(); err != nil {
		return nil, err
	}
	return d, nil
}

// Reload reads the users again. On an error those read before stay.
func (d *Directory) Reload() error {
	doc, err := d.load()
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	return d.Adopt(doc)
}

// Adopt takes the users of a document that was read already; nil stands for none. On
// an error those before stay.
func (d *Directory) Adopt(doc *fsconf.Document) error {
	t := &table{domains: map[string]map[string]*User{}}
	if doc != nil {
		if err := t.collect(doc.Root, doc.Vars["domain"]); err != nil {
			return fmt.Errorf("directory: %w", err)
		}
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
// was named. Without any domain it is the default one. A forced domain is everybody's.
func (d *Directory) Domain(named string) string {
	switch order := d.table.Load().order; {
	case d.force != "":
		return d.force
	case len(order) == 0:
		return d.domain
	case len(order) == 1:
		return order[0]
	}
	return strings.ToLower(named)
}

// GuestDomain is the domain of token holders: the first one.
func (d *Directory) GuestDomain() string {
	if order := d.table.Load().order; len(order) > 0 && d.force == "" {
		return order[0]
	}
	return d.Domain("")
}
