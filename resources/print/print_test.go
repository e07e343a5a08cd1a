package print_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"mgmt/resource"
	"mgmt/resources/print"
)

func open(t *testing.T, r *print.Resource) *bytes.Buffer {
	t.Helper()
	log := &bytes.Buffer{}
	env := &resource.Env{ID: resource.ID{Kind: "print", Name: "its name"}, Log: slog.New(slog.NewTextHandler(log, nil))}
	if err := r.Open(env); err != nil {
		t.Fatal(err)
	}
	return log
}

// printed checks and applies, and returns what is shown: a change is the message.
func printed(t *testing.T, r *print.Resource) string {
	t.Helper()
	changes, err := r.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.New)
	}
	if len(changes) > 0 {
		if err := r.Apply(context.Background(), changes); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(lines, "\n")
}

func TestPrintsOncePerMessage(t *testing.T) {
	r := &print.Resource{Msg: "a"}
	open(t, r)
	for _, x := range []struct{ msg, want string }{{"a", "a"}, {"a", ""}, {"b", "b"}, {"a", "a"}, {"", "its name"}, {"", ""}} {
		if !r.Update(&print.Resource{Msg: x.msg}) {
			t.Fatal("it does not take a new message")
		}
		if got := printed(t, r); got != x.want {
			t.Errorf("with the message %q it prints %q, want %q", x.msg, got, x.want)
		}
	}
}

func TestCheckDoesNotCount(t *testing.T) {
	r := &print.Resource{Msg: "a"}
	open(t, r)
	for range 2 {
		if changes, err := r.Check(t.Context()); len(changes) != 1 || err != nil {
			t.Errorf("Check: %v, %v; want the message for as long as it is not printed", changes, err)
		}
	}
}

func TestRefreshOnly(t *testing.T) {
	r := &print.Resource{Msg: "a", RefreshOnly: true}
	log := open(t, r)
	if got := printed(t, r); got != "" {
		t.Errorf("it prints %q without a notification", got)
	}
	for n := range 2 {
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "msg=a\n"); got != n+1 {
			t.Errorf("%d messages after %d notifications:\n%s", got, n+1, log)
		}
	}
}

func TestRefreshOfOther(t *testing.T) {
	r := &print.Resource{Msg: "a"}
	log := open(t, r)
	if err := r.Refresh(t.Context()); err != nil || log.Len() > 0 {
		t.Errorf("a notification prints %q, %v; want nothing, as it is not refresh_only", log, err)
	}
}

func TestReceivesMessage(t *testing.T) {
	r := &print.Resource{}
	if changed, err := resource.Receive(r, "msg", "sent"); !changed || err != nil || r.Msg != "sent" {
		t.Errorf("msg is %q after receiving: %v, %v", r.Msg, changed, err)
	}
}
