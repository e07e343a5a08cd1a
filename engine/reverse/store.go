// Package reverse keeps what undoes resources.
//
// Before a resource with Meta:reverse is applied for the first time, its opposite is put into
// a [Store]: a [Note] in a file of its own, which is on the disk before anything is changed. It
// stays there, over stops, crashes and changes of the resource, until the opposite has been
// applied. The first note of a resource wins, because only that one saw the machine as it was.
package reverse

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"mgmt/resource"
)

// A Note says how one resource is undone.
type Note struct {
	// Resource is the opposite. Its ID is that of the resource that it undoes.
	Resource resource.Record
	// After are resources that came before the one to be undone. They are undone after it.
	After []resource.ID
	// Nothing says that there is nothing to undo, which is worth a note as well: once the
	// resource has been applied, nobody can tell any more.
	Nothing bool
	// Secret says that the resource to be undone had secrets, which the machine shows when it
	// is compared with the opposite.
	Secret bool
}

// A Store is a directory with a directory for each resource, which has its note.
type Store struct {
	base string
	name func(resource.ID) string
}

// NewStore returns the store in a directory, which is made when something is kept. name is the
// name of the directory of a resource.
func NewStore(base string, name func(resource.ID) string) *Store { return &Store{base, name} }

// fileName is what the note of a resource is called in its directory.
const fileName = "reverse"

func (s *Store) path(id resource.ID) string { return filepath.Join(s.base, s.name(id), fileName) }

// Has reports whether there is a note of the resource.
func (s *Store) Has(id resource.ID) (bool, error) {
	_, err := os.Lstat(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Keep stores a note. When it returns without an error the note outlives a loss of power.
func (s *Store) Keep(n Note) error {
	path := s.path(n.Resource.ID)
	text, err := json.Marshal(toStored(n))
	if err == nil {
		err = makeDir(filepath.Dir(path))
	}
	if err == nil {
		err = replace(path, text)
	}
	if err != nil {
		return fmt.Errorf("keeping what undoes %s: %w", n.Resource.ID, err)
	}
	return nil
}

// Load returns the note of a resource, or nil if there is none.
func (s *Store) Load(id resource.ID) (*Note, error) {
	n, err := load(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && n.Resource.ID != id {
		err = fmt.Errorf("%s is about %s", s.path(id), n.Resource.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what undoes %s: %w", id, err)
	}
	return n, nil
}

// Drop removes the note of a resource, if there is one.
func (s *Store) Drop(id resource.ID) error {
	path := s.path(id)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forgetting what undoes %s: %w", id, err)
	}
	dir := filepath.Dir(path)
	if err := syncDir(dir); err != nil {
		return err
	}
	_ = os.Remove(dir) // unless something else is in it
	return nil
}

// All returns every note. One that cannot be read does not keep the others back: the error
// says which it is, and it stays where it is.
func (s *Store) All() ([]Note, error) {
	dirs, err := os.ReadDir(s.base)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for what is to be undone: %w", err)
	}
	var out []Note
	var errs []error
	for _, d := range dirs {
		path := filepath.Join(s.base, d.Name(), fileName)
		n, err := load(path)
		if errors.Is(err, fs.ErrNotExist) || !d.IsDir() {
			continue
		}
		if err == nil && s.name(n.Resource.ID) != d.Name() {
			err = fmt.Errorf("%s is about %s, which has another directory", path, n.Resource.ID)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("reading what is to be undone: %w; remove the file if that is not wanted any more", err))
			continue
		}
		out = append(out, *n)
	}
	return out, errors.Join(errs...)
}

// stored is the form of a note in its file.
type stored struct {
	Version  int               `json:"version"`
	Resource resource.Record   `json:"resource"`
	After    []resource.Record `json:"after,omitempty"` // without parameters
	Nothing  bool              `json:"nothing,omitempty"`
	Secret   bool              `json:"secret,omitempty"`
}

const version = 1

func toStored(n Note) stored {
	out := stored{Version: version, Resource: n.Resource, Nothing: n.Nothing, Secret: n.Secret}
	for _, id := range n.After {
		out.After = append(out.After, resource.Record{ID: id})
	}
	return out
}

func load(path string) (*Note, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var in stored
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if in.Version != version {
		return nil, fmt.Errorf("%s has version %d of its format; this agent knows version %d", path, in.Version, version)
	}
	n := &Note{Resource: in.Resource, Nothing: in.Nothing, Secret: in.Secret}
	for _, r := range in.After {
		n.After = append(n.After, r.ID)
	}
	return n, nil
}

// replace puts a file in place as a whole, and on the disk.
func replace(path string, text []byte) (err error) {
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// makeDir makes a directory and those above it, on the disk.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	if err := makeDir(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o775); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(above)
}

// syncDir sees to it that the names in a directory are on the disk. On Windows the file system
// does that by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
