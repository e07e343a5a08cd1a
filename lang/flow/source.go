package flow

import (
	"context"
	"fmt"
	"sync"

	"mgmt/lang/types"
)

// A RunFunc is the body of a source: it emits results until ctx ends. What it returns
// other than nil and the error of ctx takes the place of the value. When the arguments change it
// is called again as soon as the call before has returned, so that what it does to the world
// happens in the order of the arguments.
type RunFunc func(ctx context.Context, args []types.Value, emit func(types.Value, error)) error

// A FollowFunc is the body of a source that is not called again when the arguments change, but
// gets the new ones. Of those that it does not take in time only the newest stay.
type FollowFunc func(ctx context.Context, args []types.Value, changes <-chan []types.Value, emit func(types.Value, error)) error

// SourceOptions describe a source.
type SourceOptions struct {
	Label string
	Run   RunFunc
	// Follow is there in place of Run.
	Follow FollowFunc
	// Fixed says that changing arguments are an error.
	Fixed bool
	// Secret says that what the source delivers is secret.
	Secret bool
	// Public says that the arguments are seen by others, which makes secret ones an error.
	Public bool
}

// sourceKind runs a function in a goroutine while its node is needed and its
// arguments are values.
type sourceKind struct {
	opts   SourceOptions
	turn   chan struct{} // holds one element while a goroutine is in RunFunc
	args   []types.Value
	mark   *types.Mark // of the arguments since the start
	run    *run        // the running goroutine, or nil
	result Result
}

// run is one life of a source.
type run struct {
	node    *Node
	source  *sourceKind
	cancel  context.CancelFunc
	changes chan []types.Value // has the newest arguments that a FollowFunc did not take yet
	pending bool               // nothing was delivered yet; counted in Graph.pending
	next    Result             // newest emitted result, guarded by the lock of the inbox
	posted  bool               // stands in the inbox; guarded likewise
}

// inbox is where sources leave what they emitted. Of each source only the newest
// result is kept, so a source that is faster than the graph costs no memory.
type inbox struct {
	wake chan struct{}
	mu   sync.Mutex // guards runs, and next and posted of every run
	runs []*run
}

// Source returns a node with the newest result that the source emitted. It runs while
// the node is needed, and starts anew when the arguments change.
func (g *Graph) Source(args []*Node, opts SourceOptions) *Node {
	return g.node(&sourceKind{opts: opts, turn: make(chan struct{}, 1)}, args)
}

func (k *sourceKind) compute(n *Node) (Result, bool) {
	args, mark, instead, ok := k.arguments(n)
	switch {
	case !ok:
		k.release(n)
		return instead, true
	case k.run == nil:
		k.start(n, args, mark)
		return Result{}, true
	}
	return k.update(n, args, mark), true
}

// arguments returns the values of the inputs and what of them is secret. If the source cannot run
// with these it returns what its node holds instead.
func (k *sourceKind) arguments(n *Node) (args []types.Value, mark *types.Mark, instead Result, ok bool) {
	args = make([]types.Value, len(n.inputs))
	for i, in := range n.inputs {
		if in.result.Value == nil { // an error, or pending
			return nil, nil, in.result, false
		}
		args[i] = in.result.Value
		mark = types.Derived(mark, in.result.Mark())
	}
	if mark != nil && k.opts.Public {
		return nil, nil, Fail(fmt.Errorf("%s: an argument is secret, and others can see the arguments of this function", k.opts.Label)), false
	}
	return args, mark, Result{}, true
}

// update gives a source that runs its present arguments, and returns what its node holds then.
func (k *sourceKind) update(n *Node, args []types.Value, mark *types.Mark) Result {
	if k.opts.Follow != nil { // it may remember earlier arguments
		mark = types.Derived(k.mark, mark)
	}
	switch {
	case sameArgs(k.args, args):
		k.mark = mark
	case k.opts.Fixed:
		err := fmt.Errorf("%s: the argument changed while the program runs, from %v to %v; it has to stay the same", k.opts.Label, k.args, args)
		if types.Derived(k.mark, mark) != nil {
			err = fmt.Errorf("%s: the argument, which is secret, changed while the program runs; it has to stay the same", k.opts.Label)
		}
		k.release(n)
		return Fail(err)
	case k.opts.Follow != nil:
		k.args, k.mark = args, mark
		k.run.tell(args)
	default:
		k.release(n)
		k.start(n, args, mark)
		return Result{}
	}
	return k.marked(k.result)
}

// marked returns what the source delivered with the mark that it has: its own, and that of the
// arguments. An error of a source with secret arguments may quote them.
func (k *sourceKind) marked(r Result) Result {
	switch {
	case r.Err() != nil && k.mark != nil:
		return Fail(types.HideError(r.Err()))
	case r.Value != nil && k.opts.Secret:
		return Marked(r.Value, types.Derived(k.mark, types.Secret(r.Value.String())))
	case r.Value != nil:
		return Marked(r.Value, k.mark)
	}
	return r
}

func sameArgs(a, b []types.Value) bool {
	for i := range a {
		if !types.Same(a[i], b[i]) {
			return false
		}
	}
	return true
}

func (k *sourceKind) start(n *Node, args []types.Value, mark *types.Mark) {
	g := n.graph
	ctx, cancel := context.WithCancel(g.ctx)
	r := &run{node: n, source: k, cancel: cancel, pending: true, changes: make(chan []types.Value, 1)}
	k.run, k.args, k.mark, k.result = r, args, mark, Result{}
	g.pending++
	g.tasks.Go(func() {
		defer cancel()
		select {
		case <-ctx.Done():
			return
		case k.turn <- struct{}{}:
			defer func() { <-k.turn }()
		}
		if ctx.Err() != nil {
			return
		}
		err := r.call(ctx, args, func(v types.Value, err error) {
			if err != nil {
				g.inbox.post(r, Fail(err))
			} else {
				g.inbox.post(r, Result{Value: v})
			}
		})
		if err != nil && ctx.Err() == nil {
			g.inbox.post(r, Fail(err))
		}
	})
}

// call keeps a panic in a source from ending the process.
func (r *run) call(ctx context.Context, args []types.Value, emit func(types.Value, error)) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error in a function: %v", p)
		}
	}()
	if follow := r.source.opts.Follow; follow != nil {
		return follow(ctx, args, r.changes, emit)
	}
	return r.source.opts.Run(ctx, args, emit)
}

// tell hands new arguments to a running source. It is called from one goroutine.
func (r *run) tell(args []types.Value) {
	select {
	case <-r.changes:
	default:
	}
	r.changes <- args
}

// release stops the running goroutine, if there is one, and forgets its value.
func (k *sourceKind) release(n *Node) {
	if k.run == nil {
		return
	}
	k.run.cancel()
	if k.run.pending {
		n.graph.pending--
	}
	k.run, k.result = nil, Result{}
}

func (b *inbox) post(r *run, res Result) {
	b.mu.Lock()
	r.next = res
	if !r.posted {
		r.posted = true
		b.runs = append(b.runs, r)
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// takeEvents hands what the sources emitted to their nodes.
func (g *Graph) takeEvents() []*Cause {
	g.inbox.mu.Lock()
	runs := g.inbox.runs
	g.inbox.runs = nil
	results := make([]Result, len(runs))
	for i, r := range runs {
		results[i] = r.next
		r.posted = false
	}
	g.inbox.mu.Unlock()

	var causes []*Cause
	for i, r := range runs {
		k := r.source
		if k.run != r { // it was stopped in the meantime
			continue
		}
		if r.pending {
			r.pending = false
			g.pending--
		}
		if k.result.same(results[i]) {
			continue
		}
		if !k.result.Pending() { // otherwise what started it is the cause
			r.node.cause = &Cause{Label: k.opts.Label, Old: k.marked(k.result), New: k.marked(results[i])}
			causes = append(causes, r.node.cause)
		}
		k.result = results[i]
		g.enqueue(r.node)
	}
	return causes
}
