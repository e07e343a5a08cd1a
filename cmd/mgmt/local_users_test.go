package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"mgmt/world/peercred"
)

func TestTrusted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(usersVariable, "64001, 0")
	users, err := trusted(dir)
	if err != nil || !slices.Contains(users, 64001) || !users.Has(os.Geteuid()) || users.Has(64002) {
		t.Errorf("named by the variable: %v, %v", users, err)
	}
	if peercred.Supported && os.Geteuid() == 0 {
		if err := os.Chown(dir, 64002, -1); err != nil {
			t.Fatal(err)
		}
		if users, err := trusted(dir); err != nil || !users.Has(64002) {
			t.Errorf("the user of the agent: %v, %v", users, err)
		}
	}
	t.Setenv(usersVariable, "nobody-of-this-name")
	if users, err := trusted(dir); err == nil || !strings.Contains(err.Error(), "MGMT_LOCAL_USERS") {
		t.Errorf("a user that is not there: %v, %v", users, err)
	}
}
