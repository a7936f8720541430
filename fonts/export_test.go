package fonts

import "log/slog"

// NewWith is New with the folders in which fonts are looked for.
func NewWith(log *slog.Logger, dirs ...string) *Library { return newLibrary(log, dirs) }

// Cached is the memory of the cached masks in bytes.
func (l *Library) Cached() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cached
}

// MaxCached is the bound of Cached.
const MaxCached = maxCached
