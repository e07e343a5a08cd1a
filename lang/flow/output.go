package flow

import "slices"

// An Output is a leaf of the graph: what it depends on is needed.
type Output struct {
	// Payload is what the output contributes; nil when Err is set.
	Payload any
	// Err is an error that nobody caught.
	Err error

	node      *Node
	cause     *Cause
	removed   bool
	delivered bool // was part of changes that were handed on
	listed    bool // stands in Graph.changed
}

// Cause returns the event behind the last change of the output, which may be that it was
// removed. It is nil for what has been so since the start.
func (o *Output) Cause() *Cause { return o.cause }

// A Scope owns outputs and the statements that make more of them. Closing it removes
// everything in it.
type Scope struct {
	graph   *Graph
	outputs []*Output
	nodes   []*Node // that are needed on behalf of the scope
	inner   []*Scope
}

// NewScope returns an empty scope.
func (g *Graph) NewScope() *Scope { return &Scope{graph: g} }

// Inner returns a new scope within s.
func (s *Scope) Inner() *Scope {
	in := s.graph.NewScope()
	s.inner = append(s.inner, in)
	return in
}

// Drop closes a scope made by Inner.
func (s *Scope) Drop(in *Scope) {
	for i := len(s.inner) - 1; i >= 0; i-- {
		if s.inner[i] == in {
			s.inner = slices.Delete(s.inner, i, i+1)
			break
		}
	}
	in.Close()
}

// Close removes all that the scope owns.
func (s *Scope) Close() {
	for _, in := range slices.Backward(s.inner) {
		in.Close()
	}
	for _, n := range slices.Backward(s.nodes) {
		n.unneed()
	}
	for _, o := range s.outputs {
		o.removed = true
		s.graph.change(o)
	}
	s.inner, s.nodes, s.outputs = nil, nil, nil
}

// outputKind computes the payload of an output.
type outputKind struct {
	out  *Output
	f    func() (any, error)
	same func(a, b any) bool
}

func (k outputKind) compute(n *Node) (Result, bool) {
	for _, in := range n.inputs {
		if in.result.Pending() {
			return Result{}, true
		}
	}
	var payload any
	r := eval(func() Result {
		var err error
		payload, err = k.f()
		return Fail(err)
	})
	if r.Err() == nil && k.out.Err == nil && k.out.Payload != nil && k.same(k.out.Payload, payload) {
		return Result{}, true
	}
	k.out.Payload, k.out.Err = payload, r.Err()
	n.graph.change(k.out)
	return Result{}, true
}

// Output adds a leaf with the payload that f computes from the inputs. It counts as
// changed when same says that two payloads differ. With no inputs f runs at once and
// the output is for good.
func (s *Scope) Output(inputs []*Node, f func() (any, error), same func(a, b any) bool) *Output {
	o := &Output{}
	s.outputs = append(s.outputs, o)
	k := outputKind{o, f, same}
	if len(inputs) == 0 {
		k.compute(&Node{graph: s.graph})
		return o
	}
	o.node = s.graph.node(k, inputs)
	s.nodes = append(s.nodes, o.node)
	o.node.need()
	return o
}

// Fail adds an output that is in error for as long as the scope lives.
func (s *Scope) Fail(err error) {
	s.Output(nil, func() (any, error) { return nil, err }, nil)
}

// Statement adds a node that makes and drops inner scopes: wire runs each time one of
// the inputs changes.
func (s *Scope) Statement(inputs []*Node, wire func(cause *Cause)) {
	var n *Node
	n = s.graph.Map(inputs, func() Result { wire(n.cause); return Result{} })
	s.nodes = append(s.nodes, n)
	n.need()
}
