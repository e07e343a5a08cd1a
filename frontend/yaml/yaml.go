// Package yaml is the front end for graphs that are written down in YAML: resources by kind,
// and the edges between them.
//
// A [Frontend] reads a file, which [Open] finds, and hands the graph to the engine. When the
// file is saved, it is read again and the difference is handed on; one with a mistake in it
// leaves the last good graph in force. [Frontend.Check] and [Frontend.Snapshot] do as much
// without an engine.
//
// A text becomes a graph in four steps, one file each: parse.go makes nodes of it, which
// know their places; document.go takes apart what the keys say; build.go makes resources of
// that, with the types of the kinds; graph.go puts resources and edges together and compares
// them with what the engine has been told. What files of former times have is in eras.go.
package yaml

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"mgmt/frontend"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/watch"
	"mgmt/world"
)

// An Input is a graph in YAML.
type Input struct {
	Name string // of the file, as it is shown
	Text []byte // in place of the file, unless nil

	early *loaded // was read before there is a front end
}

// A loaded graph: the text, what it says, and what is to be said of it.
type loaded struct {
	*desired
	text  []byte // nil if it could not be read
	diags syntax.Diagnostics
}

// Open returns the input that an argument names: a file, or - for standard input.
func Open(arg string, stdin io.Reader) (*Input, error) {
	switch arg {
	case "":
		return nil, errors.New("the name of the graph is empty; name a file, or - for standard input")
	case "-":
		text, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("reading the graph from standard input: %w", err)
		}
		return &Input{Name: "<stdin>", Text: append([]byte{}, text...)}, nil
	}
	return &Input{Name: arg}, nil
}

// read returns the present text.
func (in *Input) read() ([]byte, error) {
	if in.Text != nil {
		return in.Text, nil
	}
	return os.ReadFile(in.Name)
}

// load reads the graph, unless that has been done early.
func (in *Input) load(kinds *resource.Registry, hostname string, exports map[string][]world.Export) *loaded {
	early := in.early
	in.early = nil
	if early != nil && !(len(early.collects) > 0 && hostname != "") {
		return early
	}
	text, err := in.read()
	if err != nil {
		diags := syntax.Diagnostics{{Phase: syntax.PhaseParse, Code: "unreadable-file", Message: err.Error()}}
		return &loaded{desired: &desired{files: &syntax.Files{}}, diags: diags}
	}
	g, diags := load(in.Name, text, kinds, hostname, exports)
	return &loaded{g, text, diags}
}

// Hostname reads the graph and returns the name that it gives to this host, if any: files of
// former times have one. The front end goes on with what was read.
func (in *Input) Hostname(kinds *resource.Registry) string {
	in.early = in.load(kinds, "", nil)
	return in.early.hostname
}

// Options describe a graph and what it runs in.
type Options struct {
	Input *Input
	Kinds *resource.Registry
	// Hostname says which exported resources may be collected: those for all hosts, and
	// those for this one.
	Hostname string
	// World has what other hosts export; nil is nothing.
	World world.Exports
	Log   *slog.Logger // nil discards
	// Watch notices when the file is saved; nil means that it is read once.
	Watch *watch.Hub
	// Report shows diagnostics. With an error among them there is no graph to run.
	Report func(files *syntax.Files, list syntax.Diagnostics)
}

// A Frontend reads one graph.
type Frontend struct {
	opts     Options
	text     []byte // that was read last
	standing frontend.Standing
	others   *others
	inForce  bool // there has been a good graph
}

// Refusal implements frontend.Refuser.
func (f *Frontend) Refusal() (frontend.Refusal, bool) { return f.standing.Refusal() }

// New returns the front end of a graph.
func New(opts Options) *Frontend {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Report == nil {
		opts.Report = func(*syntax.Files, syntax.Diagnostics) {}
	}
	return &Frontend{opts: opts, others: newOthers(opts.World)}
}

// Check returns what is to be said of the graph.
func (f *Frontend) Check() (*syntax.Files, syntax.Diagnostics) {
	_, files, diags := f.Snapshot()
	return files, diags
}

// Snapshot returns the graph as a delta from nothing.
func (f *Frontend) Snapshot() (resource.Delta, *syntax.Files, syntax.Diagnostics) {
	g := f.opts.Input.load(f.opts.Kinds, f.opts.Hostname, nil)
	diags := g.diags
	if diags.HasErrors() {
		return resource.Delta{}, g.files, diags
	}
	d := g.delta(&frontend.Told{})
	if err := frontend.CheckCycles(d); err != nil {
		return resource.Delta{}, g.files, append(diags, g.locate(err)...)
	}
	return d, g.files, diags
}

// stale reports whether the file has another text by now.
func (f *Frontend) stale() bool {
	text, err := f.opts.Input.read()
	if err != nil {
		text = nil
	}
	return (text == nil) != (f.text == nil) || !bytes.Equal(text, f.text)
}

// Run implements frontend.Frontend.
func (f *Frontend) Run(ctx context.Context, submit func(context.Context, resource.Delta) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer f.others.running.Wait()
	defer cancel()
	var told frontend.Told
	first, diags := f.load(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !diags.HasErrors():
		d := first.delta(&told)
		d.Cause = &resource.Move{What: "the graph was loaded"}
		if !f.submit(ctx, first, d, &told, submit) {
			return cmp.Or(ctx.Err(), frontend.ErrRefused)
		}
	case f.opts.World == nil || mistakes(diags) > first.absent:
		return frontend.ErrRefused
	default:
		f.opts.Log.Warn("the graph waits for other hosts to export what its edges name")
	}
	changed, stop := frontend.Changes(f.opts.Watch, []string{f.opts.Input.Name}, f.opts.Log)
	defer stop()
	var settled <-chan time.Time // the file has not changed for a while
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			settled = time.After(frontend.Quiet)
		case <-settled:
			if settled = nil; f.stale() {
				f.reload(ctx, "the graph changed", first.hostname, &told, submit)
			}
		case <-f.others.changed:
			f.reload(ctx, "what other hosts export changed", first.hostname, &told, submit)
		}
	}
}

// mistakes counts errors.
func mistakes(diags syntax.Diagnostics) int {
	n := 0
	for _, d := range diags {
		if d.Severity == syntax.Error {
			n++
		}
	}
	return n
}

// reload reads the graph again and hands the difference on.
func (f *Frontend) reload(ctx context.Context, why, hostname string, told *frontend.Told, submit func(context.Context, resource.Delta) error) {
	next, diags := f.load(ctx)
	ok := !diags.HasErrors()
	if ok && next.hostname != hostname {
		f.opts.Log.Warn("the graph is for another host than before", "hostname", next.hostname, "before", hostname)
		f.standing.Refuse(fmt.Sprintf("the graph is for the host %q, and before it was for %q", next.hostname, hostname))
		ok = false
	}
	if ok {
		d := next.delta(told)
		if f.inForce && frontend.Empty(d) {
			f.standing.Accept()
			return
		}
		d.Cause = &resource.Move{What: why}
		if f.submit(ctx, next, d, told, submit) {
			f.opts.Log.Info(why)
			return
		}
	}
	if ctx.Err() == nil && f.inForce {
		f.opts.Log.Warn("the last good graph stays in force")
	}
}

// load reads the graph, with what others export of the kinds that it collects, and reports what
// is wrong with it.
func (f *Frontend) load(ctx context.Context) (*desired, syntax.Diagnostics) {
	g := f.opts.Input.load(f.opts.Kinds, f.opts.Hostname, f.others.exports())
	if f.others.await(ctx, g.collects) {
		g = f.opts.Input.load(f.opts.Kinds, f.opts.Hostname, f.others.exports())
	}
	f.text = g.text
	if len(g.diags) > 0 && ctx.Err() == nil {
		f.opts.Report(g.files, g.diags)
	}
	if g.diags.HasErrors() {
		f.standing.Refuse(frontend.Brief(g.files, g.diags))
	}
	return g.desired, g.diags
}

// submit hands a change to that graph on. It reports whether the engine has taken it, and if
// not, why.
func (f *Frontend) submit(ctx context.Context, g *desired, d resource.Delta, told *frontend.Told, submit func(context.Context, resource.Delta) error) bool {
	if err := submit(ctx, d); err != nil {
		if ctx.Err() == nil {
			diags := g.locate(err)
			f.opts.Report(g.files, diags)
			f.standing.Refuse(frontend.Brief(g.files, diags))
		}
		return false
	}
	told.Accept(d)
	f.standing.Accept()
	f.inForce = true
	return true
}
