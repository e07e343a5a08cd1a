package bundle

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A File is one file of a tree.
type File struct {
	Path       string // from the root of the tree, separated by slashes
	Executable bool
	Size       int64
	Chunks     []Hash // all but the last have ChunkSize bytes
}

// Mode returns the permissions of the file: a bundle knows two.
func (f File) Mode() fs.FileMode {
	if f.Executable {
		return 0o755
	}
	return 0o644
}

// chunkSize returns how many bytes a chunk of the file has.
func (f File) chunkSize(i int) int { return int(min(f.Size-int64(i)*ChunkSize, ChunkSize)) }

func (f File) equal(other File) bool {
	return f.Executable == other.Executable && f.Size == other.Size && slices.Equal(f.Chunks, other.Chunks)
}

// A Tree is the files of a bundle, sorted by path.
type Tree []File

// Limits bound what a tree may make an agent store.
type Limits struct {
	Files int   // how many files
	Size  int64 // bytes of all files together
	Text  int   // bytes of the text of the tree
}

// DefaultLimits are those of deploys.
var DefaultLimits = Limits{Files: 20_000, Size: 64 << 20, Text: 4 << 20}

// longest is how many bytes a path may have.
const longest = 1024

// header begins the text of a tree, and says how to read it.
const header = "mgmt-tree 1\n"

// Text returns the text of the tree: a line for each file, with its mode, size, path and chunks.
func (t Tree) Text() []byte {
	out := []byte(header)
	for _, f := range t {
		out = fmt.Appendf(out, "%04o %d %s", f.Mode(), f.Size, f.Path)
		for _, h := range f.Chunks {
			out = append(out, '\t')
			out = append(out, h.String()...)
		}
		out = append(out, '\n')
	}
	return out
}

// Hash names the tree and all that is in it.
func (t Tree) Hash() Hash { return Sum(t.Text()) }

// Size returns how many bytes the files have together.
func (t Tree) Size() (size int64) {
	for _, f := range t {
		size += f.Size
	}
	return size
}

// Chunks lists the chunks of all files, each once, in the order in which files need them.
func (t Tree) Chunks() []Hash {
	var out []Hash
	seen := map[Hash]bool{}
	for _, f := range t {
		for _, h := range f.Chunks {
			if !seen[h] {
				seen[h] = true
				out = append(out, h)
			}
		}
	}
	return out
}

// ParseTree reads the text of a tree. It takes no other form than the one that Text has.
func ParseTree(text []byte, limits Limits) (Tree, error) {
	if len(text) > limits.Text {
		return nil, fmt.Errorf("the tree of files has %d bytes; the limit is %d", len(text), limits.Text)
	}
	lines, ok := bytes.CutPrefix(text, []byte(header))
	if !ok {
		return nil, fmt.Errorf("this is no tree of files: it does not begin with %q", strings.TrimSpace(header))
	}
	var t Tree
	for line := range bytes.Lines(lines) {
		if len(t) == limits.Files {
			return nil, fmt.Errorf("the tree has more than %d files", limits.Files)
		}
		f, err := parseFile(string(line))
		if err != nil {
			return nil, fmt.Errorf("line %d of the tree: %w", len(t)+2, err)
		}
		t = append(t, f)
	}
	if err := t.Check(limits); err != nil {
		return nil, err
	}
	if !bytes.Equal(t.Text(), text) {
		return nil, fmt.Errorf("the tree is not written in its one form")
	}
	return t, nil
}

func parseFile(line string) (File, error) {
	line, ok := strings.CutSuffix(line, "\n")
	fields := strings.Split(line, "\t")
	head := strings.SplitN(fields[0], " ", 3)
	if !ok || len(head) != 3 {
		return File{}, fmt.Errorf("%.80q is not mode, size, path and chunks", line)
	}
	f := File{Path: head[2], Executable: head[0] == "0755"}
	var err error
	if f.Size, err = strconv.ParseInt(head[1], 10, 64); err != nil {
		return File{}, fmt.Errorf("%.80q is no size", head[1])
	}
	for _, s := range fields[1:] {
		h, err := ParseHash(s)
		if err != nil {
			return File{}, err
		}
		f.Chunks = append(f.Chunks, h)
	}
	return f, nil
}

// Check reports what is wrong with a tree.
func (t Tree) Check(limits Limits) error {
	if len(t) > limits.Files {
		return fmt.Errorf("there are %d files; the limit is %d", len(t), limits.Files)
	}
	var size int64
	names := make(map[string]bool, len(t))
	for i, f := range t {
		if err := checkFile(f); err != nil {
			return err
		}
		if i > 0 && t[i-1].Path >= f.Path {
			return fmt.Errorf("%q follows %q in the tree; files are sorted by path, and none comes twice", f.Path, t[i-1].Path)
		}
		if size += f.Size; size > limits.Size {
			return fmt.Errorf("the files have more than %d MiB together, the limit: with %q it is exceeded", limits.Size>>20, f.Path)
		}
		names[f.Path] = true
	}
	for _, f := range t {
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if names[dir] {
				return fmt.Errorf("%q is a file, and cannot be the directory of %q", dir, f.Path)
			}
		}
	}
	return nil
}

func checkFile(f File) error {
	if err := CheckPath(f.Path); err != nil {
		return err
	}
	want := (f.Size + ChunkSize - 1) / ChunkSize
	if f.Size < 0 || f.Size > 1<<40 || int64(len(f.Chunks)) != want {
		return fmt.Errorf("%q has %d bytes in %d chunks; that cannot be", f.Path, f.Size, len(f.Chunks))
	}
	return nil
}

// CheckPath reports why a file of a tree cannot have a path.
func CheckPath(name string) error {
	switch {
	case len(name) > longest:
		return fmt.Errorf("the path %.40q… has %d bytes; the limit is %d", name, len(name), longest)
	case name == "." || !fs.ValidPath(name):
		return fmt.Errorf("the path %q is refused: it has to lie below the root of the tree and to have no element that is empty, . or .. in it", name)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.Contains(name, `\`):
		return fmt.Errorf("the path %q is refused: it has control characters or backslashes", name)
	}
	return nil
}

// A Difference is how a file of one tree differs from that of another.
type Difference struct {
	Path     string
	Old, New *File // nil where there is none
}

// Diff lists what changes from one tree to the next, by path.
func Diff(from, to Tree) []Difference {
	var out []Difference
	for len(from) > 0 || len(to) > 0 {
		switch {
		case len(to) == 0 || len(from) > 0 && from[0].Path < to[0].Path:
			out = append(out, Difference{from[0].Path, &from[0], nil})
			from = from[1:]
		case len(from) == 0 || to[0].Path < from[0].Path:
			out = append(out, Difference{to[0].Path, nil, &to[0]})
			to = to[1:]
		default:
			if !from[0].equal(to[0]) {
				out = append(out, Difference{from[0].Path, &from[0], &to[0]})
			}
			from, to = from[1:], to[1:]
		}
	}
	return out
}
