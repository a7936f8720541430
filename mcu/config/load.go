package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FileName is the configuration file that is looked for in the data folder
// when none is named.
const FileName = "omniverto.yaml"

// Sources is where [Load] reads from.
type Sources struct {
	File  string            // --config; empty: OMNIVERTO_CONFIG, else FileName in the data folder if it is there
	Flags map[string]string // the flags that were given, by name; lists separated by commas
	Env   []string          // as os.Environ returns it
}

// Load merges flags over environment over file over the verto.conf of the FreeSWITCH
// tree over [Default] and validates the result. The error is one sentence that names
// the setting, and the line of the file if it came from there.
func Load(src Sources) (Config, error) {
	env := environment(src.Env)
	c := Default()
	c.named = map[string]bool{}
	path, optional := src.file(env)
	if err := c.readFile(path, optional); err != nil {
		return Config{}, err
	}
	if err := c.apply(env, func(s setting) string { return s.envName() }); err != nil {
		return Config{}, err
	}
	if err := c.apply(src.Flags, func(s setting) string { return s.name }); err != nil {
		return Config{}, err
	}
	if !c.named["conf"] {
		c.Conf = filepath.Join(c.Data, "conf")
	}
	if err := absolute(&c); err != nil {
		return Config{}, fmt.Errorf("config: find the working folder: %w", err)
	}
	if err := c.readTree(); err != nil {
		return Config{}, err
	}
	if err := c.restorePublicURL(); err != nil {
		return Config{}, err
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// file returns the configuration file to read and whether it may be missing.
func (src Sources) file(env map[string]string) (path string, optional bool) {
	if src.File != "" {
		return src.File, false
	}
	if path := env["OMNIVERTO_CONFIG"]; path != "" {
		return path, false
	}
	data := Default().Data
	for _, named := range []string{env["OMNIVERTO_DATA"], src.Flags["data"]} {
		if named != "" {
			data = named
		}
	}
	return filepath.Join(data, FileName), true
}

func (c *Config) readFile(path string, optional bool) error {
	doc, err := os.ReadFile(path)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	if err := c.parse(doc, optional); err != nil {
		return fmt.Errorf("config: %s: %w", path, err)
	}
	return nil
}

// apply takes every setting that values holds under its key.
func (c *Config) apply(values map[string]string, key func(setting) string) error {
	for _, s := range settings() {
		value, ok := values[key(s)]
		if !ok {
			continue
		}
		if err := s.set(c, value); err != nil {
			return fmt.Errorf("config: %s: %w", key(s), err)
		}
		c.named[s.name] = true
	}
	return nil
}

// environment returns the non-empty OMNIVERTO_ variables.
func environment(env []string) map[string]string {
	out := map[string]string{}
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "OMNIVERTO_") && value != "" {
			out[name] = value
		}
	}
	return out
}
