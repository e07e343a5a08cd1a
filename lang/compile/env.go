package compile

import (
	"mgmt/lang/flow"
	"mgmt/lang/infer"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// An env is an instance of a scope: what its names are bound to.
type env struct {
	scope  *resolve.Scope
	parent *env
	slots  []binding // by index of the definition
	inst   *infer.Instance
	level  int // how many pure functions it is inside of
}

// A binding is what one definition of a scope is bound to in an env.
type binding struct {
	term     *term    // of a variable, parameter or loop variable
	closure  *closure // of a named function
	instance *env     // of an include: the environment of the class body
}

func newEnv(scope *resolve.Scope, parent *env) *env {
	e := &env{scope: scope, parent: parent, slots: make([]binding, len(scope.Defs))}
	if parent != nil {
		e.inst, e.level = parent.inst, parent.level
	}
	return e
}

// home returns the environment around e in which def is defined.
func (c *compiler) home(e *env, def *resolve.Def) *env {
	for x := e; x != nil; x = x.parent {
		if x.scope == def.Scope {
			return x
		}
	}
	return c.module(def.Scope)
}

// module returns the one environment of the top level of a module.
func (c *compiler) module(scope *resolve.Scope) *env {
	e := c.modules[scope]
	if e == nil {
		e = newEnv(scope, nil)
		c.modules[scope] = e
	}
	return e
}

// reach follows the includes of a reference and returns the environment to look the
// definition up from.
func (c *compiler) reach(e *env, via []*resolve.Def) *env {
	for _, def := range via {
		e = c.instance(c.home(e, def), def)
	}
	return e
}

// variable returns the term of the variable, parameter or constant that ref names.
func (c *compiler) variable(e *env, ref *resolve.Ref) *term {
	def := ref.Def
	if def.Kind == resolve.ConstDef {
		if def.Const == nil && def.Name == "hostname" {
			return staticValue(types.Str(c.host.Hostname))
		}
		return staticValue(def.Const)
	}
	from := c.reach(e, ref.Via)
	at := c.home(from, def)
	b := &at.slots[def.Index]
	if b.term == nil {
		b.term = c.expr(at, def.Bind.Value)
		if from != at || c.prog.Uses[def] != 1 || len(ref.Via) > 0 {
			b.term = c.shared(b.term)
		}
	}
	if up := e.level - at.level; b.term.framed && up > 0 {
		return outerSlot(def.Index, up)
	}
	return b.term
}

// outerSlot returns the term of a parameter of a function around the present one.
func outerSlot(index, up int) *term {
	return &term{framed: true, code: func(fr *frame) flow.Result {
		for range up {
			fr = fr.parent
		}
		return fr.slots[index]
	}}
}

// function returns the closure of the named function that ref names.
func (c *compiler) function(e *env, ref *resolve.Ref) *closure {
	def := ref.Def
	at := c.home(c.reach(e, ref.Via), def)
	b := &at.slots[def.Index]
	if b.closure == nil {
		b.closure = c.newClosure(def.Func.Func, at)
	}
	return b.closure
}

// instance returns the environment of the class body that an include with an alias
// makes. It does not run the statements of the class.
func (c *compiler) instance(at *env, def *resolve.Def) *env {
	b := &at.slots[def.Index]
	if b.instance == nil {
		b.instance = c.newInstance(at, def.Include)
	}
	return b.instance
}

func (c *compiler) newInstance(e *env, inc *syntax.IncludeStmt) *env {
	ref := c.prog.Refs[inc.ID]
	class := ref.Def
	outer := c.home(c.reach(e, ref.Via), class)
	params := newEnv(class.ParamScope, outer)
	params.inst = c.types.Enter(inc.ID, class, e.inst, outer.inst)
	for i, arg := range inc.Args {
		params.slots[i].term = c.shared(c.expr(e, arg))
	}
	return newEnv(class.Body, params)
}

// frameEnv returns an environment in which the parameters are slots of a frame.
func frameEnv(scope *resolve.Scope, outer *env) *env {
	e := newEnv(scope, outer)
	e.level++
	for i := range e.slots {
		e.slots[i].term = &term{framed: true, code: func(fr *frame) flow.Result { return fr.slots[i] }}
	}
	return e
}
