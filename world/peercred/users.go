package peercred

import (
	"os"
	"os/user"
	"slices"
	"strconv"
)

// Users are the numbers of those whose programs a process works with, besides root and the user that
// it runs as itself.
type Users []int

// Has reports whether a user is one of them.
func (u Users) Has(uid int) bool { return uid == 0 || uid == os.Geteuid() || slices.Contains(u, uid) }

// Name returns the name of a user, or the number if there is none.
func Name(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// Trusted names root, and the user of this process if that is another one.
func Trusted() string {
	if own := os.Geteuid(); own > 0 {
		return "root or " + Name(own)
	}
	return "root"
}
