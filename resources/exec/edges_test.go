package exec

import (
	"context"
	"strings"
	"testing"
)

func TestNeeds(t *testing.T) {
	t.Setenv("PATH", "/usr/bin:rel:/bin")
	for _, c := range []struct {
		exec *Resource
		want string
	}{
		{&Resource{Cmd: "/opt/app/run --fast"}, "pkg-file:/opt/app/run file:/opt/app/run mount:/opt/app/^"},
		{&Resource{Cmd: "run fast"}, "pkg-file:/usr/bin/run|pkg-file:/bin/run file:/usr/bin/run|file:/bin/run"},
		{&Resource{Cmd: "./run"}, ""},
		{&Resource{Cmd: "a | b", Shell: "/bin/sh"}, "pkg-file:/bin/sh file:/bin/sh mount:/bin/^"},
		{&Resource{Cmd: "/opt/run --fast | b", Shell: "sh"}, "pkg-file:/usr/bin/sh|pkg-file:/bin/sh file:/usr/bin/sh|file:/bin/sh pkg-file:/opt/run file:/opt/run mount:/opt/^"},
		{&Resource{Cmd: "/opt/run;b", Shell: "./sh"}, ""},
		{&Resource{Cmd: "./a", IfCmd: "/if", NifCmd: "/nif", WatchCmd: "/watch", DoneCmd: "/done"},
			"pkg-file:/watch file:/watch mount:/^ pkg-file:/if file:/if mount:/^ pkg-file:/nif file:/nif mount:/^ pkg-file:/done file:/done mount:/^"},
		{&Resource{Cmd: "./a", Cwd: "/srv/app", Creates: "/data/x", User: "alice", Group: "staff"},
			"file:/srv/app/ mount:/srv/app/^ mount:/data/^ user:alice group:staff"},
		{&Resource{Cmd: "./a", Cwd: "app", User: "1000"}, "user id:1000"},
	} {
		needs, err := c.exec.Needs(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range needs {
			text := n.Of.String()
			for _, u := range n.Else {
				text += "|" + u.String()
			}
			if n.Up {
				text += "^"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: got %v, want %s", c.exec.Cmd, got, c.want)
		}
	}
}

func TestNeedsWithoutPath(t *testing.T) {
	t.Setenv("PATH", "")
	if needs, err := (&Resource{Cmd: "run"}).Needs(context.Background()); err != nil || len(needs) > 0 {
		t.Errorf("got %v, %v", needs, err)
	}
}
