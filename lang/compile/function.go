package compile

import (
	"fmt"
	"slices"

	"mgmt/lang/flow"
	"mgmt/lang/infer"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A closure is a function literal in an environment.
type closure struct {
	lit  *syntax.FuncLit
	env  *env
	body *term // code over a frame, if the function is pure; made on first use
	used []bool
}

func (c *compiler) newClosure(lit *syntax.FuncLit, e *env) *closure {
	return &closure{lit: lit, env: e}
}

// withTypes returns the closure for one use of a polymorphic function. Only a
// function that looks at types while it runs has to be compiled for each.
func (cl *closure) withTypes(in *infer.Instance) *closure {
	e := *cl.env
	e.inst = in
	return &closure{lit: cl.lit, env: &e}
}

// compiled returns the body of a pure function as code over a frame.
func (c *compiler) compiled(cl *closure) *term {
	if cl.body == nil {
		e := frameEnv(c.prog.ScopeOf(cl.lit), cl.env)
		cl.body = c.expr(e, cl.lit.Body)
		cl.used = c.usedParams(cl.lit)
	}
	return cl.body
}

// usedParams tells which parameters the body of a function mentions. An error in an
// argument that the body ignores is the result of the call.
func (c *compiler) usedParams(lit *syntax.FuncLit) []bool {
	scope := c.prog.ScopeOf(lit)
	used := make([]bool, len(lit.Params))
	syntax.Inspect(lit.Body, func(n syntax.Node) bool {
		if e, ok := n.(syntax.Expr); ok {
			if ref := c.prog.Refs[e.ID()]; ref != nil && ref.Def.Scope == scope {
				used[ref.Def.Index] = true
			}
		}
		return true
	})
	return used
}

// literal returns the term of a function literal as a value.
func (c *compiler) literal(e *env, lit *syntax.FuncLit) *term {
	cl := c.newClosure(lit, e)
	if !c.pure.function(lit) {
		t := staticValue(&types.Func{Code: cl})
		t.fn = cl
		return t
	}
	body := c.compiled(cl)
	t := &term{inputs: body.inputs, framed: e.level > 0, static: e.level == 0 && len(body.inputs) == 0}
	t.code = func(fr *frame) flow.Result {
		return flow.Marked(&types.Func{Code: cl, Captured: captured(body.inputs, fr), Frame: fr, Call: func(args []types.Value) (types.Value, error) {
			in := &frame{parent: fr, slots: make([]flow.Result, len(args))}
			for i, a := range args {
				in.slots[i].Value = a
			}
			r := body.code(in)
			return r.Value, r.Err()
		}}, markOf(body.inputs, fr))
	}
	if t.static {
		t = static(t.code(nil))
	}
	if e.level == 0 {
		t.fn = cl
	}
	return t
}

// captured lists what a function value closed over, by which two are compared.
func captured(inputs []*flow.Node, fr *frame) []types.Value {
	var out []types.Value
	for _, n := range inputs {
		out = append(out, capturedValue(n.Result()))
	}
	for ; fr != nil; fr = fr.parent {
		for _, r := range fr.slots {
			out = append(out, capturedValue(r))
		}
	}
	return out
}

func capturedValue(r flow.Result) types.Value {
	if r.Err() != nil {
		return types.Str("error: " + r.Err().Error())
	}
	return r.Value
}

// apply returns the term of a call of a known function.
func (c *compiler) apply(cl *closure, args []*term) *term {
	if !c.pure.function(cl.lit) {
		return c.inline(cl, args)
	}
	body := c.compiled(cl)
	inner := cl.env.level > 0 // a literal inside of a function sees the frame around it
	parts := slices.Concat(args, []*term{{inputs: body.inputs, static: len(body.inputs) == 0, framed: inner}})
	return c.combine(parts, func(fr *frame) flow.Result {
		var parent *frame
		if inner {
			parent = fr
		}
		return cl.run(parent, fr, args)
	})
}

// run calls a pure function. An error in an argument is for the body to deal with, but
// not one in an argument that the body ignores. The arguments are evaluated in fr.
func (cl *closure) run(parent, fr *frame, args []*term) flow.Result {
	in := &frame{parent: parent, slots: make([]flow.Result, len(args))}
	for i, a := range args {
		in.slots[i] = a.code(fr)
		if err := in.slots[i].Err(); err != nil && !cl.used[i] {
			return flow.Fail(err)
		}
	}
	return cl.body.code(in)
}

// inline instantiates a function in whose body an event source may start.
func (c *compiler) inline(cl *closure, args []*term) *term {
	e := newEnv(c.prog.ScopeOf(cl.lit), cl.env)
	used := c.usedParams(cl.lit)
	var ignored []*term
	for i, a := range args {
		e.slots[i].term = c.shared(a)
		if !used[i] && !(a.static && a.value.Err() == nil) {
			ignored = append(ignored, e.slots[i].term)
		}
	}
	body := c.expr(e, cl.lit.Body)
	if ignored == nil {
		return body
	}
	return c.combine(append(ignored, body), func(fr *frame) flow.Result {
		for _, a := range ignored {
			if r := a.code(fr); r.Err() != nil {
				return r
			}
		}
		return body.code(fr)
	})
}

// callValue returns the term of a call of a function that is known only when it runs.
func (c *compiler) callValue(f *term, args []*term) *term {
	parts := slices.Concat([]*term{f}, args)
	if !c.pure.mayStart() || f.framed {
		return c.combine(parts, func(fr *frame) flow.Result {
			r := f.code(fr)
			if r.Err() != nil {
				return r
			}
			fn := r.Value.(*types.Func)
			parent, _ := fn.Frame.(*frame)
			return joined(fn.Code.(*closure).run(parent, fr, args), r.Mark())
		})
	}
	fn := c.shared(f)
	shared := make([]*term, len(args))
	for i, a := range args {
		shared[i] = c.shared(a)
	}
	var now *types.Func // the function that cur calls
	var cur *term
	wire := func() []*flow.Node {
		r := fn.code(nil)
		if r.Value == nil {
			now, cur = nil, static(r)
			return nil
		}
		if next := r.Value.(*types.Func); now == nil || !types.Same(now, next) {
			now, cur = next, c.instantiate(next, shared)
		}
		return cur.inputs
	}
	return nodeTerm(c.graph.Dynamic([]*flow.Node{c.nodeOf(fn)}, wire, func() flow.Result { return joined(whenReady(cur)(), fn.code(nil).Mark()) }))
}

// instantiate returns the term of a call of a function value.
func (c *compiler) instantiate(f *types.Func, args []*term) *term {
	cl := f.Code.(*closure)
	if f.Call == nil {
		return c.inline(cl, args)
	}
	parent, _ := f.Frame.(*frame)
	return c.combine(args, func(fr *frame) flow.Result { return cl.run(parent, fr, args) })
}

func call(f *types.Func, args []types.Value) (types.Value, error) {
	if f.Call == nil {
		return nil, fmt.Errorf("internal error: a function with an event source cannot be called here")
	}
	return f.Call(args)
}
