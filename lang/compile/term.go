package compile

import (
	"fmt"

	"mgmt/lang/flow"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A frame holds the arguments of one call of a pure function.
type frame struct {
	parent *frame // of the function around it
	slots  []flow.Result
}

// A code computes a result from the results of nodes and from a frame, which is nil
// outside of functions.
type code func(fr *frame) flow.Result

// A term is a compiled expression.
type term struct {
	code   code
	inputs []*flow.Node // that the code reads
	node   *flow.Node   // the node whose result the code returns, if it is that
	static bool         // value is the result for good
	value  flow.Result
	framed bool     // the code reads a frame
	fn     *closure // the function that the term is known to be, or nil
	depth  int      // how deep the code nests
}

// maxFused is how deep code may nest before it is cut by a node, which bounds the
// stack that evaluation needs and keeps the cut-off effective.
const maxFused = 64

// static returns a term with a known result.
func static(r flow.Result) *term {
	return &term{code: func(*frame) flow.Result { return r }, static: true, value: r}
}

// given returns the term of a value that somebody else has computed. What is marked is a node,
// so that function values which close over it are marked, too.
func (c *compiler) given(v types.Value, mark *types.Mark) *term {
	if mark == nil {
		return staticValue(v)
	}
	return nodeTerm(c.graph.Cell(flow.Marked(v, mark)).Node)
}

func staticValue(v types.Value) *term { return static(flow.Result{Value: v}) }

// nodeTerm returns the term that reads a node.
func nodeTerm(n *flow.Node) *term {
	return &term{code: func(*frame) flow.Result { return n.Result() }, inputs: []*flow.Node{n}, node: n}
}

// combine returns the term of code over parts. If all of them are static, so is it.
func (c *compiler) combine(parts []*term, f code) *term {
	t := &term{code: f, inputs: unionInputs(parts), static: true}
	for _, p := range parts {
		t.static = t.static && p.static
		t.framed = t.framed || p.framed
		t.depth = max(t.depth, p.depth+1)
	}
	if t.static {
		return static(guard(f))
	}
	if t.depth > maxFused && !t.framed {
		return c.shared(t)
	}
	return t
}

// guard runs code while compiling; a run-time panic in it is an error of the program.
func guard(f code) (r flow.Result) {
	defer func() {
		if p := recover(); p != nil {
			r = flow.Fail(fmt.Errorf("internal error in a function: %v", p))
		}
	}()
	return f(nil)
}

// shared returns a term for the same result that may be used more than once without
// computing it more than once.
func (c *compiler) shared(t *term) *term {
	if t.static || t.node != nil || t.framed {
		return t
	}
	s := nodeTerm(c.graph.Map(t.inputs, whenReady(t)))
	s.fn = t.fn
	return s
}

// nodeOf returns a node with the result of the term.
func (c *compiler) nodeOf(t *term) *flow.Node {
	if t.static {
		return c.graph.Cell(t.value).Node
	}
	return c.shared(t).node
}

// whenReady evaluates the term once none of its inputs is pending.
func whenReady(t *term) func() flow.Result {
	return func() flow.Result {
		if pending(t.inputs) {
			return flow.Result{}
		}
		return t.code(nil)
	}
}

func pending(nodes []*flow.Node) bool {
	for _, n := range nodes {
		if n.Result().Pending() {
			return true
		}
	}
	return false
}

// unionInputs collects the nodes that the terms read, each once.
func unionInputs(parts []*term) []*flow.Node {
	var first *term
	total := 0
	for _, p := range parts {
		if len(p.inputs) > 0 {
			first = p
			total += len(p.inputs)
		}
	}
	if total == 0 {
		return nil
	}
	if total == len(first.inputs) {
		return first.inputs
	}
	out := make([]*flow.Node, 0, total)
	if total <= 16 {
		for _, p := range parts {
			for _, n := range p.inputs {
				if !contains(out, n) {
					out = append(out, n)
				}
			}
		}
		return out
	}
	seen := make(map[*flow.Node]bool, total)
	for _, p := range parts {
		for _, n := range p.inputs {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out
}

func contains(list []*flow.Node, n *flow.Node) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}

// covered reports whether the term reads no node beyond those in inputs.
func (t *term) covered(inputs []*flow.Node) bool {
	if len(t.inputs) > 16 {
		return false
	}
	for _, n := range t.inputs {
		if !contains(inputs, n) {
			return false
		}
	}
	return true
}

// strict returns the term of a function that is not called on errors: an error in an
// argument is the result, a fatal one before a catchable one. If something in an argument is
// secret, so is the result.
func (c *compiler) strict(args []*term, span syntax.Span, f func(args []types.Value) (types.Value, error)) *term {
	return c.marking(args, span, f, derived)
}

// A marker returns the mark of the result of a function from those of the arguments, of which
// at least one is not nil.
type marker func(args []types.Value, marks []*types.Mark, result types.Value) *types.Mark

func derived(_ []types.Value, marks []*types.Mark, _ types.Value) *types.Mark {
	return types.Derived(marks...)
}

// marking is strict for a function that has its own rule of what is secret in the result.
func (c *compiler) marking(args []*term, span syntax.Span, f func(args []types.Value) (types.Value, error), rule marker) *term {
	return c.combine(args, func(fr *frame) flow.Result {
		values := make([]types.Value, len(args))
		var marks []*types.Mark // nil while none of the arguments is secret
		var failed error
		for i, a := range args {
			r := a.code(fr)
			if r.Err() != nil && (failed == nil || !types.Catchable(r.Err())) {
				failed = r.Err()
			}
			values[i] = r.Value
			if r.Mark() != nil {
				if marks == nil {
					marks = make([]*types.Mark, len(args))
				}
				marks[i] = r.Mark()
			}
		}
		if failed != nil {
			return flow.Fail(failed)
		}
		v, err := f(values)
		switch {
		case err != nil:
			return flow.Fail(failure(err, span, marks))
		case marks != nil:
			return flow.Marked(v, rule(values, marks, v))
		}
		return flow.Result{Value: v}
	})
}

// failure places an error of a function, and hides its text if arguments were secret.
func failure(err error, span syntax.Span, marks []*types.Mark) error {
	if marks != nil {
		err = types.HideError(err)
	}
	return locate(err, span)
}

// An Error is an error of the running program and the place it arose at.
type Error struct {
	Span syntax.Span
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// A Refusal is an error about what a program declares, rather than one that arose while it
// was evaluated.
type Refusal struct{ error }

// Unwrap returns what is wrong.
func (r *Refusal) Unwrap() error { return r.error }

// Refuse returns a Refusal of what stands at span.
func Refuse(span syntax.Span, format string, args ...any) error {
	return &Error{span, &Refusal{fmt.Errorf(format, args...)}}
}

// locate notes where err arose, unless that is known.
func locate(err error, span syntax.Span) error {
	if _, ok := err.(*Error); ok {
		return err
	}
	return &Error{span, err}
}
