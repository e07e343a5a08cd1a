package resolve

import (
	"slices"
	"strings"

	"mgmt/lang/syntax"
)

// A space is one of the name spaces. Includes and imports with an alias share one.
type space uint8

const (
	varSpace space = iota
	funcSpace
	classSpace
	aliasSpace
)

func (d *Def) space() space {
	switch d.Kind {
	case FuncDef, LibraryDef:
		return funcSpace
	case ClassDef:
		return classSpace
	case IncludeDef:
		return aliasSpace
	}
	return varSpace
}

// A nameKey is a name in a name space.
type nameKey struct {
	space space
	name  string
}

// maxScan is how many definitions of a scope are searched one by one. Most scopes have
// fewer and need no index.
const maxScan = 8

// find returns the definition of a plain name in the scope, or nil. Of loop variables of
// one name, the value counts.
func (s *Scope) find(sp space, name string) *Def {
	if s.index != nil {
		return s.index[nameKey{sp, name}]
	}
	for i := len(s.Defs) - 1; i >= 0; i-- {
		if d := s.Defs[i]; d.Name == name && d.space() == sp {
			return d
		}
	}
	return nil
}

// add puts a definition into the scope.
func (s *Scope) add(def *Def) *Def {
	def.Scope, def.Index = s, len(s.Defs)
	def.ref.Def = def
	s.Defs = append(s.Defs, def)
	switch {
	case s.index != nil:
		s.index[nameKey{def.space(), def.Name}] = def
	case len(s.Defs) > maxScan:
		s.index = make(map[nameKey]*Def, 4*maxScan)
		for _, d := range s.Defs {
			s.index[nameKey{d.space(), d.Name}] = d
		}
	}
	return def
}

// inner returns a new scope within s.
func (s *Scope) inner(kind ScopeKind) *Scope {
	return &Scope{Kind: kind, Parent: s, Module: s.Module, Class: s.Class}
}

// declare makes the definitions of a block and of the blocks in it, in the order of the
// statements. Imports are noted, to be followed when the block is examined.
func (r *resolver) declare(s *Scope, list []syntax.Stmt) {
	r.scopes = append(r.scopes, s)
	s.grow(list)
	nested := false
	for _, x := range list {
		switch x := x.(type) {
		case *syntax.Bind:
			r.define(s, &Def{Kind: VarDef, Name: x.Name.Text, Span: x.Name.Span, Bind: x})
		case *syntax.FuncStmt:
			r.define(s, &Def{Kind: FuncDef, Name: x.Name.Text, Span: x.Name.Span, Func: x})
		case *syntax.ClassStmt:
			if strings.Contains(x.Name.Text, ":") {
				nested = true
			} else {
				r.declareClass(s, x, x.Name.Text)
			}
		case *syntax.IncludeStmt:
			if x.Alias.Text != "" {
				r.define(s, &Def{Kind: IncludeDef, Name: x.Alias.Text, Span: x.Alias.Span, Include: x})
			}
		case *syntax.ImportStmt:
			s.note(x)
		case *syntax.IfStmt:
			r.declareBlock(s, BranchScope, x.Then)
			r.declareBlock(s, BranchScope, x.Else)
		case *syntax.ForStmt:
			r.declareLoop(s, x)
		}
	}
	if nested {
		r.nestClasses(s, list)
	}
}

// grow makes room for the definitions of the statements.
func (s *Scope) grow(list []syntax.Stmt) {
	n := len(s.Defs)
	for _, x := range list {
		switch x.(type) {
		case *syntax.Bind, *syntax.FuncStmt, *syntax.ClassStmt, *syntax.IncludeStmt:
			n++
		}
	}
	s.Defs = slices.Grow(s.Defs, n)
	if n > maxScan {
		s.index = make(map[nameKey]*Def, n)
	}
}

func (r *resolver) declareBlock(outer *Scope, kind ScopeKind, b *syntax.Block) {
	if b == nil {
		return
	}
	s := outer.inner(kind)
	r.prog.scopes[b] = s
	r.declare(s, b.Stmts)
}

func (r *resolver) declareLoop(outer *Scope, x *syntax.ForStmt) {
	s := outer.inner(LoopScope)
	r.scopes = append(r.scopes, s)
	r.prog.scopes[x] = s
	s.add(&Def{Kind: LoopDef, Name: x.Key.Text, Span: x.Key.Span, Loop: x, IsKey: true})
	s.add(&Def{Kind: LoopDef, Name: x.Value.Text, Span: x.Value.Span, Loop: x})
	r.declareBlock(s, BodyScope, x.Body)
}

// define adds a definition to a block; the first one of a name counts. That is as wrong
// in a class that nothing includes as anywhere else.
func (r *resolver) define(s *Scope, def *Def) {
	if def.Name == "" { // reported by the parser
		return
	}
	first := s.find(def.space(), def.Name)
	if first == nil {
		s.add(def)
		return
	}
	var d *syntax.Diagnostic
	switch def.Kind {
	case IncludeDef:
		r.duplicateAlias(def.Name, def.Span, first.Span)
		return
	case FuncDef:
		d = r.report(codeDuplicate, def.Span, "there is a function `%s` in this block already", def.Name)
	default:
		d = r.report(codeDuplicate, def.Span, "there is a variable `$%s` in this block already", def.Name)
		d.Hint = "a variable is bound once and never changes; order does not matter within a block"
	}
	d.Relate(first.Span, "the first one")
}

func (r *resolver) duplicateAlias(name string, span, first syntax.Span) {
	d := r.report(codeDuplicateAlias, span, "`%s` stands for something else in this block already", name)
	d.Relate(first, "it is taken here")
	d.Hint = "give one of them another name with `as`"
}

// declareClass adds a class. The parser has reported two of one name.
func (r *resolver) declareClass(s *Scope, x *syntax.ClassStmt, name string) {
	if name == "" || s.find(classSpace, name) != nil {
		return
	}
	def := s.add(&Def{Kind: ClassDef, Name: name, Span: x.Name.Span, Class: x})
	r.classes = append(r.classes, def)
	def.ParamScope = s.inner(ParamScope)
	def.ParamScope.Class = def
	def.ParamScope.params(x.Params)
	def.Body = def.ParamScope.inner(BodyScope)
	r.prog.scopes[x.Body] = def.Body
	r.declare(def.Body, x.Body.Stmts)
}

// params adds the definitions of parameters.
func (s *Scope) params(list []*syntax.Param) {
	if len(list) > 0 {
		s.Defs = make([]*Def, 0, len(list))
	}
	for _, p := range list {
		s.add(&Def{Kind: ParamDef, Name: p.Name.Text, Span: p.Name.Span, Param: p})
	}
}

// nestClasses puts class a:b into the body of class a of the same block, and then a:b:c
// into that of a:b. Where there is no class a, nothing can ever include a:b.
func (r *resolver) nestClasses(s *Scope, list []syntax.Stmt) {
	var nested []*syntax.ClassStmt
	for _, x := range list {
		if x, ok := x.(*syntax.ClassStmt); ok && strings.Contains(x.Name.Text, ":") {
			nested = append(nested, x)
		}
	}
	slices.SortStableFunc(nested, func(a, b *syntax.ClassStmt) int {
		return strings.Count(a.Name.Text, ":") - strings.Count(b.Name.Text, ":")
	})
	for _, x := range nested {
		r.nestClass(s, x)
	}
}

func (r *resolver) nestClass(s *Scope, x *syntax.ClassStmt) {
	path, name := x.Name.Text, ""
	for more := true; more; {
		name, path, more = strings.Cut(path, ":")
		if !more {
			break
		}
		outer := s.find(classSpace, name)
		if outer == nil {
			return
		}
		s = outer.Body
	}
	r.declareClass(s, x, name)
}
