package resolve

import (
	"fmt"
	"slices"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
)

// undefinedVariable reports a variable that does not exist. Called says that it stands for
// a function that is called.
func (r *resolver) undefinedVariable(s *Scope, x *syntax.VarExpr, called bool) {
	if r.excused(s, codeUndefinedVariable, x.Path, x.Span()) {
		return
	}
	d := r.report(codeUndefinedVariable, x.Span(), "there is no variable `$%s` here", x.Path)
	if r.lookup(s, funcSpace, x.Path) == nil {
		r.suggest(d, s, varSpace, syntax.Name{Text: x.Path, Span: x.Span()})
		return
	}
	if called {
		d.Fix = &syntax.Fix{Message: "a named function is called without the `$`", Edits: []syntax.Edit{{Span: x.Span(), Text: x.Path}}}
		return
	}
	d.Hint = fmt.Sprintf("`%s` is a named function, which is no value; to pass it on, wrap it: func($x) { %s($x) }", x.Path, x.Path)
}

// undefinedFunction reports a function that does not exist.
func (r *resolver) undefinedFunction(s *Scope, x *syntax.CallExpr) {
	name := x.Name.Text
	if r.excused(s, codeUndefinedFunction, name, x.Name.Span) {
		return
	}
	variable := r.lookup(s, varSpace, name)
	if variable != nil && variable.Def.Scope == nil {
		variable = nil // no constant of the library is a function
	}
	if variable == nil && r.oldName(s, x) {
		return
	}
	d := r.report(codeUndefinedFunction, x.Name.Span, "there is no function `%s` here", name)
	if variable == nil {
		r.suggest(d, s, funcSpace, x.Name)
		return
	}
	start := syntax.Span{Start: x.Name.Span.Start, End: x.Name.Span.Start}
	d.Fix = &syntax.Fix{
		Message: fmt.Sprintf("a function that is held in a variable is called with the `$`: `$%s`", name),
		Edits:   []syntax.Edit{{Span: start, Text: "$"}},
	}
	d.Relate(variable.Def.Span, "the variable is defined here")
}

// undefinedClass reports an include of a class that does not exist.
func (r *resolver) undefinedClass(s *Scope, x *syntax.IncludeStmt) {
	if x.Path.Text == "" || r.excused(s, codeUndefinedClass, x.Path.Text, x.Path.Span) {
		return
	}
	d := r.report(codeUndefinedClass, x.Path.Span, "there is no class `%s` here", x.Path.Text)
	r.suggest(d, s, classSpace, x.Path)
}

// An excuse is a missing name that was not reported, because it seemed to be the fault of
// something else.
type excuse struct {
	code syntax.Code
	name string
	span syntax.Span
}

// excused reports whether a missing name may be the fault of something that has been
// reported already, or of an import that was not followed.
func (r *resolver) excused(s *Scope, code syntax.Code, path string, span syntax.Span) bool {
	if !r.isVictim(s, path) {
		return false
	}
	if !r.reports.Warning { // what never runs may be unbound
		r.excuses = append(r.excuses, excuse{code, path, span})
	}
	return true
}

func (r *resolver) isVictim(s *Scope, path string) bool {
	head, _, dotted := strings.Cut(path, ".")
	for x := s; x != nil; x = x.Parent {
		if x.imports != nil && (x.imports.partial || slices.Contains(x.imports.missing, head)) {
			return true
		}
		if def := x.find(aliasSpace, head); dotted && def != nil && r.classOf(def.Scope, def.Include) == nil {
			return true
		}
	}
	_, broken := s.Module.brokenWords()[head]
	return broken
}

// noExcuses reports the excused names if nothing else is wrong: then they are at fault
// themselves, as an include is that names itself.
func (r *resolver) noExcuses(diags syntax.Diagnostics) syntax.Diagnostics {
	if len(r.excuses) == 0 || diags.HasErrors() {
		return diags
	}
	for _, x := range r.excuses {
		r.report(x.code, x.span, "there is no `%s` here", x.name)
	}
	return r.reports.Diagnostics()
}

// brokenWords returns the words in statements of the module that could not be parsed,
// which may have defined something.
func (m *Module) brokenWords() map[string]struct{} {
	if m.broken != nil {
		return m.broken
	}
	m.broken = map[string]struct{}{}
	syntax.Inspect(m.Tree, func(n syntax.Node) bool {
		if bad, ok := n.(*syntax.BadStmt); ok {
			f := m.Tree.File
			text := string(f.Text[f.Offset(bad.Span().Start):f.Offset(bad.Span().End)])
			for _, w := range strings.FieldsFunc(text, notWord) {
				m.broken[w] = struct{}{}
			}
		}
		return true
	})
	return m.broken
}

func notWord(r rune) bool {
	return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

// suggest adds to a diagnostic a name that may have been meant, or what is missing for
// the name to be found, or else the names there are.
func (r *resolver) suggest(d *syntax.Diagnostic, s *Scope, sp space, name syntax.Name) {
	if head, rest, ok := strings.Cut(name.Text, "."); ok {
		if within := r.visibleBehind(s, sp, head); within != nil {
			r.suggestBehind(d, sp, name, head, rest, within)
			return
		}
		if r.lib.Module(head) != nil {
			r.missingImport(d, s, head)
			return
		}
	}
	own := r.visible(s, sp)
	if near := syntax.Suggest(name.Text, append(own[:len(own):len(own)], libraryNames(r.lib.Module(""), sp)...)); near != "" {
		r.didYouMean(d, sp, name.Span, near)
		return
	}
	if n := len(own); n > 0 && n <= 10 {
		d.Hint = "in scope: " + sp.prefix() + strings.Join(own, ", "+sp.prefix())
	}
}

// prefix is what a name of the space is written with.
func (sp space) prefix() string {
	if sp == varSpace {
		return "$"
	}
	return ""
}

func (r *resolver) didYouMean(d *syntax.Diagnostic, sp space, span syntax.Span, near string) {
	near = sp.prefix() + near
	d.Hint = "did you mean `" + near + "`?"
	if strings.HasPrefix(r.textAt(span), "${") {
		near = "${" + near[1:] + "}"
	}
	d.Fix = &syntax.Fix{Message: "write `" + near + "`", Edits: []syntax.Edit{{Span: span, Text: near}}}
}

func (r *resolver) suggestBehind(d *syntax.Diagnostic, sp space, name syntax.Name, head, rest string, within []string) {
	if near := syntax.Suggest(rest, within); near != "" {
		r.didYouMean(d, sp, name.Span, head+"."+near)
		return
	}
	d.Hint = fmt.Sprintf("`%s` has nothing of that name", head)
	if n := len(within); n > 0 && n <= 20 {
		d.Hint += "; it has " + strings.Join(within, ", ")
	}
}

// missingImport says that a module of the library has to be imported first. One that is
// imported under another name is called by that.
func (r *resolver) missingImport(d *syntax.Diagnostic, s *Scope, module string) {
	if a := r.aliasOf(s, module); a != nil {
		d.Hint = fmt.Sprintf("the module %q is known as `%s` here", module, a.name)
		if a.name == "*" {
			d.Hint = fmt.Sprintf("the module %q is imported `as *`: its names have no prefix", module)
		}
		d.Relate(a.span, "it is imported here")
		return
	}
	help := fmt.Sprintf("add `import %q`", module)
	if edit, ok := r.importEdit(s, module); ok {
		d.Fix = &syntax.Fix{Message: help, Edits: []syntax.Edit{edit}}
	} else {
		d.Hint = help
	}
}

// aliasOf finds the import of a module of the library that is visible from a scope.
func (r *resolver) aliasOf(s *Scope, module string) *alias {
	for ; s != nil; s = s.Parent {
		if s.imports == nil {
			continue
		}
		for _, a := range slices.Concat(s.imports.aliases, s.imports.stars) {
			if a.lib != nil && a.lib.Path == module {
				return a
			}
		}
	}
	return nil
}

// importEdit imports a module at the top of a file. It is offered once: other repairs of
// the same file rely on it.
func (r *resolver) importEdit(s *Scope, module string) (syntax.Edit, bool) {
	key := s.Module.Name + "\x00" + module
	if r.imported[key] {
		return syntax.Edit{}, false
	}
	r.imported[key] = true
	start := s.Module.Tree.Span().Start
	return syntax.Edit{Span: syntax.Span{Start: start, End: start}, Text: fmt.Sprintf("import %q\n", module)}, true
}

// maxSuggestions bounds the work for names that do not exist.
const maxSuggestions = 20

// visible lists the plain names of a name space that the program defines around a scope,
// sorted, without the one that is being defined.
func (r *resolver) visible(s *Scope, sp space) []string {
	if r.reports.Added > maxSuggestions {
		return nil
	}
	var out []string
	for ; s != nil; s = s.Parent {
		out = append(out, namesIn(s, sp)...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if r.owner == nil || r.owner.space() != sp {
		return out
	}
	return slices.DeleteFunc(out, func(name string) bool { return name == r.owner.Name })
}

// namesIn lists the plain names in one scope, and those that it imports as *.
func namesIn(s *Scope, sp space) []string {
	return collectNames(s, sp, map[*Scope]bool{}, nil)
}

func namesBehind(a *alias, sp space) []string {
	if a.file == nil {
		return libraryNames(a.lib, sp)
	}
	return append(namesIn(a.file.Scope, sp), libraryNames(a.lib, sp)...)
}

// collectNames appends the names in a scope that has not been seen yet.
func collectNames(s *Scope, sp space, seen map[*Scope]bool, out []string) []string {
	if seen[s] {
		return out
	}
	seen[s] = true
	for _, def := range s.Defs {
		if def.space() == sp {
			out = append(out, def.Name)
		}
	}
	if s.imports == nil {
		return out
	}
	for _, a := range s.imports.stars {
		if a.file != nil {
			out = collectNames(a.file.Scope, sp, seen, out)
		}
		out = append(out, libraryNames(a.lib, sp)...)
	}
	return out
}

// visibleBehind lists the names behind the prefix of a name; nil if nothing is known by
// that prefix.
func (r *resolver) visibleBehind(s *Scope, sp space, head string) []string {
	for ; s != nil; s = s.Parent {
		var out []string
		if a := s.alias(head); a != nil {
			out = namesBehind(a, sp)
		} else if def := s.find(aliasSpace, head); def != nil {
			if class := r.classOfs[def.Include]; class != nil {
				out = append(namesIn(class.Def.Body, sp), namesIn(class.Def.ParamScope, sp)...)
			}
		} else {
			continue
		}
		slices.Sort(out)
		return append([]string{}, out...)
	}
	return nil
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
