package infer

import (
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// Bounds of what is evaluated while types are inferred: how far it is followed, and how
// long a string may get. What is beyond them is taken for unknown, as are lists and maps.
const (
	maxFold     = 1000
	maxFoldText = 1 << 16
)

// A constant is what a variable is known to be, or that it is not.
type constant struct {
	value types.Value
	known bool
}

// fold returns the value of an expression that is known before the program runs: made of
// literals, variables bound to such expressions, operators and pure functions.
func (c *checker) fold(e syntax.Expr, depth int) (types.Value, bool) {
	if depth > maxFold {
		return nil, false
	}
	switch e := e.(type) {
	case *syntax.BoolLit:
		return types.Bool(e.Value), true
	case *syntax.IntLit:
		return types.Int(e.Value), true
	case *syntax.FloatLit:
		return types.Float(e.Value), true
	case *syntax.StringLit:
		switch {
		case e.Parts == nil:
			return types.Str(e.Value), true
		case len(e.Parts) == 1 && e.Parts[0].Var != nil:
			return c.fold(e.Parts[0].Var, depth+1)
		}
	case *syntax.ParenExpr:
		return c.fold(e.X, depth+1)
	case *syntax.VarExpr:
		return c.foldVariable(c.prog.Refs[e.ID()], depth)
	case *syntax.UnaryExpr:
		if e.Op == syntax.OpNeg {
			return c.foldCall(c.operator(e.Op), []syntax.Expr{e.X}, depth)
		}
	case *syntax.BinaryExpr:
		if e.Op != syntax.OpExcept {
			return c.foldCall(c.operator(e.Op), []syntax.Expr{e.X, e.Y}, depth)
		}
	case *syntax.CallExpr:
		if ref := c.prog.Refs[e.ID()]; e.Name.Text != "" && ref != nil && ref.Def.Kind == resolve.LibraryDef {
			return c.foldCall(ref.Def.Library, e.Args, depth)
		}
	}
	return nil, false
}

// foldVariable follows a variable, once.
func (c *checker) foldVariable(ref *resolve.Ref, depth int) (types.Value, bool) {
	switch {
	case ref == nil || len(ref.Via) > 0:
		return nil, false
	case ref.Def.Kind == resolve.ConstDef:
		return ref.Def.Const, ref.Def.Const != nil
	case ref.Def.Kind != resolve.VarDef:
		return nil, false
	}
	k, seen := c.constants[ref.Def]
	if !seen {
		c.constants[ref.Def] = constant{} // of one that comes out of a cycle
		k.value, k.known = c.fold(ref.Def.Bind.Value, depth+1)
		c.constants[ref.Def] = k
	}
	return k.value, k.known
}

func (c *checker) foldCall(f *funcs.Function, exprs []syntax.Expr, depth int) (v types.Value, ok bool) {
	if f == nil || f.Pure == nil || f.NoFold {
		return nil, false
	}
	args := make([]types.Value, len(exprs))
	for i, e := range exprs {
		if args[i], ok = c.fold(e, depth+1); !ok {
			return nil, false
		}
	}
	defer func() {
		if recover() != nil { // of a type that will be reported
			v, ok = nil, false
		}
	}()
	v, err := f.Pure(args)
	if err != nil {
		return nil, false
	}
	switch v := v.(type) {
	case types.Str:
		return v, len(v) <= maxFoldText
	case types.Bool, types.Int, types.Float:
		return v, true
	}
	return nil, false
}
