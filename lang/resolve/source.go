package resolve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"mgmt/lang/syntax"
)

// A Source is where the files of programs are read from. Paths are separated by slashes.
type Source interface {
	// ReadFile returns the content of a file. A missing one is fs.ErrNotExist.
	ReadFile(path string) ([]byte, error)
}

// Dir is a directory of the machine as a Source; relative paths start there. Programs that
// an operator runs may import from anywhere that the operator may read.
type Dir string

// ReadFile implements Source.
func (d Dir) ReadFile(name string) ([]byte, error) {
	name = filepath.FromSlash(name)
	if !filepath.IsAbs(name) {
		name = filepath.Join(string(d), name)
	}
	if err := readable(name); err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return os.ReadFile(name)
}

// readable refuses what may have no end, or none before somebody writes.
func readable(name string) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil // reading says more
	case info.Mode()&(fs.ModeDevice|fs.ModeNamedPipe|fs.ModeSocket) != 0:
		return errors.New("is no file, but a device or a pipe")
	case info.Size() > syntax.MaxFile:
		return fmt.Errorf("has %d MiB; the limit is %d MiB", info.Size()>>20, syntax.MaxFile>>20)
	}
	return nil
}

// FS is a file system as a Source: paths cannot leave it.
type FS struct{ fs.FS }

// ReadFile implements Source.
func (f FS) ReadFile(name string) ([]byte, error) {
	clean := path.Clean(name)
	if !fs.ValidPath(clean) {
		return nil, fmt.Errorf("%s lies outside of the files of the program", name)
	}
	return fs.ReadFile(f.FS, clean)
}
