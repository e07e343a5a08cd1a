package flow

import (
	"fmt"
	"slices"

	"mgmt/lang/types"
)

// A Result is what a node holds: a value, or an error in its place. With neither,
// it is pending: some source has not delivered yet. A value may have something secret in it.
//
// A Result is passed on for each step of an evaluation, so it is kept small: what is rare
// stands aside.
type Result struct {
	Value types.Value
	rare  *rare
}

// rare is an error, or the mark of a value.
type rare struct {
	err  error
	mark *types.Mark
}

// Fail returns the result with an error, unless that is nil.
func Fail(err error) Result {
	if err == nil {
		return Result{}
	}
	return Result{rare: &rare{err: err}}
}

// Marked returns the result with a value of which some is secret, unless mark is nil.
func Marked(v types.Value, mark *types.Mark) Result {
	if mark == nil {
		return Result{Value: v}
	}
	return Result{Value: v, rare: &rare{mark: mark}}
}

// Err returns the error in place of a value, or nil.
func (r Result) Err() error {
	if r.rare == nil {
		return nil
	}
	return r.rare.err
}

// Mark says what of the value is secret.
func (r Result) Mark() *types.Mark {
	if r.rare == nil {
		return nil
	}
	return r.rare.mark
}

// Pending reports whether there is neither value nor error.
func (r Result) Pending() bool { return r.Value == nil && r.rare == nil }

// same reports whether nothing downstream could tell r from s.
func (r Result) same(s Result) bool {
	if r.rare == s.rare {
		return types.Same(r.Value, s.Value)
	}
	a, b := r.Err(), s.Err()
	switch {
	case (a == nil) != (b == nil):
		return false
	case a != nil:
		return a == b || types.Catchable(a) == types.Catchable(b) && a.Error() == b.Error()
	}
	return types.Same(r.Value, s.Value) && types.SameMark(r.Mark(), s.Mark())
}

// A Node is a vertex of the flow graph.
type Node struct {
	graph  *Graph
	kind   kind
	result Result

	// inputs are the fixed inputs, extra those that a dynamic node chose. While the
	// node is needed it stands in the uses of each of them, once.
	inputs, extra []*Node
	uses          []*Node

	needs  int32  // needed nodes and outputs that depend on this one
	height int32  // greater than that of each input
	queued bool   // waits in the graph's queue
	cause  *Cause // the event behind its last change, or nil
}

// kind is what a node does when it is its turn.
type kind interface {
	// compute returns the new result; settled is false when the node has to wait for
	// inputs that it has just taken on.
	compute(n *Node) (r Result, settled bool)
}

// releaser is a kind that holds something while its node is needed.
type releaser interface{ release(n *Node) }

// Result returns what the node holds. Within the evaluation of a node only the
// results of its inputs may be read.
func (n *Node) Result() Result { return n.result }

// need makes the node needed by one more: it is linked into its inputs, which
// become needed too, and computed.
func (n *Node) need() {
	n.needs++
	if n.needs > 1 {
		return
	}
	n.cause = n.graph.cause
	for _, in := range n.inputs {
		n.link(in)
	}
	for _, in := range n.extra {
		n.link(in)
	}
	n.graph.enqueue(n)
}

// unneed takes back a need. A node that nobody needs leaves its inputs.
func (n *Node) unneed() {
	n.needs--
	if n.needs > 0 {
		return
	}
	for _, in := range n.extra {
		n.unlink(in)
	}
	for _, in := range n.inputs {
		n.unlink(in)
	}
	if r, ok := n.kind.(releaser); ok {
		r.release(n)
	}
}

func (n *Node) link(in *Node) {
	in.uses = append(in.uses, n)
	in.need()
	n.raise(in.height + 1)
}

func (n *Node) unlink(in *Node) {
	// Scopes close backwards, so the newest users mostly leave first.
	last := len(in.uses) - 1
	for i := last; i >= 0; i-- {
		if in.uses[i] == n {
			in.uses[i], in.uses[last] = in.uses[last], nil
			in.uses = in.uses[:last]
			break
		}
	}
	in.unneed()
}

// raise lifts the node to at least height, and all that depend on it above it.
func (n *Node) raise(height int32) {
	if n.height >= height {
		return
	}
	n.height = height
	for _, u := range n.uses {
		u.raise(height + 1)
	}
}

// setExtra replaces the inputs that a dynamic node chose. New ones are linked before
// old ones are let go, so that what both need keeps its state.
func (n *Node) setExtra(extra []*Node) {
	old := n.extra
	if slices.Equal(old, extra) {
		return
	}
	n.extra = extra
	for _, in := range extra {
		n.link(in)
	}
	for _, in := range old {
		n.unlink(in)
	}
}

// ready reports whether every chosen input has its result of this round.
func (n *Node) ready() bool {
	for _, in := range n.extra {
		if in.queued || in.height >= n.height {
			return false
		}
	}
	return true
}

// eval runs code of the program, in which a run-time panic is an error of the
// program and not the end of the process.
func eval(f func() Result) (r Result) {
	defer func() {
		if p := recover(); p != nil {
			r = Fail(fmt.Errorf("internal error in a function: %v", p))
		}
	}()
	return f()
}

// mapKind computes a value from the inputs.
type mapKind struct{ f func() Result }

func (k mapKind) compute(*Node) (Result, bool) { return eval(k.f), true }

// Map returns a node with the result of f, which reads the results of the inputs.
func (g *Graph) Map(inputs []*Node, f func() Result) *Node {
	return g.node(mapKind{f}, inputs)
}

// dynamicKind chooses inputs.
type dynamicKind struct {
	wire func() []*Node
	f    func() Result
}

func (k dynamicKind) compute(n *Node) (Result, bool) {
	var extra []*Node
	if r := eval(func() Result { extra = k.wire(); return Result{} }); r.Err() != nil {
		return r, true
	}
	n.setExtra(extra)
	if !n.ready() {
		return Result{}, false
	}
	return eval(k.f), true
}

// Dynamic returns a node that depends on more than its fixed inputs. Each time it is
// computed, wire reads the fixed inputs and returns the other nodes that are needed
// now: the same ones as before if nothing changed. Then, when these are settled, f
// yields the result.
func (g *Graph) Dynamic(inputs []*Node, wire func() []*Node, f func() Result) *Node {
	return g.node(dynamicKind{wire, f}, inputs)
}

// cellKind holds what it is given.
type cellKind struct{ next *Result }

func (k cellKind) compute(*Node) (Result, bool) { return *k.next, true }

// A Cell is a node whose result is set by hand.
type Cell struct {
	Node *Node
	next *Result
}

// Const returns a node that holds v for good.
func (g *Graph) Const(v types.Value) *Node { return g.Cell(Result{Value: v}).Node }

// Cell returns a cell that holds r.
func (g *Graph) Cell(r Result) Cell {
	next := &r
	return Cell{g.node(cellKind{next}, nil), next}
}

// Set gives the cell a new result. It may be called from the wire function of a
// dynamic node, and between rounds. What is the same as before disturbs nobody.
func (c Cell) Set(r Result, cause *Cause) {
	if c.next.same(r) {
		return
	}
	*c.next = r
	if c.Node.needs > 0 {
		c.Node.cause = cause
		c.Node.graph.enqueue(c.Node)
	}
}
