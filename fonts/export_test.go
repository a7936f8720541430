package fonts

// NewWith is Open with the folders in which the system's fonts are looked for.
func NewWith(o Options, dirs ...string) *Library { return newLibrary(o, dirs) }

// Cached is the memory of the cached masks in bytes.
func (l *Library) Cached() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cached
}

// MaxCached is the bound of Cached.
const MaxCached = maxCached
