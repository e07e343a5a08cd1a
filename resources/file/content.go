package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mgmt/resource"
)

// A wanted is the content that a file should have.
type wanted interface {
	// open returns the content and its size.
	open() (io.ReadCloser, int64, error)
	describe() string
	diff(path string) func() string // of a new file with this content
	// stamp identifies the content as far as that can be told without reading it.
	stamp() string
}

// wanted returns the content that is asked for, or nil.
func (r *Resource) wanted() (wanted, error) {
	switch {
	case r.Content != nil:
		return text(*r.Content), nil
	case r.Source != "":
		return newCopyOf([]string{r.Source})
	case len(r.Fragments) > 0:
		files, err := fragmentFiles(r.Fragments)
		if err != nil {
			return nil, err
		}
		return newCopyOf(files)
	}
	return nil, nil
}

// text is content that stands in the program.
type text string

func (t text) open() (io.ReadCloser, int64, error) {
	return io.NopCloser(strings.NewReader(string(t))), int64(len(t)), nil
}

func (t text) describe() string { return size(int64(len(t))) }
func (t text) stamp() string    { return string(t) }

func (t text) diff(path string) func() string {
	return func() string { return resource.Diff(path, "", string(t)) }
}

// copyOf is content put together from files.
type copyOf struct {
	files []string
	infos []fs.FileInfo
}

func newCopyOf(files []string) (*copyOf, error) {
	c := &copyOf{files: files}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return nil, fmt.Errorf("reading the source: %w", err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("the source %s is a %s and not a file", f, typeName(info.Mode()))
		}
		c.infos = append(c.infos, info)
	}
	return c, nil
}

// fragmentFiles lists the files of fragments; of a directory its files by name.
func fragmentFiles(fragments []string) ([]string, error) {
	var out []string
	for _, f := range fragments {
		if !strings.HasSuffix(f, "/") {
			out = append(out, f)
			continue
		}
		list, err := names(f)
		if err != nil {
			return nil, fmt.Errorf("reading the fragments: %w", err)
		}
		for _, e := range list {
			info, err := os.Stat(filepath.Join(f, e.Name()))
			if err == nil && info.Mode().IsRegular() {
				out = append(out, filepath.Join(f, e.Name()))
			}
		}
	}
	return out, nil
}

func (c *copyOf) size() int64 {
	var n int64
	for _, i := range c.infos {
		n += i.Size()
	}
	return n
}

func (c *copyOf) describe() string {
	if len(c.files) == 1 {
		return size(c.size()) + " from " + c.files[0]
	}
	return fmt.Sprintf("%s from %d files", size(c.size()), len(c.files))
}

func (c *copyOf) stamp() string {
	var b strings.Builder
	for i, info := range c.infos {
		fmt.Fprintf(&b, "%s %v\n", c.files[i], signatureOf(info))
	}
	return b.String()
}

func (c *copyOf) diff(string) func() string { return nil }

func (c *copyOf) open() (io.ReadCloser, int64, error) {
	m := &multiFile{}
	for _, name := range c.files {
		f, err := os.Open(name)
		if err != nil {
			m.Close()
			return nil, 0, fmt.Errorf("reading the source: %w", err)
		}
		m.files = append(m.files, f)
	}
	readers := make([]io.Reader, len(m.files))
	for i, f := range m.files {
		readers[i] = f
	}
	m.Reader = io.MultiReader(readers...)
	return m, c.size(), nil
}

// A multiFile reads several files one after the other.
type multiFile struct {
	io.Reader
	files []*os.File
}

func (m *multiFile) Close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// A signature changes whenever a file is written or replaced.
type signature struct {
	size  int64
	mtime time.Time
	id    fileID
}

func signatureOf(info fs.FileInfo) signature {
	return signature{info.Size(), info.ModTime(), idOf(info)}
}

// known is the outcome of a comparison, which holds as long as neither side changes.
type known struct {
	file  signature
	stamp string
}

// settleTime is how old a file has to be for its signature to be trusted: a later write
// within the same tick of the clock would not change it.
const settleTime = 20 * time.Millisecond

// sameContent compares the file with what is wanted. Sizes are compared first, and a
// comparison that came out equal is remembered.
func (r *Resource) sameContent(ctx context.Context, info fs.FileInfo, want wanted) (bool, error) {
	sig, stamp := signatureOf(info), want.stamp()
	if r.known.stamp == stamp && r.known.file == sig && stamp != "" {
		return true, nil
	}
	same, err := compareFile(ctx, r.path, info, want)
	if same && err == nil && time.Since(info.ModTime()) > settleTime {
		r.known = known{sig, stamp}
	}
	return same, err
}

// compareFile reads both sides side by side, in constant memory.
func compareFile(ctx context.Context, path string, info fs.FileInfo, want wanted) (bool, error) {
	if t, ok := want.(text); ok {
		return compareText(path, info, string(t))
	}
	w, n, err := want.open()
	if err != nil {
		return false, err
	}
	defer w.Close()
	if n != info.Size() {
		return false, nil
	}
	f, err := openFile(path)
	if err != nil {
		return false, moved(err)
	}
	defer f.Close()
	return equalReaders(ctx, f, w)
}

// compareText compares a file with a text that is in memory anyway.
func compareText(path string, info fs.FileInfo, want string) (bool, error) {
	if info.Size() != int64(len(want)) {
		return false, nil
	}
	f, err := openFile(path)
	if err != nil {
		return false, moved(err)
	}
	defer f.Close()
	buf := buffers.Get().(*[chunk]byte)
	defer buffers.Put(buf)
	for {
		n, err := f.Read(buf[:min(len(buf), len(want)+1)])
		if n > len(want) || string(buf[:n]) != want[:n] {
			return false, nil
		}
		want = want[n:]
		switch {
		case err == io.EOF:
			return want == "", nil
		case err != nil:
			return false, err
		}
	}
}

// chunk is how much of a file is in memory at a time.
const chunk = 64 << 10

var buffers = sync.Pool{New: func() any { return new([chunk]byte) }}

func equalReaders(ctx context.Context, a, b io.Reader) (bool, error) {
	left, right := buffers.Get().(*[chunk]byte), buffers.Get().(*[chunk]byte)
	defer buffers.Put(left)
	defer buffers.Put(right)
	x, y := left[:], right[:]
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		endA, endB := ended(errA), ended(errB)
		switch {
		case endA && endB:
			return true, nil
		case errA != nil && !endA:
			return false, errA
		case errB != nil && !endB:
			return false, errB
		case endA != endB:
			return false, nil
		}
	}
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// maxDiff bounds what is read to tell how much differs.
const maxDiff = 256 << 10

// contentChange describes a difference of the content.
func (r *Resource) contentChange(want wanted, info fs.FileInfo) resource.Change {
	c := resource.Change{Param: "content", Note: fmt.Sprintf("%s → %s", size(info.Size()), want.describe())}
	if _, ok := want.(*copyOf); ok {
		c.Param = "source"
		if len(r.Fragments) > 0 {
			c.Param = "fragments"
		}
	}
	w, n, err := want.open()
	if err != nil {
		return c
	}
	defer w.Close()
	if n > maxDiff || info.Size() > maxDiff {
		return c
	}
	have, err := os.ReadFile(r.path)
	if err != nil {
		return c
	}
	next, err := io.ReadAll(io.LimitReader(w, maxDiff+1))
	if err != nil {
		return c
	}
	if s := resource.DiffSummary(string(have), string(next)); s != "" {
		c.Note = s
	}
	c.Diff = func() string { return resource.Diff(r.path, string(have), string(next)) }
	return c
}

// size prints a number of bytes for people.
func size(n int64) string {
	switch {
	case n == 1:
		return "1 byte"
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
