package resourcetest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mgmt/resource"
	"mgmt/resource/resourcetest"
	"mgmt/watch"
)

// Kind is the kind note.
var Kind = &resource.Kind{
	Name: "note",
	Doc:  "Keeps a line of text in a file.",
	New:  func() resource.Resource { return &Note{} },
}

// A Note is a line of text in a file.
type Note struct {
	Path string `mgmt:"path" doc:"Absolute path; the default is the name of the resource."`
	Text string `mgmt:"text" doc:"The line."`

	env *resource.Env
}

// SetName implements resource.Named.
func (n *Note) SetName(name string) {
	if n.Path == "" {
		n.Path = name
	}
}

// Validate checks the parameters.
func (n *Note) Validate() error {
	switch {
	case !filepath.IsAbs(n.Path):
		return &resource.ParamError{Param: "path", Err: fmt.Errorf("%q is no absolute path", n.Path)}
	case strings.Contains(n.Text, "\n"):
		return &resource.ParamError{Param: "text", Err: errors.New("has more than one line")}
	}
	return nil
}

// Open implements resource.Opener.
func (n *Note) Open(env *resource.Env) error { n.env = env; return nil }

// Close implements resource.Opener.
func (n *Note) Close() error { return nil }

// Subscribe implements resource.Subscriber.
func (n *Note) Subscribe(hub *watch.Hub, wake func()) (cancel func(), err error) {
	return hub.Path(n.Path, watch.Options{}, wake)
}

// Watch does what Subscribe does, for those who ask for it.
func (n *Note) Watch(ctx context.Context, wake func()) error {
	cancel, err := n.Subscribe(n.env.Hub, wake)
	if err != nil {
		return err
	}
	defer cancel()
	<-ctx.Done()
	return nil
}

// Check compares the file with the text.
func (n *Note) Check(context.Context) ([]resource.Change, error) {
	have, err := os.ReadFile(n.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []resource.Change{{Param: "text", Note: "created"}}, nil
	case err != nil:
		return nil, err
	case string(have) == n.Text+"\n":
		return nil, nil
	}
	return []resource.Change{{
		Param: "text",
		Note:  resource.DiffSummary(string(have), n.Text+"\n"),
		Diff:  func() string { return resource.Diff(n.Path, string(have), n.Text+"\n") },
	}}, nil
}

// Apply writes the file.
func (n *Note) Apply(context.Context, []resource.Change) error {
	return os.WriteFile(n.Path, []byte(n.Text+"\n"), 0o644)
}

func TestNote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note")
	resourcetest.Run(t, resourcetest.Case{
		Kind:   Kind,
		Name:   path,
		Params: []resource.Value{{Name: "text", Value: "buy milk"}},
		Damage: func() error { return os.Remove(path) },
	})
}
