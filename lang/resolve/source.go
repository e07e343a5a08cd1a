package resolve

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
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
	return os.ReadFile(name)
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
