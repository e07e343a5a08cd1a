package mgmt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"mgmt"
	"mgmt/frontend"
	"mgmt/lang/funcs"
	"mgmt/resource"
	"mgmt/resources"
)

// A motd is a front end that wants one file. Programs in the language are one source of
// desired graphs; this is another.
type motd struct{ path, text string }

// Run submits the only graph, and waits.
func (m motd) Run(ctx context.Context, submit func(context.Context, resource.Delta) error) error {
	file, err := resources.Kinds().Lookup("file").Decode(m.path, []resource.Value{
		{Name: "state", Value: "exists"},
		{Name: "content", Value: m.text},
	})
	if err != nil {
		return err
	}
	key := resource.Key{ID: resource.ID{Kind: "file", Name: m.path}}
	graph := resource.Delta{Set: []*resource.Spec{{Key: key, Resource: file, Meta: resource.DefaultMeta()}}}
	if err := submit(ctx, graph); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// An agent is embedded in another program with a front end of its own. This one ends when
// the machine is as it should be; without ConvergedExit it would go on and repair the file.
func Example() {
	dir, err := os.MkdirTemp("", "mgmt-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "motd")
	agent, err := mgmt.New(mgmt.Options{
		Frontend:      func(*funcs.Host) frontend.Frontend { return motd{path, "hello\n"} },
		Kinds:         resources.Kinds(),
		Prefix:        filepath.Join(dir, "state"),
		ConvergedExit: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := agent.Run(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	text, err := os.ReadFile(path)
	fmt.Printf("%s%v\n", text, err)
	// Output:
	// hello
	// <nil>
}
