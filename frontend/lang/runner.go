package lang

import (
	"context"
	"slices"
	"time"

	"mgmt/frontend"
	"mgmt/lang"
	"mgmt/lang/flow"
	"mgmt/resource"
)

// A version is one load of the program that runs.
type version struct {
	prog   *lang.Program
	graph  *flow.Graph
	state  *collector
	cancel context.CancelFunc
	fresh  bool // it has not had a good graph yet
	causes []*flow.Cause
}

// stop ends the sources of the version and waits for them.
func (v *version) stop() {
	v.cancel()
	v.graph.Wait()
}

// A runner runs a program, and loads it again when its files change.
type runner struct {
	*Frontend
	submit func(context.Context, resource.Delta) error

	current *version // in force, or to be with its first graph
	next    *version // loaded after a change of the files; takes over when it has a graph; or nil

	read      []string        // the files that are watched
	texts     *reads          // what was read of them
	changed   <-chan struct{} // one of them may have changed
	stopWatch func()
}

// stop ends everything that runs.
func (r *runner) stop() {
	r.dropNext()
	if r.current != nil {
		r.current.stop()
	}
	r.stopWatch()
}

func (r *runner) dropNext() {
	if r.next != nil {
		r.next.stop()
		r.next = nil
	}
}

// run runs the program until ctx ends or the program in force is of no use any more.
func (r *runner) run(ctx context.Context) error {
	var settled <-chan time.Time // the files have not changed for a while
	for {
		if r.next != nil {
			r.takeOver(ctx)
		} else if err := r.goOn(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.current.graph.Events():
			if r.next == nil {
				continue
			}
			if err := r.goOn(ctx); err != nil { // until the next version takes over
				return err
			}
		case <-r.nextEvents():
		case <-r.changed:
			settled = time.After(frontend.Quiet)
		case <-settled:
			settled = nil
			if r.texts.stale() {
				r.reload(ctx)
			}
		}
	}
}

// goOn takes in what has happened in the version in force.
func (r *runner) goOn(ctx context.Context) error {
	_, err := r.step(ctx, r.current, nil, r.submit)
	return err
}

// takeOver puts the next version in force if it has a graph, and drops it if it is of no use.
func (r *runner) takeOver(ctx context.Context) {
	took, err := r.step(ctx, r.next, r.current, r.submit)
	switch {
	case err != nil:
		r.dropNext()
		r.stays(ctx)
	case took:
		r.current.stop()
		r.current, r.next = r.next, nil
	}
}

// nextEvents tells when something happens in the next version, if there is one.
func (r *runner) nextEvents() <-chan struct{} {
	if r.next == nil {
		return nil
	}
	return r.next.graph.Events()
}

// reload loads the program again, and watches the files that it consists of then.
func (r *runner) reload(ctx context.Context) {
	r.dropNext()
	var read []string
	r.next, read, r.texts = r.load(ctx)
	if r.next != nil {
		r.log.Info("the program changed")
	} else {
		r.stays(ctx)
	}
	if !slices.Equal(read, r.read) {
		r.stopWatch()
		r.read = read
		r.changed, r.stopWatch = r.watch(read)
	}
}

// load loads the program and starts it. It returns nil when the program is refused, having
// reported why, and in any case the files to watch for a change and what was read of them.
func (f *Frontend) load(ctx context.Context) (*version, []string, *reads) {
	input := f.opts.Input
	texts := newReads(input.Source)
	if input.Source != nil {
		input.Source = texts
	}
	prog, diags := lang.Load(ctx, input, f.opts.Library, f.kinds)
	if len(diags) > 0 {
		f.opts.Report(prog.Files(), diags)
	}
	if diags.HasErrors() {
		f.program.Refuse(frontend.Brief(prog.Files(), diags))
		return nil, prog.Read(), texts
	}
	f.program.Accept()
	return f.start(ctx, prog), prog.Read(), texts
}

func (f *Frontend) start(ctx context.Context, prog *lang.Program) *version {
	ctx, cancel := context.WithCancel(ctx)
	b := &builder{kinds: f.opts.Kinds, files: prog.Files()}
	return &version{prog: prog, graph: prog.Start(ctx, f.opts.Host), state: newCollector(b.build), cancel: cancel, fresh: true}
}

// watch tells when one of the files may have changed.
func (f *Frontend) watch(names []string) (changed <-chan struct{}, stop func()) {
	if !f.opts.Watch || f.opts.Host == nil {
		return frontend.Changes(nil, nil, f.log)
	}
	return frontend.Changes(f.opts.Host.Watch, names, f.log)
}
