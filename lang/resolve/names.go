package resolve

import (
	"slices"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
)

// imports are what the import statements of a block bring.
type imports struct {
	stmts   []*syntax.ImportStmt // not followed yet
	aliases []*alias
	stars   []*alias // import … as *, in order
	missing []string // names of imports that were not followed
	partial bool     // one of these has no name: whatever seems to be missing may be in it
}

// An alias is a prefix behind which the names of a module are found.
type alias struct {
	name string
	span syntax.Span
	file *Module       // or nil
	lib  *funcs.Module // or nil
}

// note keeps an import statement to be followed later.
func (s *Scope) note(x *syntax.ImportStmt) {
	if s.imports == nil {
		s.imports = &imports{}
		if s.Class == nil {
			s.Module.blocks = append(s.Module.blocks, s)
		}
	}
	s.imports.stmts = append(s.imports.stmts, x)
}

func (s *Scope) alias(name string) *alias {
	if s.imports == nil {
		return nil
	}
	for _, a := range s.imports.aliases {
		if a.name == name {
			return a
		}
	}
	return nil
}

// lookup finds a dotted name from a scope, outwards.
func (r *resolver) lookup(s *Scope, sp space, path string) *Ref {
	for ; s != nil; s = s.Parent {
		if ref := r.in(s, sp, path); ref != nil {
			return ref
		}
	}
	return r.inLibrary(r.lib.Module(""), sp, path)
}

// in finds a name in one scope: one of its own, one behind an alias, or one that was
// imported as *.
func (r *resolver) in(s *Scope, sp space, path string) *Ref {
	if def := s.find(sp, path); def != nil {
		return &def.ref
	}
	if head, rest, dotted := strings.Cut(path, "."); dotted {
		if include := s.find(aliasSpace, head); include != nil {
			if ref := r.inInstance(include, sp, rest); ref != nil {
				return ref
			}
		}
		if a := s.alias(head); a != nil {
			if ref := r.behind(a, sp, rest); ref != nil {
				return ref
			}
		}
	}
	if s.imports == nil {
		return nil
	}
	for _, a := range slices.Backward(s.imports.stars) {
		if ref := r.behind(a, sp, path); ref != nil {
			return ref
		}
	}
	return nil
}

// behind finds a name behind an import: among what the module defines and imports, and
// among what needs no import.
func (r *resolver) behind(a *alias, sp space, path string) *Ref {
	if a.file != nil {
		if ref := r.inModule(a.file, sp, path); ref != nil {
			return ref
		}
	}
	if a.lib != nil {
		if ref := r.inLibrary(a.lib, sp, path); ref != nil {
			return ref
		}
	}
	return r.inLibrary(r.lib.Module(""), sp, path)
}

// A miss is a name that is not in a module.
type miss struct {
	module *Module
	space  space
	path   string
}

// inModule finds a name in the top level of a module. It remembers what is not there: a
// module may be reached in many ways through others that import one another as *.
func (r *resolver) inModule(m *Module, sp space, path string) *Ref {
	key := miss{m, sp, path}
	if r.misses[key] {
		return nil
	}
	ref := r.in(m.Scope, sp, path)
	if ref == nil {
		r.misses[key] = true
	}
	return ref
}

// inInstance finds a name in an instance of a class: in its body, among its parameters,
// and, if it is a plain name, among all that its body sees.
func (r *resolver) inInstance(include *Def, sp space, path string) *Ref {
	class := r.classOf(include.Scope, include.Include)
	if class == nil {
		return nil
	}
	r.follow(class.Def.Body)
	ref := r.in(class.Def.Body, sp, path)
	if ref == nil && !strings.Contains(path, ".") {
		ref = r.lookup(class.Def.ParamScope, sp, path)
	}
	if ref == nil || ref.Def.Scope == nil {
		return ref
	}
	return &Ref{Via: slices.Concat([]*Def{include}, ref.Via), Def: ref.Def}
}

// A constKey names a constant of the library.
type constKey struct{ module, name string }

// inLibrary finds a function or constant of the library. Names that begin with an
// underscore are those of operators.
func (r *resolver) inLibrary(m *funcs.Module, sp space, path string) *Ref {
	if m == nil {
		return nil
	}
	switch sp {
	case varSpace:
		if v, ok := m.Consts[path]; ok {
			key := constKey{m.Path, path}
			if r.constants[key] == nil {
				r.constants[key] = libraryDef(&Def{Kind: ConstDef, Name: path, Const: v})
			}
			return &r.constants[key].ref
		}
	case funcSpace:
		if f := r.lib.Func(m.Path, path); f != nil && !strings.HasPrefix(path, "_") {
			if r.functions[f] == nil {
				r.functions[f] = libraryDef(&Def{Kind: LibraryDef, Name: path, Library: f})
			}
			return &r.functions[f].ref
		}
	}
	return nil
}

func libraryDef(def *Def) *Def {
	def.ref.Def = def
	return def
}
