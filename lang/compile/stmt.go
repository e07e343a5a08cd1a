package compile

import (
	"errors"
	"fmt"

	"mgmt/lang/flow"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// stmts runs the statements of a block: what they yield goes to out.
func (c *compiler) stmts(e *env, list []syntax.Stmt, out *flow.Scope) {
	for _, s := range list {
		switch s := s.(type) {
		case *syntax.Resource:
			c.resource(e, s, out)
		case *syntax.EdgeStmt:
			c.edges(e, s, out)
		case *syntax.Panic:
			c.panic(e, s, out)
		case *syntax.IfStmt:
			c.ifStmt(e, s, out)
		case *syntax.ForStmt:
			c.forStmt(e, s, out)
		case *syntax.IncludeStmt:
			c.include(e, s, out)
		}
		// Binds, functions and classes are looked up when they are used.
	}
}

// ErrPanic is what a panic statement of the program ends with.
var ErrPanic = errors.New("panic")

// panic adds the output of a panic statement: an error, or nothing.
func (c *compiler) panic(e *env, s *syntax.Panic, out *flow.Scope) {
	args := c.exprs(e, s.Args)
	out.Output(unionInputs(args), func() (any, error) {
		message, hit := "", false
		for i, a := range args {
			r := a.code(nil)
			if r.Err() != nil {
				return nil, locate(r.Err(), s.Args[i].Span())
			}
			if r.Mark() != nil {
				r = flow.Result{Value: hiddenMessage(r.Value)}
			}
			switch v := r.Value.(type) {
			case types.Bool:
				hit = bool(v)
			case types.Str:
				message = string(v)
				hit = hit || len(args) == 1 && v != ""
			}
		}
		if !hit {
			return &Contribution{}, nil
		}
		if message == "" {
			return nil, &Error{s.Span(), ErrPanic}
		}
		return nil, &Error{s.Span(), fmt.Errorf("%w: %s", ErrPanic, message)}
	}, sameContribution)
}

// include runs the statements of a class in an environment of their own.
func (c *compiler) include(e *env, s *syntax.IncludeStmt, out *flow.Scope) {
	in := c.includeEnv(e, s)
	c.stmts(in, c.prog.Refs[s.ID].Def.Class.Body.Stmts, out)
}

// includeEnv returns the environment of the class body: the one that names reach
// through the alias, if there is one.
func (c *compiler) includeEnv(e *env, s *syntax.IncludeStmt) *env {
	if s.Alias.Text != "" {
		for _, def := range e.scope.Defs {
			if def.Kind == resolve.IncludeDef && def.Include == s {
				return c.instance(e, def)
			}
		}
	}
	return c.newInstance(e, s)
}

// ifStmt runs one of two blocks. When the condition changes, the block that ran is
// torn down and the other one is built from scratch.
func (c *compiler) ifStmt(e *env, s *syntax.IfStmt, out *flow.Scope) {
	run := func(r flow.Result, out *flow.Scope) {
		switch {
		case r.Err() != nil:
			out.Fail(locate(r.Err(), s.Cond.Span()))
		case bool(r.Value.(types.Bool)):
			c.block(e, s.Then, out)
		case s.Else != nil:
			c.block(e, s.Else, out)
		}
	}
	c.branch(c.expr(e, s.Cond), out, run)
}

func (c *compiler) block(e *env, b *syntax.Block, out *flow.Scope) {
	c.stmts(newEnv(c.prog.ScopeOf(b), e), b.Stmts, out)
}

// branch calls run with the result of the term, and again in a new scope, the old one
// having been closed, each time the result changes.
func (c *compiler) branch(t *term, out *flow.Scope, run func(r flow.Result, out *flow.Scope)) {
	if t.static {
		run(t.value, out)
		return
	}
	on := c.nodeOf(t)
	var in *flow.Scope
	out.Statement([]*flow.Node{on}, func(*flow.Cause) {
		r := on.Result()
		if r.Pending() {
			return
		}
		if in != nil {
			out.Drop(in)
		}
		in = out.Inner()
		run(r, in)
	})
}

// forStmt runs a block once for each element of a list or entry of a map. Turns whose
// index (or key) stays live on; a new element flows into them as a value.
func (c *compiler) forStmt(e *env, s *syntax.ForStmt, out *flow.Scope) {
	l := &loop{c: c, env: e, stmt: s, out: out}
	t := c.expr(e, s.Range)
	if t.static {
		l.static(t.value)
		return
	}
	on := c.nodeOf(t)
	out.Statement([]*flow.Node{on}, func(cause *flow.Cause) { l.update(on.Result(), cause) })
}

// A loop is a running for or forkv statement.
type loop struct {
	c     *compiler
	env   *env
	stmt  *syntax.ForStmt
	out   *flow.Scope
	turns []*turn
	fail  *flow.Scope // holds the error of the range, or nil
}

// A turn is one run of the body of a loop.
type turn struct {
	key   types.Value
	mark  *types.Mark // of the key
	value flow.Cell
	scope *flow.Scope
}

// entries returns the keys and values to loop over, in order.
func entries(v types.Value) []types.Entry {
	switch v := v.(type) {
	case *types.Map:
		return v.Entries()
	case *types.List:
		out := make([]types.Entry, len(v.Elems))
		for i, e := range v.Elems {
			out[i] = types.Entry{Key: types.Int(i), Value: e}
		}
		return out
	}
	return nil
}

func (l *loop) static(r flow.Result) {
	if r.Err() != nil {
		l.out.Fail(locate(r.Err(), l.stmt.Range.Span()))
		return
	}
	for _, x := range entries(r.Value) {
		l.run(staticValue(x.Key), staticValue(x.Value), l.out)
	}
}

// run runs the body with the loop variables bound to the terms.
func (l *loop) run(key, value *term, out *flow.Scope) {
	vars := newEnv(l.c.prog.ScopeOf(l.stmt), l.env)
	for i, def := range vars.scope.Defs {
		if def.IsKey {
			vars.slots[i].term = key
		} else {
			vars.slots[i].term = value
		}
	}
	l.c.block(vars, l.stmt.Body, out)
}

// update makes the turns fit a new list or map.
func (l *loop) update(r flow.Result, cause *flow.Cause) {
	if r.Pending() {
		return
	}
	if l.fail != nil {
		l.out.Drop(l.fail)
		l.fail = nil
	}
	if r.Err() != nil {
		l.drop(l.turns)
		l.turns = nil
		l.fail = l.out.Inner()
		l.fail.Fail(locate(r.Err(), l.stmt.Range.Span()))
		return
	}
	next := entries(r.Value)
	turns := make([]*turn, 0, len(next))
	old := l.turns
	secret := r.Mark().Whole() // also the keys are
	for i, x := range next {   // both are in the order of their keys
		for len(old) > 0 && types.Compare(old[0].key, x.Key) < 0 {
			l.drop(old[:1])
			old = old[1:]
		}
		value := flow.Marked(x.Value, r.Mark().Part(i))
		if len(old) > 0 && types.Compare(old[0].key, x.Key) == 0 && types.SameMark(old[0].mark, secret) {
			old[0].value.Set(value, cause)
			turns = append(turns, old[0])
			old = old[1:]
			continue
		}
		turns = append(turns, l.start(x.Key, secret, value))
	}
	l.drop(old)
	l.turns = turns
}

func (l *loop) start(key types.Value, secret *types.Mark, value flow.Result) *turn {
	t := &turn{key: key, mark: secret, value: l.c.graph.Cell(value), scope: l.out.Inner()}
	l.run(l.c.given(key, secret), nodeTerm(t.value.Node), t.scope)
	return t
}

func (l *loop) drop(turns []*turn) {
	for i := len(turns) - 1; i >= 0; i-- {
		l.out.Drop(turns[i].scope)
	}
}
