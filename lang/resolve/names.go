package resolve

import (
	"slices"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
)

// names are what a scope binds, one table for each name space.
type names struct {
	vars, funcs, classes map[string]*Def
	aliases              map[string]*alias
	stars                []*alias // import … as *, in order
	byStmt               map[syntax.Stmt]*Def
}

// An alias is a prefix behind which other names are found: those of a module, or those
// of an instance of a class.
type alias struct {
	span    syntax.Span
	scope   *Scope        // of the module, or nil
	module  *funcs.Module // of the library, or nil
	include *Def          // or nil
}

func (r *resolver) newNames(s *Scope) *names {
	n := &names{vars: map[string]*Def{}}
	r.names[s] = n
	return n
}

// own returns the definition that a statement of the scope makes, or nil.
func (n *names) own(x syntax.Stmt) *Def { return n.byStmt[x] }

// collect makes the definitions of a block. Imports come first.
func (r *resolver) collect(s *Scope, list []syntax.Stmt) {
	if n := r.names[s]; n != nil && n.byStmt != nil {
		return
	}
	n := r.newNames(s)
	n.funcs, n.classes, n.aliases = map[string]*Def{}, map[string]*Def{}, map[string]*alias{}
	n.byStmt = make(map[syntax.Stmt]*Def, len(list))
	imported := map[string]syntax.Span{}
	for _, x := range list {
		if x, ok := x.(*syntax.ImportStmt); ok {
			r.imports(s, n, x, imported)
		}
	}
	for _, x := range list {
		r.define(s, n, x)
	}
	r.nestClasses(n, list)
}

func (r *resolver) define(s *Scope, n *names, x syntax.Stmt) {
	switch x := x.(type) {
	case *syntax.Bind:
		r.bind(s, n.vars, &Def{Kind: VarDef, Name: x.Name.Text, Span: x.Name.Span, Bind: x}, "variable $", n, x)
	case *syntax.FuncStmt:
		r.bind(s, n.funcs, &Def{Kind: FuncDef, Name: x.Name.Text, Span: x.Name.Span, Func: x}, "function ", n, x)
	case *syntax.ClassStmt:
		if !strings.Contains(x.Name.Text, ":") {
			r.defineClass(s, n, x, x.Name.Text)
		}
	case *syntax.IncludeStmt:
		if x.Alias.Text == "" {
			return
		}
		def := s.add(&Def{Kind: IncludeDef, Name: x.Alias.Text, Span: x.Alias.Span, Include: x})
		n.byStmt[x] = def
		r.alias(n, x.Alias, &alias{span: x.Alias.Span, include: def})
	}
}

// bind enters a definition into a table; the first one of a name counts.
func (r *resolver) bind(s *Scope, table map[string]*Def, def *Def, what string, n *names, x syntax.Stmt) {
	if first := table[def.Name]; first != nil {
		d := r.report("duplicate-definition", def.Span, "%s%s is defined twice in this block", what, def.Name)
		relate(d, first.Span, "it is defined here first")
		return
	}
	table[def.Name] = s.add(def)
	n.byStmt[x] = def
}

func (r *resolver) defineClass(s *Scope, n *names, x *syntax.ClassStmt, name string) *Def {
	def := &Def{Kind: ClassDef, Name: name, Span: x.Name.Span, Class: x}
	if first := n.classes[name]; first != nil {
		d := r.report("duplicate-class", def.Span, "class %s is defined twice in this block", name)
		d.Phase = syntax.PhaseInterp
		relate(d, first.Span, "it is defined here first")
		return nil
	}
	n.classes[name] = s.add(def)
	n.byStmt[x] = def
	def.ParamScope = s.inner(ParamScope)
	def.ParamScope.Class = def
	def.Body = def.ParamScope.inner(BodyScope)
	p := r.newNames(def.ParamScope)
	for _, x := range x.Params {
		d := def.ParamScope.add(&Def{Kind: ParamDef, Name: x.Name.Text, Span: x.Name.Span, Param: x})
		p.vars[d.Name] = d
	}
	r.prog.scopes[x.Body] = def.Body
	r.all = append(r.all, def)
	return def
}

// nestClasses puts class a:b into the body of class a of the same block.
func (r *resolver) nestClasses(n *names, list []syntax.Stmt) {
	for _, x := range list {
		x, ok := x.(*syntax.ClassStmt)
		if !ok || !strings.Contains(x.Name.Text, ":") {
			continue
		}
		parts := strings.Split(x.Name.Text, ":")
		outer := n.classes[parts[0]]
		for _, p := range parts[1 : len(parts)-1] {
			if outer != nil {
				outer = r.body(outer).classes[p]
			}
		}
		if outer != nil {
			r.defineClass(outer.Body, r.body(outer), x, parts[len(parts)-1])
		}
	}
}

// body returns the names of the body of a class.
func (r *resolver) body(class *Def) *names {
	r.collect(class.Body, class.Class.Body.Stmts)
	return r.names[class.Body]
}

func (r *resolver) alias(n *names, name syntax.Name, a *alias) {
	if first := n.aliases[name.Text]; first != nil {
		d := r.report("duplicate-alias", name.Span, "%q stands for two things in this block", name.Text)
		relate(d, first.span, "it is taken here first")
		d.Hint = "give one of them another name with `as`"
		return
	}
	n.aliases[name.Text] = a
}

// A space is one of the name spaces.
type space uint8

const (
	varSpace space = iota
	funcSpace
	classSpace
)

func (n *names) table(sp space) map[string]*Def {
	switch sp {
	case varSpace:
		return n.vars
	case funcSpace:
		return n.funcs
	}
	return n.classes
}

// lookup finds a dotted name from a scope, outwards.
func (r *resolver) lookup(s *Scope, sp space, path string) *Ref {
	for x := s; x != nil; x = x.Parent {
		if ref := r.in(x, sp, path); ref != nil {
			return ref
		}
	}
	return r.inLibrary(r.lib.Module(""), sp, path)
}

// in finds a name in one scope: one of its own, one behind an alias, or one that was
// imported as *.
func (r *resolver) in(s *Scope, sp space, path string) *Ref {
	n := r.names[s]
	if n == nil {
		return nil
	}
	if def := n.table(sp)[path]; def != nil {
		return &Ref{Def: def}
	}
	if head, rest, ok := strings.Cut(path, "."); ok {
		if a := n.aliases[head]; a != nil {
			return r.behind(a, sp, rest)
		}
	}
	for _, a := range slices.Backward(n.stars) {
		if ref := r.behind(a, sp, path); ref != nil {
			return ref
		}
	}
	return nil
}

// behind finds a name behind an alias.
func (r *resolver) behind(a *alias, sp space, path string) *Ref {
	if a.include != nil {
		return r.inInstance(a.include, sp, path)
	}
	if a.scope != nil {
		if ref := r.in(a.scope, sp, path); ref != nil {
			return ref
		}
	}
	if a.module != nil {
		return r.inLibrary(a.module, sp, path)
	}
	return r.inLibrary(r.lib.Module(""), sp, path)
}

// inInstance finds a name in an instance of a class: in its body, then among its
// parameters.
func (r *resolver) inInstance(include *Def, sp space, path string) *Ref {
	class := r.classOf(include.Scope, include.Include)
	if class == nil {
		return nil
	}
	r.body(class.Def)
	ref := r.in(class.Def.Body, sp, path)
	if ref == nil {
		ref = r.in(class.Def.ParamScope, sp, path)
	}
	if ref == nil {
		return nil
	}
	return &Ref{Via: slices.Concat([]*Def{include}, ref.Via), Def: ref.Def}
}

// inLibrary finds a function or constant of the library.
func (r *resolver) inLibrary(m *funcs.Module, sp space, path string) *Ref {
	if m == nil {
		return nil
	}
	switch sp {
	case varSpace:
		if v, ok := m.Consts[path]; ok {
			return &Ref{Def: &Def{Kind: ConstDef, Name: path, Const: v}}
		}
	case funcSpace:
		if f := r.lib.Func(m.Path, path); f != nil && !strings.HasPrefix(path, "_") {
			def := r.library[f]
			if def == nil {
				def = &Def{Kind: LibraryDef, Name: path, Library: f}
				r.library[f] = def
			}
			return &Ref{Def: def}
		}
	}
	return nil
}

// classOf finds the class that an include names. It reports one that does not exist,
// once.
func (r *resolver) classOf(s *Scope, x *syntax.IncludeStmt) *Ref {
	if ref, seen := r.included[x]; seen {
		return ref
	}
	r.included[x] = nil // an include that is looked up through itself finds nothing
	ref := r.lookup(s, classSpace, x.Path.Text)
	if ref == nil {
		d := r.report("undefined-class", x.Path.Span, "there is no class %s here", x.Path.Text)
		r.suggest(d, s, classSpace, x.Path)
	}
	r.included[x] = ref
	return ref
}

// variable binds a variable.
func (r *resolver) variable(s *Scope, x *syntax.VarExpr) {
	if ref := r.lookup(s, varSpace, x.Path); ref != nil {
		r.use(x.ID(), ref, x.Span())
		return
	}
	d := r.report("undefined-variable", x.Span(), "there is no variable $%s here", x.Path)
	if r.lookup(s, funcSpace, x.Path) != nil {
		d.Hint = "there is a function of that name; a named function is called without the `$`, and is no value: wrap it, func($x) { " + x.Path + "($x) }"
		return
	}
	r.suggest(d, s, varSpace, syntax.Name{Text: x.Path, Span: x.Span()})
}

// function binds the name of a called function.
func (r *resolver) function(s *Scope, x *syntax.CallExpr) {
	if ref := r.lookup(s, funcSpace, x.Name.Text); ref != nil {
		r.use(x.ID(), ref, x.Name.Span)
		return
	}
	d := r.report("undefined-function", x.Name.Span, "there is no function %s here", x.Name.Text)
	if r.oldName(d, s, x) {
		return
	}
	if r.lookup(s, varSpace, x.Name.Text) != nil {
		d.Hint = "there is a variable of that name; a function in a variable is called with the `$`: $" + x.Name.Text + "(…)"
		d.Fix = &syntax.Fix{Message: "call the variable", Edits: []syntax.Edit{{Span: syntax.Span{Start: x.Name.Span.Start, End: x.Name.Span.Start}, Text: "$"}}}
		return
	}
	r.suggest(d, s, funcSpace, x.Name)
}

// suggest adds a similar name, or what is missing for the name to be found.
func (r *resolver) suggest(d *syntax.Diagnostic, s *Scope, sp space, name syntax.Name) {
	if head, rest, ok := strings.Cut(name.Text, "."); ok {
		if r.suggestBehind(d, s, sp, name, head, rest) {
			return
		}
	}
	if near := syntax.Suggest(name.Text, r.visible(s, sp)); near != "" {
		prefix := ""
		if sp == varSpace {
			prefix = "$"
		}
		d.Hint = "did you mean " + prefix + near + "?"
		d.Fix = &syntax.Fix{Message: "write " + prefix + near, Edits: []syntax.Edit{{Span: name.Span, Text: prefix + near}}}
	}
}

// suggestBehind handles a name with a prefix: whether the prefix or the rest is unknown.
func (r *resolver) suggestBehind(d *syntax.Diagnostic, s *Scope, sp space, name syntax.Name, head, rest string) bool {
	for x := s; x != nil; x = x.Parent {
		n := r.names[x]
		if n == nil || n.aliases[head] == nil {
			continue
		}
		if near := syntax.Suggest(rest, r.exported(n.aliases[head], sp)); near != "" {
			d.Hint = "did you mean " + head + "." + near + "?"
		} else {
			d.Hint = head + " has no such name"
		}
		relate(d, n.aliases[head].span, head+" comes from here")
		return true
	}
	if m := r.lib.Module(head); m != nil {
		d.Hint = "import \"" + head + "\" first"
		return true
	}
	return false
}

// visible lists the names that can be seen from a scope.
func (r *resolver) visible(s *Scope, sp space) []string {
	var out []string
	for x := s; x != nil; x = x.Parent {
		if n := r.names[x]; n != nil {
			for name := range n.table(sp) {
				out = append(out, name)
			}
			for head, a := range n.aliases {
				for _, name := range r.exported(a, sp) {
					out = append(out, head+"."+name)
				}
			}
		}
	}
	return append(out, libraryNames(r.lib.Module(""), sp)...)
}

// exported lists the names behind an alias.
func (r *resolver) exported(a *alias, sp space) []string {
	var out []string
	tables := func(s *Scope) {
		if n := r.names[s]; n != nil {
			for name := range n.table(sp) {
				out = append(out, name)
			}
		}
	}
	if a.include != nil {
		if class := r.included[a.include.Include]; class != nil {
			tables(class.Def.Body)
			tables(class.Def.ParamScope)
		}
	}
	if a.scope != nil {
		tables(a.scope)
	}
	if a.module != nil {
		out = append(out, libraryNames(a.module, sp)...)
	}
	return out
}

func libraryNames(m *funcs.Module, sp space) []string {
	var out []string
	switch {
	case m == nil:
	case sp == varSpace:
		for name := range m.Consts {
			out = append(out, name)
		}
	case sp == funcSpace:
		for _, f := range m.Funcs {
			if !strings.HasPrefix(f.Name, "_") {
				out = append(out, f.Name)
			}
		}
	}
	return out
}
