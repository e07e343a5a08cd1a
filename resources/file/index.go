package file

import (
	"path/filepath"
	"sync"
)

// An index knows which paths the file resources of an agent manage. What one resource removes
// from a directory must spare what others put there.
type index struct {
	mu    sync.Mutex
	paths map[string]int // how many resources manage the path
	below map[string]int // how many managed paths lie somewhere in the directory
}

type indexKey struct{}

func sharedIndex(shared func(key any, make func() any) any) *index {
	return shared(indexKey{}, func() any {
		return &index{paths: map[string]int{}, below: map[string]int{}}
	}).(*index)
}

func (x *index) add(path string)    { x.count(path, 1) }
func (x *index) remove(path string) { x.count(path, -1) }

func (x *index) count(path string, n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(x.paths, path, n)
	for path != "/" {
		path = filepath.Dir(path)
		change(x.below, path, n)
	}
}

func change(m map[string]int, key string, n int) {
	if m[key] += n; m[key] == 0 {
		delete(m, key)
	}
}

// managed reports whether a resource manages the path, and whether one manages a path below
// it.
func (x *index) managed(path string) (itself, below bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.paths[path] > 0, x.below[path] > 0
}
