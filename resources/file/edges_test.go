package file

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"mgmt/resource"
)

func TestWishes(t *testing.T) {
	for _, c := range []struct {
		file *Resource
		want string
	}{
		{&Resource{}, "file:/a/b < file:/a/^ mount:/a/^"},
		{&Resource{Path: "/a//b/../c/"}, "file:/a/c/ < file:/a/^ mount:/a/^"},
		{&Resource{Dirname: "/x/", Basename: "y"}, "file:/x/y < file:/x/^ mount:/x/^"},
		{&Resource{Path: "/"}, "file:/ <"},
		{&Resource{Fragments: []string{"/f/1", "/f/d/"}}, "file:/a/b < file:/a/^ mount:/a/^ file:/f/1 file:/f/d/"},
		{&Resource{Source: "/s/x"}, "file:/a/b < file:/a/^ mount:/a/^ file:/s/x"},
		{&Resource{Source: "x", Symlink: true}, "file:/a/b < file:/a/^ mount:/a/^"},
		{&Resource{Owner: "alice", Group: "20"}, "file:/a/b < file:/a/^ mount:/a/^ user:alice group id:20"},
		{&Resource{State: absent, Owner: "alice"}, "file:/a/b < file:/a/^ mount:/a/^"},
	} {
		c.file.SetName("/a/b")
		var provides, needs []string
		for _, u := range c.file.Provides() {
			provides = append(provides, u.String())
		}
		list, err := c.file.Needs(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			needs = append(needs, show(n))
		}
		if got := strings.Trim(fmt.Sprint(provides), "[]") + " <" + strings.TrimRight(" "+strings.Join(needs, " "), " "); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// show writes ^ behind a need for the nearest directory.
func show(n resource.Need) string {
	if n.Up {
		return n.Of.String() + "^"
	}
	return n.Of.String()
}
