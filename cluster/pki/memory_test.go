package pki

import (
	"context"
	"strings"
	"sync"
)

// memory is a store in memory. Its zero value is empty.
type memory struct {
	mu     sync.Mutex // guards what follows
	values map[string]stored
	last   int64
}

type stored struct {
	value   []byte
	version int64
}

// Get implements Store.
func (m *memory) Get(_ context.Context, key string) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.values[key]
	return s.value, s.version, nil
}

// List implements Store.
func (m *memory) List(_ context.Context, prefix string) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string][]byte{}
	for key, s := range m.values {
		if strings.HasPrefix(key, prefix) {
			out[key] = s.value
		}
	}
	return out, nil
}

// Swap implements Store.
func (m *memory) Swap(_ context.Context, key string, value []byte, version int64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values[key].version != version {
		return false, nil
	}
	if m.values == nil {
		m.values = map[string]stored{}
	}
	if value == nil {
		delete(m.values, key)
		return true, nil
	}
	m.last++
	m.values[key] = stored{value, m.last}
	return true, nil
}
