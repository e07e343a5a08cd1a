package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mgmt/resource"
)

// maxKept is the size up to which a file is kept to be brought back.
const maxKept = 64 << 20

// Reversed returns the opposite: what there was before comes back.
//
// What was not there is removed. So is a file or link with state => "exists" that was already
// what it should be, since an earlier run may well have made it; a directory like that stays.
// Directories that were made go if there is nothing else in them.
func (r *Resource) Reversed() (resource.Resource, error) {
	if r.dir && (r.Source != "" || r.Purge) {
		return nil, errors.New("a directory with source or purge cannot be undone, as nobody keeps what was in it; leave out Meta:reverse")
	}
	info, err := os.Lstat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return r.reversedNothing(), nil
	}
	if err != nil {
		return nil, err
	}
	opposite := &Resource{Path: r.path, State: exists, Force: typeName(info.Mode()) != r.typeName()}
	switch {
	case r.State == absent || opposite.Force:
		err = opposite.keep(info)
	case r.dir:
		opposite.Path += "/"
	default:
		var same bool
		if same, err = r.finished(info); same {
			return &Resource{Path: r.path, State: absent}, err
		}
		if r.Symlink || r.Content != nil || r.Source != "" || len(r.Fragments) > 0 {
			err = opposite.keepContent(info)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := r.keepAttributes(opposite, info); err != nil {
		return nil, err
	}
	if opposite.asksNothing() {
		return nil, nil
	}
	return opposite, nil
}

// asksNothing reports whether the resource wants no more of what is there than that it is.
func (r *Resource) asksNothing() bool {
	return !r.Force && r.Content == nil && !r.Symlink && r.Owner == "" && r.Group == "" && r.Mode == "" && r.SELinux == nil
}

// typeName says what the path shall be.
func (r *Resource) typeName() string {
	switch {
	case r.Symlink:
		return "symbolic link"
	case r.dir:
		return "directory"
	}
	return "file"
}

// reversedNothing returns the opposite where nothing was.
func (r *Resource) reversedNothing() resource.Resource {
	switch {
	case r.State != exists:
		return nil
	case !r.dir:
		return &Resource{Path: r.path, State: absent}
	}
	made := r.path
	for above := filepath.Dir(made); r.Recurse && above != made; above = filepath.Dir(above) {
		if _, err := os.Lstat(above); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		made = above
	}
	return &Resource{Path: r.path + "/", State: absent, Made: made}
}

// finished reports whether what is there is what the resource would have made from nothing.
func (r *Resource) finished(info fs.FileInfo) (bool, error) {
	if r.State != exists {
		return false, nil
	}
	if r.Symlink {
		target, err := os.Readlink(r.path)
		return target == r.Source, err
	}
	want, err := r.wanted()
	if err != nil || want == nil {
		return info.Size() == 0, err
	}
	return compareFile(context.Background(), r.path, info, want)
}

// keep has r bring back what is there, as a whole.
func (r *Resource) keep(info fs.FileInfo) error {
	r.Mode = showMode(info.Mode() & modeBits)
	r.Owner, r.Group = owners(info)
	if !info.IsDir() {
		return r.keepContent(info)
	}
	list, err := names(r.Path)
	if err == nil && len(list) > 0 {
		return fmt.Errorf("the directory %s is not empty, and what is in it could not be brought back; leave out Meta:reverse", r.Path)
	}
	r.Path += "/"
	return err
}

// keepContent has r bring back the content of the file or the target of the link.
func (r *Resource) keepContent(info fs.FileInfo) (err error) {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		r.Symlink, r.Mode = true, ""
		r.Source, err = os.Readlink(r.Path)
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is a %s, which could not be brought back; leave out Meta:reverse", r.Path, typeName(info.Mode()))
	}
	f, err := openFile(r.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKept+1))
	if err == nil && len(text) > maxKept {
		err = fmt.Errorf("%s is larger than %s, and so is not kept to be brought back; leave out Meta:reverse", r.Path, size(maxKept))
	}
	content := string(text)
	r.Content = &content
	return err
}

// keepAttributes has the opposite bring back the attributes that r gives.
func (r *Resource) keepAttributes(opposite *Resource, info fs.FileInfo) (err error) {
	owner, group := owners(info)
	if r.Owner != "" {
		opposite.Owner = owner
	}
	if r.Group != "" {
		opposite.Group = group
	}
	if r.Mode != "" && !opposite.Symlink {
		opposite.Mode = showMode(info.Mode() & modeBits)
	}
	if r.SELinux != nil {
		have, err := selinuxContext(r.path)
		if err != nil {
			return fmt.Errorf("reading the SELinux context of %s: %w", r.path, err)
		}
		opposite.SELinux = &have
	}
	return nil
}

// owners returns the numbers of owner and group as parameters, empty where there are none.
func owners(info fs.FileInfo) (owner, group string) {
	uid, gid := ownerOf(info)
	return number(uid), number(gid)
}

func number(id int) string {
	if id < 0 {
		return ""
	}
	return strconv.Itoa(id)
}

// unmade compares directories that were made with their absence: those that are empty are
// removed, from the path upwards.
func (l *lookup) unmade() error {
	r := l.r
	if l.info == nil || !l.info.IsDir() {
		return nil
	}
	list, err := names(r.path)
	if err != nil {
		return moved(err)
	}
	if len(list) > 0 {
		l.differ(resource.Change{Param: "state", Note: "kept, as there is something in it"}, nil)
		return nil
	}
	l.differ(resource.Change{Param: "state", Note: "removed (directory)"}, func(context.Context) error {
		for dir := r.path; strings.HasPrefix(dir, r.Made); dir = filepath.Dir(dir) {
			err := os.Remove(dir)
			if isNotEmpty(err) {
				return nil
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
	return nil
}
