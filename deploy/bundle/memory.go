package bundle

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// FS unpacks the files into memory.
func (b *Bundle) FS() (fs.FS, error) {
	m := memory{".": {name: "."}}
	for _, f := range b.Tree {
		content, err := b.Content(f)
		if err != nil {
			return nil, err
		}
		m.add(f.Path, &node{name: path.Base(f.Path), mode: f.Mode(), content: content})
	}
	for _, n := range m {
		slices.SortFunc(n.children, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return m, nil
}

// A memory is a file system that does not change: its files and directories by path.
type memory map[string]*node

// add enters a file, and the directories above it.
func (m memory) add(name string, n *node) {
	m[name] = n
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		parent, ok := m[dir]
		if !ok {
			parent = &node{name: path.Base(dir)}
			m[dir] = parent
		}
		parent.children = append(parent.children, fs.FileInfoToDirEntry(info{n}))
		if ok {
			return
		}
		n = parent
	}
}

// A node is a file, or a directory where the mode is 0.
type node struct {
	name     string
	mode     fs.FileMode
	content  []byte
	children []fs.DirEntry
}

func (m memory) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if n := m[name]; n != nil {
		return n, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open implements fs.FS.
func (m memory) Open(name string) (fs.File, error) {
	n, err := m.find("open", name)
	switch {
	case err != nil:
		return nil, err
	case n.mode == 0:
		return &directory{node: n, left: n.children}, nil
	}
	return &file{n, bytes.NewReader(n.content)}, nil
}

// ReadFile implements fs.ReadFileFS.
func (m memory) ReadFile(name string) ([]byte, error) {
	n, err := m.find("read", name)
	if err == nil && n.mode == 0 {
		err = &fs.PathError{Op: "read", Path: name, Err: errIsDirectory}
	}
	if err != nil {
		return nil, err
	}
	return slices.Clone(n.content), nil
}

// Stat implements fs.StatFS.
func (m memory) Stat(name string) (fs.FileInfo, error) {
	n, err := m.find("stat", name)
	if err != nil {
		return nil, err
	}
	return info{n}, nil
}

// An info is what Stat tells of a node. There are no times: they would differ from host to host.
type info struct{ n *node }

func (i info) Name() string       { return i.n.name }
func (i info) Size() int64        { return int64(len(i.n.content)) }
func (i info) IsDir() bool        { return i.n.mode == 0 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	if i.n.mode == 0 {
		return fs.ModeDir | 0o755
	}
	return i.n.mode
}

// A file is one that is open.
type file struct {
	*node
	*bytes.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return info{f.node}, nil }
func (f *file) Close() error               { return nil }

// A directory is one that is open.
type directory struct {
	*node
	left []fs.DirEntry // not read yet
}

var errIsDirectory = errors.New("it is a directory")

func (d *directory) Stat() (fs.FileInfo, error) { return info{d.node}, nil }
func (d *directory) Close() error               { return nil }

func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: errIsDirectory}
}

// ReadDir implements fs.ReadDirFile.
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	switch {
	case n <= 0:
		n = len(d.left)
	case len(d.left) == 0:
		return nil, io.EOF
	}
	n = min(n, len(d.left))
	out := slices.Clone(d.left[:n])
	d.left = d.left[n:]
	return out, nil
}
