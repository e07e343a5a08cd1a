package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"mgmt/world/peercred"
)

// usersVariable names users of this machine who are trusted, for agents and for commands.
const usersVariable = "MGMT_LOCAL_USERS"

// parseUsers returns the numbers of users who are given by name or by number. A number need not be
// that of a user whom the system knows: it may come from elsewhere than /etc/passwd.
func parseUsers(given ...string) (peercred.Users, error) {
	var out peercred.Users
	for _, name := range addresses(given) {
		number := name
		if u, err := user.Lookup(name); err == nil {
			number = u.Uid
		}
		uid, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("there is no user %q here; users who are not in /etc/passwd are given by number", name)
		}
		out = append(out, int(uid))
	}
	return out, nil
}

// trusted returns the users whose servers a command takes for those of a cluster: those who are named,
// and who has the working directory of the agent.
func trusted(dir string) (peercred.Users, error) {
	users, err := parseUsers(os.Getenv(usersVariable))
	if err != nil {
		return nil, fmt.Errorf("the variable %s: %w", usersVariable, err)
	}
	if uid, ok := peercred.FileOwner(dir); ok {
		users = append(users, uid)
	}
	return users, nil
}
