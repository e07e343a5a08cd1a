package noop_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"mgmt/resource"
	"mgmt/resources/noop"
)

func TestNoop(t *testing.T) {
	r, err := noop.Kind.Decode("a", []resource.Value{{Name: "comment", Value: "free text"}})
	if err != nil {
		t.Fatal(err)
	}
	n := r.(*noop.Resource)
	log := &bytes.Buffer{}
	if err := n.Open(&resource.Env{Log: slog.New(slog.NewTextHandler(log, nil))}); err != nil {
		t.Fatal(err)
	}
	changes, err := n.Check(t.Context())
	if n.Comment != "free text" || n.Validate() != nil || len(changes) > 0 || err != nil || log.Len() > 0 {
		t.Errorf("comment %q, check %v, %v, log %q; want that it is right and silent", n.Comment, changes, err, log)
	}
	if err := n.Refresh(t.Context()); err != nil || !strings.Contains(log.String(), "notified") {
		t.Errorf("a notification logs %q, %v", log, err)
	}
}
