package file

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tempName returns where the new content of a path is put together. It depends on the path
// alone: what a killed agent left there is found and replaced by the next write.
func tempName(path string) string {
	dir, base := filepath.Split(path)
	name := "." + base + ".mgmt-new"
	if len(name) > 255 {
		h := fnv.New128a()
		io.WriteString(h, base)
		name = "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil)) + ".mgmt-new"
	}
	return dir + name
}

// write replaces the file at the path. old is what is there, or nil. The new file has its
// owner and mode before it takes the path.
func (r *Resource) write(ctx context.Context, want wanted, old fs.FileInfo) error {
	content, _, err := want.open()
	if err != nil {
		return err
	}
	defer content.Close()
	mode, uid, gid, err := r.newAttributes(want, old)
	if err != nil {
		return err
	}
	return replaceFile(ctx, r.path, content, mode, uid, gid)
}

// newAttributes returns mode and owner of a file that is about to be written: those that are
// asked for, else those of the file before, else the defaults (mode 0, owner -1).
func (r *Resource) newAttributes(want wanted, old fs.FileInfo) (mode fs.FileMode, uid, gid int, err error) {
	uid, gid, err = r.wantedOwner()
	if err != nil {
		return 0, 0, 0, err
	}
	base := defaultMode
	if c, ok := want.(*copyOf); ok && r.Source != "" {
		base = c.infos[0].Mode() & modeBits
		mode = base
	}
	if old != nil {
		base = old.Mode() & modeBits
		mode = base
		u, g := ownerOf(old)
		if uid < 0 && u != os.Geteuid() {
			uid = u
		}
		if gid < 0 && g != os.Getegid() {
			gid = g
		}
	}
	if r.mode != nil {
		mode = r.mode.apply(base)
	}
	return mode, uid, gid, nil
}

// replaceFile puts content at the path in one move. A mode of 0 stands for the default of the
// process, an owner of -1 for the process's own.
func replaceFile(ctx context.Context, path string, content io.Reader, mode fs.FileMode, uid, gid int) (err error) {
	temp := tempName(path)
	f, err := createTemp(temp, mode)
	if errors.Is(err, fs.ErrNotExist) {
		if _, e := os.Stat(filepath.Dir(path)); e != nil { // there are odd file systems
			return fmt.Errorf("the directory of %s is missing; it is waited for", path)
		}
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp)
		}
	}()
	if err := fill(ctx, f, content); err != nil {
		f.Close()
		return err
	}
	if uid >= 0 || gid >= 0 {
		if err := f.Chown(uid, gid); err != nil {
			f.Close()
			return err
		}
	}
	if mode != 0 {
		if err := f.Chmod(mode); err != nil {
			f.Close()
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := rename(temp, path); err != nil {
		if info, e := os.Lstat(path); e == nil && info.IsDir() {
			return errMoved
		}
		return err
	}
	return nil
}

// createTemp opens a new file. Until it is complete nobody else may read it, unless it will
// have the default mode anyway.
func createTemp(name string, mode fs.FileMode) (*os.File, error) {
	perm := fs.FileMode(0o600)
	if mode == 0 {
		perm = defaultMode
	}
	for range maxAttempts {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
		if err := os.RemoveAll(name); err != nil { // a killed agent left it
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s is made again and again by somebody else", name)
}

// defaultMode is what open(2) is asked for; the umask takes bits away.
const defaultMode = fs.FileMode(0o666)

// fill copies the content, and stops when ctx ends.
func fill(ctx context.Context, f *os.File, content io.Reader) error {
	buf := buffers.Get().(*[chunk]byte)
	defer buffers.Put(buf)
	_, err := io.CopyBuffer(onlyWriter{f}, &untilDone{ctx, content}, buf[:])
	return err
}

type onlyWriter struct{ io.Writer }

// untilDone reads until a context ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// writeLink puts a symbolic link at the path in one move.
func writeLink(path, target string) error {
	temp := tempName(path)
	if err := os.RemoveAll(temp); err != nil {
		return err
	}
	if err := os.Symlink(target, temp); err != nil {
		return err
	}
	if err := rename(temp, path); err != nil {
		os.Remove(temp)
		return err
	}
	return nil
}

// makeDir makes the directory of the path.
func (r *Resource) makeDir() error {
	mode := fs.FileMode(0o777)
	if r.mode != nil {
		mode = r.mode.apply(0)
	}
	var err error
	if r.Recurse {
		err = os.MkdirAll(r.path, mode.Perm())
	} else {
		err = os.Mkdir(r.path, mode.Perm())
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return errMoved
	case errors.Is(err, fs.ErrNotExist) && !r.Recurse:
		return fmt.Errorf("%w; recurse => true makes the directories before it", err)
	case err != nil:
		return err
	}
	uid, gid, err := r.wantedOwner()
	if err != nil {
		return err
	}
	if uid >= 0 || gid >= 0 {
		if err := os.Lchown(r.path, uid, gid); err != nil {
			return err
		}
	}
	if r.mode != nil { // the umask took bits away
		return os.Chmod(r.path, mode)
	}
	return nil
}

// isTemp reports whether an entry is a file that is being put together.
func isTemp(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".mgmt-new")
}
