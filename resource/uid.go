package resource

import (
	"context"
	"iter"
	"path"
	"strconv"
	"strings"
)

// A UID names something on the machine that resources of any kind may provide or need: a
// file, a package, a user. Automatic edges come of UIDs that are equal.
type UID struct {
	Type string // what Text is a name of: one of the types that the functions below give
	Text string
}

// String prints type:text.
func (u UID) String() string { return u.Type + ":" + u.Text }

// A Provider says what is on the machine on account of it. Provides is called after Validate,
// and before the resource is opened.
type Provider interface {
	Provides() []UID
}

// A Needer says what has to be on the machine before it can be made right, or what can only
// come after it. Needs is called after Validate and before the resource is opened, beside the
// engine, so it may ask the machine; an error refuses the delta.
type Needer interface {
	Needs(ctx context.Context) ([]Need, error)
}

// A Served resource is part of another one, its server, which makes it work: a page of a web server.
// Server returns the kind of that, which is the same for all resources of a kind, and its name;
// without a name it is the first one of the kind. The member comes before its server, is told
// which one it is by [Env], and is refused where there is none.
type Served interface {
	Server() (kind, name string)
}

// A Need is a wish for an edge between a resource and the first other one that provides what
// it names. What nobody provides is no error.
type Need struct {
	Of   UID
	Else []UID // what does instead while nobody provides Of, best first
	// Up has the nearest directory above do, where nobody provides a UID itself: its text
	// is a path.
	Up bool
	// Before has the resource come before the one that it found, rather than after it.
	Before bool
}

// All yields what would do, best first.
func (n Need) All() iter.Seq[UID] {
	return func(yield func(UID) bool) {
		if !n.alternatives(n.Of, yield) {
			return
		}
		for _, u := range n.Else {
			if !n.alternatives(u, yield) {
				return
			}
		}
	}
}

func (n Need) alternatives(u UID, yield func(UID) bool) bool {
	for {
		if !yield(u) {
			return false
		}
		if !n.Up || u.Text == "" || u.Text == "/" {
			return true
		}
		u.Text = Above(u.Text)
	}
}

// Above returns the directory that a clean absolute path lies in, with its final /. Nothing
// is above /.
func Above(p string) string {
	p = strings.TrimSuffix(p, "/")
	return p[:strings.LastIndexByte(p, '/')+1]
}

// FileUID is a file, or a directory if the path ends in /.
func FileUID(p string) UID { return UID{"file", cleanPath(p)} }

// MountUID is what is mounted on a directory.
func MountUID(dir string) UID { return UID{"mount", cleanPath(dir + "/")} }

// PkgUID is a package of the system.
func PkgUID(name string) UID { return UID{"pkg", name} }

// PkgFileUID is a package that brings a file.
func PkgFileUID(p string) UID { return UID{"pkg-file", cleanPath(p)} }

// SvcUID is a service, of the system or of the session of a user.
func SvcUID(name string, session bool) UID { return UID{scope("svc", session), name} }

// CronUID is a timer that starts a unit.
func CronUID(unit string, session bool) UID { return UID{scope("cron", session), unit} }

func scope(kind string, session bool) string {
	if session {
		return "session " + kind
	}
	return kind
}

// UserUID is a user, by name or by number. A resource that states both provides both.
func UserUID(account string) UID { return accountUID("user", account) }

// GroupUID is a group, by name or by number. A resource that states both provides both.
func GroupUID(account string) UID { return accountUID("group", account) }

func accountUID(what, account string) UID {
	if n, err := strconv.ParseUint(account, 10, 32); err == nil {
		return UID{what + " id", strconv.FormatUint(n, 10)}
	}
	return UID{what, account}
}

// PathNeeds are the needs of everything that lives at a path: the nearest directory above it,
// and what is mounted there.
func PathNeeds(p string) []Need {
	dir := Above(cleanPath(p))
	if dir == "" {
		return nil
	}
	return []Need{{Of: UID{"file", dir}, Up: true}, {Of: UID{"mount", dir}, Up: true}}
}

// cleanPath is path.Clean, except that the final / of a directory stays.
func cleanPath(p string) string {
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		if len(clean) == len(p)-1 { // p was clean, and costs nothing
			return p
		}
		clean += "/"
	}
	return clean
}
