package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mgmt/resource"
)

// mirror compares a directory with its source: directories are made, files and links copied,
// and what the source does not have is removed, but for what other resources manage. With
// purge and no source, everything else is removed.
func (l *lookup) mirror() error {
	r := l.r
	t := &tree{l: l}
	source := strings.TrimSuffix(r.Source, "/")
	if err := t.compare(source, r.path, l.info != nil); err != nil {
		return err
	}
	if t.copied > 0 {
		l.changes = append(l.changes, resource.Change{Param: "source", Note: entries(t.copied) + " copied"})
	}
	if t.removed > 0 {
		param := "source"
		if r.Purge {
			param = "purge"
		}
		l.changes = append(l.changes, resource.Change{Param: param, Note: entries(t.removed) + " removed"})
	}
	return nil
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// A tree is a comparison of two directories.
type tree struct {
	l               *lookup
	copied, removed int
}

func (t *tree) plan(s step) { t.l.r.steps = append(t.l.r.steps, s) }

// compare compares the directory to with the directory from, which is "" if there is nothing
// to copy. there says that to exists.
func (t *tree) compare(from, to string, there bool) error {
	if err := t.l.ctx.Err(); err != nil {
		return err
	}
	wanted := map[string]bool{}
	if from != "" {
		list, err := names(from)
		if err != nil {
			return fmt.Errorf("reading the source: %w", err)
		}
		for _, e := range list {
			wanted[e.Name()] = true
			if err := t.entry(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()), there); err != nil {
				return err
			}
		}
	}
	if !there {
		return nil
	}
	return t.strays(to, wanted)
}

// entry compares one entry of the source with its copy.
func (t *tree) entry(from, to string, dirThere bool) error {
	if itself, _ := t.l.r.index.managed(to); itself {
		return nil // another resource says what is there
	}
	src, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return errMoved
	}
	if err != nil {
		return fmt.Errorf("reading the source: %w", err)
	}
	var dst fs.FileInfo
	if dirThere {
		dst, err = os.Lstat(to)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if dst != nil && dst.Mode().Type() != src.Mode().Type() {
		if !t.l.r.Force {
			return fmt.Errorf("%s is a %s, and its source is a %s; force => true replaces it", to, typeName(dst.Mode()), typeName(src.Mode()))
		}
		t.plan(func(context.Context) error { return os.RemoveAll(to) })
		dst = nil
	}
	switch {
	case src.IsDir():
		if dst == nil {
			t.copied++
			mode := src.Mode().Perm()
			t.plan(func(context.Context) error { return makeCopyDir(to, mode) })
		}
		return t.compare(from, to, dst != nil)
	case src.Mode()&fs.ModeSymlink != 0:
		return t.link(from, to, dst)
	case src.Mode().IsRegular():
		return t.file(from, to, dst)
	}
	return nil // devices, sockets and pipes are not copied
}

func makeCopyDir(path string, mode fs.FileMode) error {
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(path, mode)
}

func (t *tree) link(from, to string, dst fs.FileInfo) error {
	target, err := os.Readlink(from)
	if err != nil {
		return moved(err)
	}
	if dst != nil {
		if have, err := os.Readlink(to); err == nil && have == target {
			return nil
		}
	}
	t.copied++
	t.plan(func(context.Context) error { return writeLink(to, target) })
	return nil
}

func (t *tree) file(from, to string, dst fs.FileInfo) error {
	want, err := newCopyOf([]string{from})
	if err != nil {
		return moved(err)
	}
	mode := want.infos[0].Mode() & modeBits
	if dst != nil {
		same, err := compareFile(t.l.ctx, to, dst, want)
		if err != nil || same {
			return err
		}
		mode = dst.Mode() & modeBits
	}
	t.copied++
	t.plan(func(ctx context.Context) error {
		content, _, err := want.open()
		if err != nil {
			return err
		}
		defer content.Close()
		return replaceFile(ctx, to, content, mode, -1, -1)
	})
	return nil
}

// strays removes what is not wanted from a directory. What other resources manage stays, and
// so do the directories that lead there; these are searched for strays too.
func (t *tree) strays(dir string, wanted map[string]bool) error {
	list, err := names(dir)
	if err != nil {
		return moved(err)
	}
	for _, e := range list {
		path := filepath.Join(dir, e.Name())
		if wanted[e.Name()] || isTemp(e.Name()) {
			continue
		}
		itself, below := t.l.r.index.managed(path)
		switch {
		case itself:
		case below && e.IsDir():
			if err := t.strays(path, nil); err != nil {
				return err
			}
		default:
			t.removed++
			t.plan(func(context.Context) error { return os.RemoveAll(path) })
		}
	}
	return nil
}
