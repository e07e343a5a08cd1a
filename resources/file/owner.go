package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"sync"
	"time"

	"mgmt/resource"
)

// fileType says which attributes of a path are compared.
type fileType uint8

const (
	typeOfFile fileType = iota
	typeOfDir
	typeOfLink // has an owner, but no mode of its own
)

// ownership compares owner, group, mode and SELinux context of what is there. What is about
// to be made gets them as it is made.
func (l *lookup) ownership(t fileType) error {
	if l.info == nil {
		return nil
	}
	r := l.r
	uid, gid, err := r.wantedOwner()
	if err != nil {
		return err
	}
	haveUID, haveGID := ownerOf(l.info)
	rewritten := len(r.steps) > 0 && t == typeOfFile // the new file has its owner already
	if uid >= 0 && uid != haveUID {
		l.attribute("owner", userName(haveUID), r.Owner, rewritten, func() error { return os.Lchown(r.path, uid, -1) })
	}
	if gid >= 0 && gid != haveGID {
		l.attribute("group", groupName(haveGID), r.Group, rewritten, func() error { return os.Lchown(r.path, -1, gid) })
	}
	if r.mode != nil && t != typeOfLink {
		have := l.info.Mode() & modeBits
		want := r.mode.apply(have)
		// A change of the owner takes away setuid and setgid.
		lost := len(l.changes) > 0 && want&(fs.ModeSetuid|fs.ModeSetgid) != 0
		if have != want {
			l.attribute("mode", showMode(have), showMode(want), rewritten, func() error { return os.Chmod(r.path, want) })
		} else if lost && !rewritten {
			r.steps = append(r.steps, func(context.Context) error { return os.Chmod(r.path, want) })
		}
	}
	if r.SELinux != nil {
		return l.selinux()
	}
	return nil
}

func (l *lookup) attribute(param, old, new string, done bool, set func() error) {
	var s step
	if !done {
		s = func(context.Context) error { return moved(set()) }
	}
	l.differ(resource.Change{Param: param, Old: old, New: new}, s)
}

func (l *lookup) selinux() error {
	r := l.r
	have, err := selinuxContext(r.path)
	if errors.Is(err, fs.ErrNotExist) { // it is about to be made
		have, err = "", nil
	}
	if err != nil {
		return fmt.Errorf("reading the SELinux context of %s: %w", r.path, err)
	}
	if want := *r.SELinux; have != want {
		l.differ(resource.Change{Param: "selinux", Old: have, New: want}, func(context.Context) error {
			return setSELinuxContext(r.path, want)
		})
	}
	return nil
}

// wantedOwner returns the numbers of owner and group, -1 where none is given.
func (r *Resource) wantedOwner() (uid, gid int, err error) {
	uid, gid = -1, -1
	if r.Owner != "" {
		if uid, err = accounts.lookup("user", r.Owner); err != nil {
			return 0, 0, err
		}
	}
	if r.Group != "" {
		if gid, err = accounts.lookup("group", r.Group); err != nil {
			return 0, 0, err
		}
	}
	return uid, gid, nil
}

// accounts remembers the numbers of names until the files of accounts change.
var accounts = accountCache{ids: map[[2]string]int{}}

type accountCache struct {
	mu     sync.Mutex // guards all below
	passwd time.Time  // when the files were written
	group  time.Time
	ids    map[[2]string]int
}

func written(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (c *accountCache) lookup(what, name string) (int, error) {
	if n, err := strconv.Atoi(name); err == nil && n >= 0 {
		return n, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, g := written("/etc/passwd"), written("/etc/group"); p != c.passwd || g != c.group {
		c.passwd, c.group = p, g
		clear(c.ids)
	}
	key := [2]string{what, name}
	if id, ok := c.ids[key]; ok {
		return id, nil
	}
	id, err := lookupAccount(what, name)
	if err != nil {
		return 0, fmt.Errorf("there is no %s %q on this machine", what, name)
	}
	c.ids[key] = id
	return id, nil
}

func lookupAccount(what, name string) (int, error) {
	if what == "user" {
		u, err := user.Lookup(name)
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(u.Uid)
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(g.Gid)
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

func groupName(gid int) string {
	if g, err := user.LookupGroupId(strconv.Itoa(gid)); err == nil {
		return g.Name
	}
	return strconv.Itoa(gid)
}
