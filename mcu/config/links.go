package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Links are the base URLs of a server, without a trailing slash; an empty one is
// not known. They are kept in the data folder, so that "omniverto invite" prints
// links that work and "omniverto ctl" finds the server whose port has moved.
type Links struct {
	Public string `json:"public,omitempty"` // the web client's, as named by --public-url
	LAN    string `json:"lan,omitempty"`    // https://ADDRESS:PORT of the default route
	Local  string `json:"local,omitempty"`  // http://localhost:PORT
	Admin  string `json:"admin,omitempty"`  // http://ADDRESS:PORT of health, metrics and control
}

// Best returns the link that works for most people: public, then LAN, then
// local, then that of a server with default settings on this machine.
func (l Links) Best() string {
	for _, link := range []string{l.Public, l.LAN, l.Local} {
		if link != "" {
			return link
		}
	}
	return "http://localhost:8081"
}

// Join returns the best link into a room. The token is in the fragment, so that
// no server's or proxy's log ever sees it.
func (l Links) Join(room, token string) string { return JoinLink(l.Best(), room, token) }

// JoinLink is the link into a room under a base URL.
func JoinLink(base, room, token string) string {
	return base + "/r/" + url.PathEscape(room) + "#token=" + token
}

// SaveLinks replaces the links kept in the data folder, which must exist.
func SaveLinks(data string, l Links) error {
	doc, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("config: keep links: %w", err)
	}
	path := filepath.Join(data, linksFile)
	if err := os.WriteFile(path+".new", append(doc, '\n'), 0o600); err != nil {
		return fmt.Errorf("config: keep links: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("config: keep links: %w", err)
	}
	return nil
}

// LoadLinks returns the links kept in the data folder; none kept is no error.
func LoadLinks(data string) (Links, error) {
	var l Links
	doc, err := os.ReadFile(filepath.Join(data, linksFile))
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("config: read links: %w", err)
	}
	if err := json.Unmarshal(doc, &l); err != nil {
		return Links{}, fmt.Errorf("config: read links: %s: %w", linksFile, err)
	}
	return l, nil
}

const linksFile = "links.json"

// restorePublicURL takes the URL of an earlier start unless one is named now.
func (c *Config) restorePublicURL() error {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if c.named["public-url"] {
		return nil
	}
	kept, err := LoadLinks(c.Data)
	if err != nil {
		return err
	}
	c.PublicURL = kept.Public
	return nil
}
