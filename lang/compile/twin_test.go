package compile_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mgmt/lang/compile"
	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A twin evaluates a program from scratch by walking its tree: slow, short, and with no
// idea of what changed. The incremental evaluation has to agree with it.
type twin struct {
	lib    *funcs.Library
	source func(i int) (types.Value, error) // value of twin.get(i)
	out    []string
}

// scope binds names by walking outwards. Variables are thunks, evaluated on each use.
type scope struct {
	parent  *scope
	vars    map[string]func() (types.Value, error)
	funcs   map[string]func(args []types.Value, errs []error) (types.Value, error)
	classes map[string]*class
	names   map[string]*scope // of includes
}

type class struct {
	stmt *syntax.ClassStmt
	home *scope
}

func newScope(parent *scope) *scope {
	return &scope{parent, map[string]func() (types.Value, error){}, map[string]func([]types.Value, []error) (types.Value, error){}, map[string]*class{}, map[string]*scope{}}
}

func (s *scope) variable(path string) func() (types.Value, error) {
	head, rest, dotted := strings.Cut(path, ".")
	for x := s; x != nil; x = x.parent {
		if dotted && x.names[head] != nil {
			return x.names[head].variable(rest)
		}
		if f := x.vars[path]; f != nil {
			return f
		}
	}
	panic("twin: no variable " + path)
}

func (t *twin) run(tree *syntax.Tree) []string {
	t.out = nil
	t.stmts(newScope(nil), tree.Stmts)
	slices.Sort(t.out)
	return t.out
}

func (t *twin) stmts(s *scope, list []syntax.Stmt) {
	for _, x := range list {
		t.define(s, x)
	}
	for _, x := range list {
		t.stmt(s, x)
	}
}

func (t *twin) define(s *scope, x syntax.Stmt) {
	switch x := x.(type) {
	case *syntax.Bind:
		s.vars[x.Name.Text] = func() (types.Value, error) { return t.eval(s, x.Value) }
	case *syntax.FuncStmt:
		s.funcs[x.Name.Text] = func(args []types.Value, errs []error) (types.Value, error) {
			return t.apply(s, x.Func, args, errs)
		}
	case *syntax.ClassStmt:
		s.classes[x.Name.Text] = &class{x, s}
	case *syntax.IncludeStmt:
		if x.Alias.Text != "" {
			s.names[x.Alias.Text] = t.instance(s, x)
		}
	}
}

func (t *twin) instance(s *scope, x *syntax.IncludeStmt) *scope {
	var c *class
	for y := s; c == nil; y = y.parent {
		c = y.classes[x.Path.Text]
	}
	params := newScope(c.home)
	for i, p := range c.stmt.Params {
		params.vars[p.Name.Text] = func() (types.Value, error) { return t.eval(s, x.Args[i]) }
	}
	body := newScope(params)
	for _, st := range c.stmt.Body.Stmts {
		t.define(body, st)
	}
	return body
}

func (t *twin) stmt(s *scope, x syntax.Stmt) {
	switch x := x.(type) {
	case *syntax.Resource:
		t.resource(s, x)
	case *syntax.IfStmt:
		v, err := t.eval(s, x.Cond)
		switch {
		case err != nil:
			t.out = append(t.out, "error")
		case bool(v.(types.Bool)):
			t.stmts(newScope(s), x.Then.Stmts)
		case x.Else != nil:
			t.stmts(newScope(s), x.Else.Stmts)
		}
	case *syntax.ForStmt:
		v, err := t.eval(s, x.Range)
		if err != nil {
			t.out = append(t.out, "error")
			return
		}
		t.loop(s, x, v)
	case *syntax.IncludeStmt:
		in := s.names[x.Alias.Text]
		if in == nil {
			in = t.instance(s, x)
		}
		var c *class
		for y := s; c == nil; y = y.parent {
			c = y.classes[x.Path.Text]
		}
		for _, st := range c.stmt.Body.Stmts {
			t.stmt(in, st)
		}
	}
}

func (t *twin) loop(s *scope, x *syntax.ForStmt, v types.Value) {
	turn := func(key, value types.Value) {
		in := newScope(s)
		in.vars[x.Key.Text] = func() (types.Value, error) { return key, nil }
		in.vars[x.Value.Text] = func() (types.Value, error) { return value, nil }
		t.stmts(newScope(in), x.Body.Stmts)
	}
	switch v := v.(type) {
	case *types.List:
		for i, e := range v.Elems {
			turn(types.Int(i), e)
		}
	case *types.Map:
		for _, e := range v.Entries() {
			turn(e.Key, e.Value)
		}
	}
}

func (t *twin) resource(s *scope, x *syntax.Resource) {
	name, err := t.eval(s, x.Name)
	fields := ""
	for _, it := range x.Items {
		on := types.Value(types.Bool(true))
		var e error
		if it.Cond != nil {
			on, e = t.eval(s, it.Cond)
		}
		v, e2 := t.eval(s, it.Value)
		err = errors.Join(err, e, e2)
		if err == nil && on == types.Bool(true) {
			fields += " " + it.Name.Text + "=" + v.String()
		}
	}
	if err != nil {
		t.out = append(t.out, "error")
		return
	}
	if l, ok := name.(*types.List); ok {
		seen := map[types.Value]bool{}
		for _, n := range l.Elems {
			if !seen[n] {
				t.out = append(t.out, n.String()+fields)
			}
			seen[n] = true
		}
		return
	}
	t.out = append(t.out, name.String()+fields)
}

// describe is what the twin says, of what the incremental evaluation yields.
func describe(con *compile.Contribution) []string {
	var out []string
	for _, r := range con.Resources {
		s := r.Name
		for _, p := range r.Params {
			s += " " + p.Name + "=" + p.Value.String()
		}
		out = append(out, s)
	}
	return out
}

func (t *twin) apply(s *scope, lit *syntax.FuncLit, args []types.Value, errs []error) (types.Value, error) {
	in := newScope(s)
	for i, p := range lit.Params {
		in.vars[p.Name.Text] = func() (types.Value, error) {
			if errs != nil && errs[i] != nil {
				return nil, errs[i]
			}
			return args[i], nil
		}
		if errs != nil && errs[i] != nil && !mentions(lit.Body, p.Name.Text) {
			return nil, errs[i]
		}
	}
	return t.eval(in, lit.Body)
}

func mentions(e syntax.Expr, name string) bool {
	found := false
	syntax.Inspect(e, func(n syntax.Node) bool {
		v, ok := n.(*syntax.VarExpr)
		found = found || ok && v.Path == name
		return true
	})
	return found
}

// strict evaluates all of the expressions: an error wins, a fatal one before others.
func (t *twin) strict(s *scope, list []syntax.Expr) ([]types.Value, error) {
	var failed error
	out := make([]types.Value, len(list))
	for i, e := range list {
		v, err := t.eval(s, e)
		if err != nil && (failed == nil || !types.Catchable(err)) {
			failed = err
		}
		out[i] = v
	}
	return out, failed
}

func (t *twin) pure(s *scope, name string, list ...syntax.Expr) (types.Value, error) {
	args, err := t.strict(s, list)
	if err != nil {
		return nil, err
	}
	return t.lib.Func("", name).Pure(args)
}

func (t *twin) eval(s *scope, e syntax.Expr) (types.Value, error) {
	switch e := e.(type) {
	case *syntax.BoolLit:
		return types.Bool(e.Value), nil
	case *syntax.IntLit:
		return types.Int(e.Value), nil
	case *syntax.StringLit:
		return types.Str(e.Value), nil
	case *syntax.ListLit:
		v, err := t.strict(s, e.Elems)
		return types.NewList(v...), err
	case *syntax.MapLit:
		return t.mapLit(s, e)
	case *syntax.VarExpr:
		return s.variable(e.Path)()
	case *syntax.FuncLit:
		return &types.Func{Code: e, Frame: s, Call: func(args []types.Value) (types.Value, error) { return t.apply(s, e, args, nil) }}, nil
	case *syntax.CallExpr:
		return t.call(s, e)
	case *syntax.IfExpr:
		v, err := t.eval(s, e.Cond)
		if err != nil {
			return nil, err
		}
		if v.(types.Bool) {
			return t.eval(s, e.Then)
		}
		return t.eval(s, e.Else)
	case *syntax.ParenExpr:
		return t.eval(s, e.X)
	case *syntax.IndexExpr:
		return t.pure(s, "_index", e.X, e.Index)
	case *syntax.BinaryExpr:
		if e.Op == syntax.OpExcept {
			v, err := t.eval(s, e.X)
			if err != nil && types.Catchable(err) {
				return t.eval(s, e.Y)
			}
			return v, err
		}
		return t.pure(s, "_"+e.Op.String(), e.X, e.Y)
	}
	panic(fmt.Sprintf("twin: %T", e))
}

func (t *twin) mapLit(s *scope, e *syntax.MapLit) (types.Value, error) {
	var list []syntax.Expr
	for _, m := range e.Entries {
		list = append(list, m.Key, m.Value)
	}
	v, err := t.strict(s, list)
	if err != nil {
		return nil, err
	}
	var out []types.Entry
	for i := 0; i < len(v); i += 2 {
		out = append(out, types.Entry{Key: v[i], Value: v[i+1]})
	}
	return types.NewMap(out), nil
}

func (t *twin) call(s *scope, e *syntax.CallExpr) (types.Value, error) {
	args := make([]types.Value, len(e.Args))
	errs := make([]error, len(e.Args))
	for i, a := range e.Args {
		args[i], errs[i] = t.eval(s, a)
	}
	if e.Name.Text != "" && e.Name.Text != "twin.get" && e.Name.Text != "iter.map" {
		for x := s; x != nil; x = x.parent {
			if f := x.funcs[e.Name.Text]; f != nil {
				return f(args, errs)
			}
		}
	}
	if e.Var != nil {
		f, err := s.variable(e.Var.Path)()
		if err != nil {
			return nil, err
		}
		fn := f.(*types.Func)
		return t.apply(fn.Frame.(*scope), fn.Code.(*syntax.FuncLit), args, errs)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, slices.MinFunc(slices.DeleteFunc(errs, func(e error) bool { return e == nil }), func(a, b error) int {
			switch {
			case !types.Catchable(a) && types.Catchable(b):
				return -1
			}
			return 0
		})
	}
	switch {
	case e.Name.Text == "twin.get":
		return t.source(int(args[0].(types.Int)))
	case e.Name.Text == "iter.map":
		out := types.NewList()
		for _, x := range args[0].(*types.List).Elems {
			v, err := args[1].(*types.Func).Call([]types.Value{x})
			if err != nil {
				return nil, err
			}
			out.Elems = append(out.Elems, v)
		}
		return out, nil
	}
	return t.lib.Func("", e.Name.Text).Pure(args)
}

// sortedLive lists what the live outputs contribute.
func sortedLive(live map[any][]string) []string {
	out := slices.Concat(slices.Collect(maps.Values(live))...)
	slices.Sort(out)
	return out
}
