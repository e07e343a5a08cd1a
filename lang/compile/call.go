package compile

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"mgmt/lang/flow"
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// builtin returns the named function of the module without a path, such as an operator.
func (c *compiler) builtin(name string) *funcs.Function {
	f := c.lib.Func("", name)
	if f == nil {
		panic("compile: the library has no " + name)
	}
	return f
}

// call returns the term of a call.
func (c *compiler) call(e *env, x *syntax.CallExpr) *term {
	args := c.exprs(e, x.Args)
	switch {
	case x.Lit != nil:
		return c.apply(c.newClosure(x.Lit, e), args)
	case x.Var != nil:
		f := c.expr(e, x.Var)
		if f.fn != nil {
			return c.apply(f.fn, args)
		}
		return c.callValue(f, args)
	}
	ref := c.prog.Refs[x.ID()]
	switch ref.Def.Kind {
	case resolve.LibraryDef:
		return c.library(e, x, ref.Def.Library, args)
	case resolve.FuncDef:
		cl := c.function(e, ref)
		if c.types.Depends(ref.Def) {
			cl = cl.withTypes(c.types.Enter(x.ID(), ref.Def, e.inst, cl.env.inst))
		}
		return c.apply(cl, args)
	}
	f := c.variable(e, ref) // i.f() where f is a variable
	if f.fn != nil {
		return c.apply(f.fn, args)
	}
	return c.callValue(f, args)
}

// library returns the term of a call of a function of the library.
func (c *compiler) library(e *env, x *syntax.CallExpr, f *funcs.Function, args []*term) *term {
	switch {
	case f.Pure != nil:
		return c.pureCall(f, f.Pure, args, x.Span())
	case f.Typed != nil:
		return c.pureCall(f, f.Typed(c.types.Sig(x.ID(), e.inst)), args, x.Span())
	case f.Shape != nil:
		return c.shape(f, args, x.Span())
	}
	return c.source(e, x, f, args)
}

func (c *compiler) pureCall(f *funcs.Function, pure func([]types.Value) (types.Value, error), args []*term, span syntax.Span) *term {
	return c.strict(args, span, func(v []types.Value) (types.Value, error) {
		r, err := pure(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		return r, nil
	})
}

// source returns the term of a function that reads the host: of one that delivers
// values over time, or of one that is asked again when an argument changes.
func (c *compiler) source(e *env, x *syntax.CallExpr, f *funcs.Function, args []*term) *term {
	nodes := make([]*flow.Node, len(args))
	for i, a := range args {
		nodes[i] = c.nodeOf(a)
	}
	call := &funcs.Call{
		Sig:    c.types.Sig(x.ID(), e.inst),
		Dir:    c.deployDir(e.scope.Module),
		Caught: c.caught(x),
		Host:   c.host,
	}
	opts := flow.SourceOptions{Label: c.label(x), Fixed: f.Fixed, Secret: f.Secret, Public: f.Publishes}
	fail := func(err error) error {
		if err == nil {
			return nil
		}
		return locate(fmt.Errorf("%s: %w", f.Name, err), x.Span())
	}
	switch {
	case f.Impure != nil:
		opts.Run = func(_ context.Context, v []types.Value, emit func(types.Value, error)) error {
			r, err := f.Impure(call, v)
			emit(r, fail(err))
			return nil
		}
	case f.Follow:
		opts.Follow = func(ctx context.Context, v []types.Value, changes <-chan []types.Value, emit func(types.Value, error)) error {
			following := *call
			following.Changes = changes
			return fail(f.Source(ctx, &following, v, func(r types.Value, err error) { emit(r, fail(err)) }))
		}
	default:
		opts.Run = func(ctx context.Context, v []types.Value, emit func(types.Value, error)) error {
			return fail(f.Source(ctx, call, v, func(r types.Value, err error) { emit(r, fail(err)) }))
		}
	}
	return nodeTerm(c.graph.Source(nodes, opts))
}

// label names a call for people: "datetime.now() at main.mcl:3:6".
func (c *compiler) label(x *syntax.CallExpr) string {
	return x.Name.Text + "() at " + c.prog.Files.Position(x.Span().Start).String()
}

// shape returns the term of a function that applies function values.
func (c *compiler) shape(f *funcs.Function, args []*term, span syntax.Span) *term {
	framed := false
	for _, a := range args {
		framed = framed || a.framed
	}
	if !c.pure.mayStart() || framed {
		return c.strict(args, span, func(v []types.Value) (types.Value, error) {
			plan, err := f.Shape(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			return runPlan(plan)
		})
	}
	s := &shaper{c: c, f: f, span: span}
	for _, a := range args {
		s.args = append(s.args, c.nodeOf(a))
	}
	return nodeTerm(c.graph.Dynamic(s.args, s.wire, s.result))
}

// runPlan carries out a plan of pure functions.
func runPlan(plan *funcs.Plan) (types.Value, error) {
	results := make([]types.Value, len(plan.Apply))
	for i, a := range plan.Apply {
		args := make([]types.Value, len(a.Args))
		for j, v := range a.Args {
			if r, ok := v.(funcs.Result); ok {
				v = results[r]
			}
			args[j] = v
		}
		r, err := call(a.Func, args)
		if err != nil {
			return nil, err
		}
		results[i] = r
	}
	return plan.Combine(results)
}

// A shaper carries out a plan in which functions may start sources. Applications of
// the same function to the same arguments live on from plan to plan.
type shaper struct {
	c    *compiler
	f    *funcs.Function
	span syntax.Span
	args []*flow.Node

	mark  *types.Mark // of all arguments
	plan  *funcs.Plan
	fail  flow.Result        // in place of a plan
	turns []*term            // of the applications of the plan
	old   map[string][]*term // by what they apply
}

func (s *shaper) wire() []*flow.Node {
	s.plan, s.fail, s.mark = nil, flow.Result{}, nil
	values := make([]types.Value, len(s.args))
	for i, n := range s.args {
		r := n.Result()
		if r.Value == nil {
			s.fail = r
			return nil
		}
		values[i] = r.Value
		s.mark = types.Derived(s.mark, r.Mark())
	}
	plan, err := s.f.Shape(values)
	if err != nil {
		s.fail = joined(flow.Fail(locate(fmt.Errorf("%s: %w", s.f.Name, err), s.span)), s.mark)
		return nil
	}
	s.plan = plan
	s.turns = s.turns[:0:0]
	next := map[string][]*term{}
	for _, a := range plan.Apply {
		key := s.key(a)
		var t *term
		if same := s.old[key]; len(same) > 0 {
			t, s.old[key] = same[0], same[1:]
		} else {
			t = s.c.shared(s.c.instantiate(a.Func, s.arguments(a)))
		}
		s.turns = append(s.turns, t)
		next[key] = append(next[key], t)
	}
	s.old = next
	return unionInputs(s.turns)
}

// key identifies an application: the function and its arguments.
func (s *shaper) key(a funcs.Application) string {
	var b strings.Builder
	if s.mark != nil {
		b.WriteByte('*') // what was not secret before is applied anew
	}
	writeIdentity(&b, a.Func)
	for _, v := range a.Args {
		b.WriteByte('|')
		if r, ok := v.(funcs.Result); ok {
			fmt.Fprintf(&b, "%p", s.turns[r])
			continue
		}
		writeIdentity(&b, v)
	}
	return b.String()
}

// writeIdentity writes a text that is equal for values that are the same.
func writeIdentity(b *strings.Builder, v types.Value) {
	switch v := v.(type) {
	case *types.Func:
		fmt.Fprintf(b, "%p(", v.Code)
		for _, x := range v.Captured {
			writeIdentity(b, x)
		}
		b.WriteByte(')')
	case *types.List:
		for _, x := range v.Elems {
			writeIdentity(b, x)
			b.WriteByte(',')
		}
	case *types.Struct:
		for _, x := range v.Elems {
			writeIdentity(b, x)
			b.WriteByte(';')
		}
	case *types.Map:
		for _, x := range v.Entries() {
			writeIdentity(b, x.Key)
			b.WriteByte(':')
			writeIdentity(b, x.Value)
			b.WriteByte(',')
		}
	default:
		b.WriteString(strconv.Quote(v.String()))
	}
}

func (s *shaper) arguments(a funcs.Application) []*term {
	out := make([]*term, len(a.Args))
	for i, v := range a.Args {
		if r, ok := v.(funcs.Result); ok {
			out[i] = s.turns[r]
		} else {
			out[i] = s.c.given(v, s.mark)
		}
	}
	return out
}

func (s *shaper) result() flow.Result {
	if s.plan == nil {
		return s.fail
	}
	mark := s.mark
	results := make([]types.Value, len(s.turns))
	for i, t := range s.turns {
		r := whenReady(t)()
		if r.Value == nil {
			return r
		}
		results[i] = r.Value
		mark = types.Derived(mark, r.Mark())
	}
	v, err := s.plan.Combine(results)
	if err != nil {
		return joined(flow.Fail(locate(err, s.span)), mark)
	}
	return joined(flow.Result{Value: v}, mark)
}
