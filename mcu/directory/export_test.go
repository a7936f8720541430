package directory

// Watched is how many pairs the back-off remembers.
func (a *Authenticator) Watched() int {
	a.tries.mu.Lock()
	defer a.tries.mu.Unlock()
	return len(a.tries.fails)
}
