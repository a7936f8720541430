package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the files must be quiet before they are read: certificate
// and key are written one after the other.
const settle = 200 * time.Millisecond

// useFiles loads the user's pair and returns the loop that reloads it. The
// folders are watched, not the files: editors and certificate clients rename, and
// Kubernetes swaps a link in the folder.
func (s *Store) useFiles(o Options) (func(context.Context), error) {
	pair, err := readPair(o.Cert, o.Key)
	if err != nil {
		return nil, err
	}
	s.current.Store(pair)
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("certs: watch %s: %w", o.Cert, err)
	}
	dirs := []string{filepath.Dir(o.Cert), filepath.Dir(o.Key)}
	for _, dir := range slices.Compact(dirs) {
		if err := watcher.Add(dir); err != nil {
			watcher.Close()
			return nil, fmt.Errorf("certs: watch %s: %w", dir, err)
		}
	}
	return func(ctx context.Context) {
		defer watcher.Close()
		s.watch(ctx, watcher, o)
	}, nil
}

func (s *Store) watch(ctx context.Context, watcher *fsnotify.Watcher, o Options) {
	quiet := time.NewTimer(settle)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-watcher.Events:
			quiet.Reset(settle)
		case err := <-watcher.Errors:
			o.Log.Warn("certificate watch", "error", err)
			quiet.Reset(settle) // events may have been lost
		case <-quiet.C:
			s.reload(o)
		}
	}
}

// reload takes the files' pair if it is good and differs; a bad one is logged and
// the old one stays.
func (s *Store) reload(o Options) {
	pair, err := readPair(o.Cert, o.Key)
	if err != nil {
		o.Log.Error("certificate not reloaded, the old one stays", "error", err)
		return
	}
	if slices.EqualFunc(pair.Certificate, s.current.Load().Certificate, slices.Equal[[]byte]) {
		return
	}
	s.current.Store(pair)
	o.Log.Info("certificate reloaded", "file", o.Cert, "until", slog.TimeValue(pair.Leaf.NotAfter))
}

func readPair(cert, key string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certs: cannot use certificate %s with key %s: %w", cert, key, err)
	}
	return &pair, nil
}
