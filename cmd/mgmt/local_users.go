package main

import (
	"os/user"
	"strconv"

	"github.com/spf13/cobra"
)

// userNumbers returns the numbers of users who are given by name or by number. A number need not be
// that of a user whom the system knows: it may come from elsewhere than /etc/passwd.
func userNumbers(cmd *cobra.Command, given []string) ([]int, error) {
	var out []int
	for _, name := range addresses(given) {
		number := name
		if u, err := user.Lookup(name); err == nil {
			number = u.Uid
		}
		uid, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, usagef(cmd, "--local-users: there is no user %q here; users who are not in /etc/passwd are given by number", name)
		}
		out = append(out, int(uid))
	}
	return out, nil
}
