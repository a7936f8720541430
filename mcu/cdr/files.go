package cdr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The names of files: the conference's UUID and one of these.
const (
	jsonSuffix = ".cdr.json"
	xmlSuffix  = ".cdr.xml" // FreeSWITCH's
	partSuffix = ".cdr.part"
)

// maxFile bounds a file that is read: a record of the most members has about 2 MB.
const maxFile = 32 << 20

func jsonPath(dir, id string) string { return filepath.Join(dir, id+jsonSuffix) }
func xmlPath(dir, id string) string  { return filepath.Join(dir, id+xmlSuffix) }
func partPath(dir, id string) string { return filepath.Join(dir, id+partSuffix) }

// save writes both files of a record. The JSON comes last: what is listed is whole.
func save(dir string, rec Record) error {
	if err := writeFile(xmlPath(dir, rec.UUID), rec.XML(), rec.End); err != nil {
		return err
	}
	return writeJSON(jsonPath(dir, rec.UUID), rec)
}

func writeJSON(path string, rec Record) error {
	doc, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("cdr: %w", err)
	}
	return writeFile(path, append(doc, '\n'), rec.End)
}

// writeFile puts a whole file into its place or none, as of a moment. It makes the
// folder; only its owner may read what is said of people there.
func writeFile(path string, doc []byte, at time.Time) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cdr: %w", err)
	}
	f, err := os.CreateTemp(dir, ".cdr-*") // 0600
	if err != nil {
		return fmt.Errorf("cdr: %w", err)
	}
	_, err = f.Write(doc)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chtimes(f.Name(), at, at)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("cdr: %w", err)
	}
	return nil
}

func load(path string) (rec Record, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return rec, fmt.Errorf("cdr: %w", err)
	}
	if info.Size() > maxFile {
		return rec, fmt.Errorf("cdr: %s has more than %d MiB", path, maxFile>>20)
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		return rec, fmt.Errorf("cdr: %w", err)
	}
	if err := json.Unmarshal(doc, &rec); err != nil {
		return rec, fmt.Errorf("cdr: %s: %w", path, err)
	}
	return rec, nil
}

// entry is a file of a folder of records.
type entry struct {
	path, id string
	at       time.Time // of the file: when the conference ended
}

// entries lists the files with a suffix whose name is a UUID, newest first. A folder
// that does not exist has none.
func entries(dir, suffix string) ([]entry, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cdr: %w", err)
	}
	var out []entry
	for _, f := range files {
		id, ok := strings.CutSuffix(f.Name(), suffix)
		if !ok || uuid.Validate(id) != nil || !f.Type().IsRegular() {
			continue
		}
		info, err := f.Info()
		if err != nil {
			continue // gone at this moment
		}
		out = append(out, entry{filepath.Join(dir, f.Name()), id, info.ModTime()})
	}
	slices.SortFunc(out, func(a, b entry) int {
		if c := b.at.Compare(a.at); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	return out, nil
}

// list reads records until there are enough.
func list(ctx context.Context, dir, room string, before time.Time, limit int) ([]Summary, error) {
	all, err := entries(dir, jsonSuffix)
	if err != nil {
		return nil, err
	}
	out := []Summary{}
	for _, e := range all {
		if len(out) == limit {
			break
		}
		if !before.IsZero() && !e.at.Before(before) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rec, err := load(e.path)
		if err != nil || room != "" && rec.Name != room || !before.IsZero() && !rec.End.Before(before) {
			continue // what cannot be read was pruned at this moment, or is not ours
		}
		out = append(out, rec.summary())
	}
	return out, nil
}

// prune removes records that ended before a moment (zero: none) and all but
// the newest (0: none of them).
func prune(dir string, oldest time.Time, most int) error {
	var errs []error
	for _, suffix := range []string{jsonSuffix, xmlSuffix} {
		all, err := entries(dir, suffix)
		errs = append(errs, err)
		for i, e := range all {
			if most > 0 && i >= most || e.at.Before(oldest) {
				errs = append(errs, os.Remove(e.path))
			}
		}
	}
	return errors.Join(errs...)
}

// finish makes records of those that were interrupted before a moment and whose
// conferences have not come back.
func finish(dir string, before time.Time) error {
	all, err := entries(dir, partSuffix)
	errs := []error{err}
	for _, e := range all {
		if !e.at.Before(before) {
			continue
		}
		rec, err := load(e.path)
		if err == nil {
			for i := range rec.Members {
				if m := &rec.Members[i]; m.Cause == "" {
					m.Cause, m.Leave = "suspended", rec.End
				}
			}
			rec.UUID = e.id
			err = save(dir, rec)
		}
		errs = append(errs, err, os.Remove(e.path))
	}
	return errors.Join(errs...)
}
