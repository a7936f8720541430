package decor

import (
	"container/list"
	"sync"
)

// maxCached bounds the memory of what is kept in bytes: some thirty canvases of
// 1920x1080, or every banner of a large server.
const maxCached = 64 << 20

// entryWeight is what an entry takes beside its value, about.
const entryWeight = 512

// cache keeps values by request; beyond the limit the one least recently used goes.
// The zero cache with a limit is ready.
type cache struct {
	limit int // bytes; constant

	mu sync.Mutex
	// Guarded by mu.
	entries map[any]*list.Element
	order   list.List // of *entry, the latest used first
	weight  int
}

type entry struct {
	key, value any
	weight     int
}

// get returns the value of a key.
func (c *cache) get(key any) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry).value, true
}

// add keeps a value and returns it; if another was kept meanwhile, that one, so that
// everybody has the same.
func (c *cache) add(key, value any, weight int) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		return e.Value.(*entry).value
	}
	if c.entries == nil {
		c.entries = map[any]*list.Element{}
	}
	c.entries[key] = c.order.PushFront(&entry{key, value, weight + entryWeight})
	for c.weight += weight + entryWeight; c.weight > c.limit && c.order.Len() > 1; {
		last := c.order.Remove(c.order.Back()).(*entry)
		delete(c.entries, last.key)
		c.weight -= last.weight
	}
	return value
}

// keep returns what is kept for a key, or makes and keeps it. make returns its
// memory in bytes, too; errors are not kept. It is called without a lock.
func keep[T any](c *cache, key any, make func() (T, int, error)) (T, error) {
	if v, ok := c.get(key); ok {
		return v.(T), nil
	}
	v, weight, err := make()
	if err != nil {
		return v, err
	}
	return c.add(key, v, weight).(T), nil
}
