package bundle

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Builder collects files. The zero value is ready to use.
type Builder struct {
	// Limits bound what it takes; the default is DefaultLimits.
	Limits Limits

	files map[string]input
	size  int64
}

type input struct {
	content    []byte
	executable bool
}

// Add takes a file. The same one may come again, but not another one of the same path.
func (b *Builder) Add(name string, content []byte, executable bool) error {
	b.Limits = cmp.Or(b.Limits, DefaultLimits)
	if err := CheckPath(name); err != nil {
		return err
	}
	if old, ok := b.files[name]; ok {
		if old.executable == executable && bytes.Equal(old.content, content) {
			return nil
		}
		return fmt.Errorf("two different files would be %q", name)
	}
	if b.size += int64(len(content)); b.size > b.Limits.Size {
		return fmt.Errorf("the files have more than %d MiB together, the limit: with %q it is exceeded", b.Limits.Size>>20, name)
	}
	if b.files == nil {
		b.files = map[string]input{}
	}
	b.files[name] = input{content, executable}
	return nil
}

// AddDir takes all files below a directory, as files below prefix. What git keeps for itself is
// left out.
func (b *Builder) AddDir(prefix string, dir fs.FS) error {
	return fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case !utf8.ValidString(name):
			return fmt.Errorf("pack %q: the name is not in UTF-8; rename it", path.Join(prefix, name))
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir(), d.Name() == ".git": // the file of a submodule or another worktree names a directory
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			return &fs.PathError{Op: "pack", Path: path.Join(prefix, name), Err: errors.New("it is a link; only files and directories travel, so put there what it leads to")}
		case !d.Type().IsRegular():
			return &fs.PathError{Op: "pack", Path: path.Join(prefix, name), Err: fmt.Errorf("it is a pipe, a socket or a device; only files and directories travel")}
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		return b.Add(path.Join(prefix, name), content, info.Mode()&0o111 != 0)
	})
}

// Has reports whether there is a file of that path, or one below it.
func (b *Builder) Has(name string) bool {
	for file := range b.files {
		if file == name || strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}

// Bundle returns the files packed. The same files make the same tree, in whatever order they came.
func (b *Builder) Bundle() (*Bundle, error) {
	b.Limits = cmp.Or(b.Limits, DefaultLimits)
	out := &Bundle{Tree: make(Tree, 0, len(b.files)), Blobs: map[Hash]Blob{}}
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		in := b.files[name]
		f := File{Path: name, Executable: in.executable, Size: int64(len(in.content))}
		for chunk := range slices.Chunk(in.content, ChunkSize) {
			h := Sum(chunk)
			f.Chunks = append(f.Chunks, h)
			if out.Blobs[h] == nil {
				out.Blobs[h] = compress(chunk)
			}
		}
		out.Tree = append(out.Tree, f)
	}
	if err := out.Tree.Check(b.Limits); err != nil {
		return nil, err
	}
	return out, nil
}
