package resource_test

import (
	"slices"
	"strings"
	"testing"

	"mgmt/resource"
)

func TestNeedAll(t *testing.T) {
	for _, c := range []struct {
		need resource.Need
		want string
	}{
		{resource.Need{Of: resource.FileUID("/a//b/../c")}, "file:/a/c"},
		{resource.Need{Of: resource.FileUID("/a/./b//"), Up: true}, "file:/a/b/ file:/a/ file:/"},
		{resource.Need{Of: resource.FileUID("/a/b"), Up: true}, "file:/a/b file:/a/ file:/"},
		{resource.Need{Of: resource.FileUID("/"), Up: true}, "file:/"},
		{resource.Need{Of: resource.PkgUID("vim"), Else: []resource.UID{resource.PkgUID("nvi")}}, "pkg:vim pkg:nvi"},
		{resource.Need{Of: resource.FileUID("/a/"), Else: []resource.UID{resource.FileUID("/b")}, Up: true}, "file:/a/ file:/ file:/b file:/"},
		{resource.Need{Of: resource.PkgUID("vim"), Up: true}, "pkg:vim pkg:"}, // no path: no use, but an end
		{resource.Need{Of: resource.MountUID("/srv"), Up: true}, "mount:/srv/ mount:/"},
	} {
		var got []string
		for u := range c.need.All() {
			got = append(got, u.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: got %v, want %s", c.need, got, c.want)
		}
	}
}

// Whoever asks may stop at any alternative.
func TestNeedAllStops(t *testing.T) {
	need := resource.Need{Of: resource.FileUID("/a/b"), Else: []resource.UID{resource.FileUID("/c/d")}, Up: true}
	all := slices.Collect(need.All())
	for n := range all {
		var got []resource.UID
		for u := range need.All() {
			if got = append(got, u); len(got) == n+1 {
				break
			}
		}
		if !slices.Equal(got, all[:n+1]) {
			t.Errorf("the first %d: got %v, want %v", n+1, got, all[:n+1])
		}
	}
}

func TestUIDs(t *testing.T) {
	for _, c := range []struct {
		uid  resource.UID
		want string
	}{
		{resource.UserUID("alice"), "user:alice"},
		{resource.UserUID("01000"), "user id:1000"},
		{resource.GroupUID("-1"), "group:-1"},
		{resource.SvcUID("sshd", false), "svc:sshd"},
		{resource.SvcUID("sync", true), "session svc:sync"},
		{resource.CronUID("a.service", false), "cron:a.service"},
		{resource.PkgFileUID("/usr//bin/vi"), "pkg-file:/usr/bin/vi"},
		{resource.MountUID("/"), "mount:/"},
	} {
		if got := c.uid.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestPathNeeds(t *testing.T) {
	if got := resource.PathNeeds("/"); got != nil {
		t.Errorf("/ needs %v", got)
	}
	got := resource.PathNeeds("/a/b/")
	if len(got) != 2 || got[0].Of != resource.FileUID("/a/") || got[1].Of != resource.MountUID("/a") {
		t.Errorf("/a/b/ needs %v", got)
	}
}
