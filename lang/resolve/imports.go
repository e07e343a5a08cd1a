package resolve

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
)

// loadMain reads the main file.
func (r *resolver) loadMain() *Module {
	name, text := r.opts.Main, r.opts.Text
	if text == nil {
		var err error
		if text, err = r.read(name); err != nil {
			r.report("unreadable-file", syntax.Span{}, "cannot read the program: %v", err)
			return nil
		}
	}
	r.reading = []string{name}
	return r.load(name, path.Dir(name)+"/", text, nil)
}

func (r *resolver) read(name string) ([]byte, error) {
	r.prog.Read = append(r.prog.Read, name)
	return r.opts.Source.ReadFile(name)
}

// load parses a file and resolves its top level. imp is the import that asks for it, nil
// for the main file.
func (r *resolver) load(name, dir string, text []byte, imp *syntax.ImportStmt) *Module {
	tree, diags := syntax.Parse(r.prog.Files.Add(name, text), &r.ids)
	m := &Module{Name: name, Dir: dir, Tree: tree}
	m.Scope = &Scope{Kind: FileScope, Module: m}
	if imp != nil {
		diags = r.imported(diags, imp)
		r.onlyDefinitions(tree, imp)
	}
	r.diags = append(r.diags, diags...)
	owner, warning := r.owner, r.warning
	r.owner = nil
	r.open(m.Scope, tree.Stmts)
	r.owner, r.warning = owner, warning
	r.prog.Modules = append(r.prog.Modules, m)
	return m
}

// imported makes the diagnostics of an imported file those of the importing program.
func (r *resolver) imported(diags syntax.Diagnostics, imp *syntax.ImportStmt) syntax.Diagnostics {
	for _, d := range diags {
		d.Phase = syntax.PhaseScope
		relate(d, imp.Span(), "the file is imported here")
		if r.warning {
			d.Severity = syntax.Warning
		}
	}
	return diags
}

// onlyDefinitions refuses statements of an imported file that would do something.
func (r *resolver) onlyDefinitions(tree *syntax.Tree, imp *syntax.ImportStmt) {
	for _, x := range tree.Stmts {
		switch x.(type) {
		case *syntax.ImportStmt, *syntax.Bind, *syntax.FuncStmt, *syntax.ClassStmt, *syntax.BadStmt:
			continue
		}
		d := r.report("unused-statements", x.Span(), "an imported file may only define things at its top level: imports, variables, functions and classes")
		relate(d, imp.Span(), "the file is imported here")
		d.Hint = "put the statement into a class and include that"
		return
	}
}

// imports processes one import statement of a block.
func (r *resolver) imports(s *Scope, n *names, x *syntax.ImportStmt, seen map[string]syntax.Span) {
	name := x.Path.Text
	if first, ok := seen[name]; ok {
		d := r.report("duplicate-import", x.Path.Span, "%q is imported twice in this block", name)
		relate(d, first, "it is imported here first")
		return
	}
	seen[name] = x.Path.Span
	alias, ok := r.importAlias(x)
	if !ok {
		return
	}
	a := r.target(s, x)
	if a == nil {
		return
	}
	a.span = x.Span()
	if alias == "*" {
		n.stars = append(n.stars, a)
		return
	}
	r.alias(n, syntax.Name{Text: alias, Span: x.Span()}, a)
}

// importAlias returns the name that an import is known by.
func (r *resolver) importAlias(x *syntax.ImportStmt) (string, bool) {
	if x.Alias.Text != "" {
		return x.Alias.Text, true
	}
	name := strings.TrimSuffix(path.Base(strings.TrimSuffix(pathOf(x.Path.Text), "/")), ".mcl")
	if rest := strings.TrimPrefix(name, "mgmt-"); rest != "" {
		name = rest
	}
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	if strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_") || name == "" {
		d := r.report("import-alias", x.Path.Span, "the import would be called %q, which is no name", name)
		d.Hint = "choose one: import \"" + x.Path.Text + "\" as …"
		return "", false
	}
	return name, true
}

// pathOf returns the path of a remote import, or the name itself.
func pathOf(name string) string {
	if u, err := url.Parse(name); err == nil && u.Scheme != "" {
		return u.Path
	}
	return name
}

// target finds what an import statement names, by the shape of the name. It returns nil
// when that has been reported.
func (r *resolver) target(s *Scope, x *syntax.ImportStmt) *alias {
	name := x.Path.Text
	switch {
	case name == "":
		return nil // reported by the parser
	case strings.Contains(name, "://"):
		return r.remote(x)
	case strings.HasSuffix(name, ".mcl"), strings.HasSuffix(name, "/"):
		return r.local(s, x)
	}
	return r.system(x)
}

func (r *resolver) system(x *syntax.ImportStmt) *alias {
	name := x.Path.Text
	m := r.lib.Module(name)
	if m == nil && strings.HasPrefix(name, "/") {
		r.report("import-path", x.Path.Span, "an import cannot be an absolute path")
		return nil
	}
	if m == nil {
		for known := range r.lib.Modules() {
			if strings.HasPrefix(known, name+"/") {
				return &alias{module: &funcs.Module{Path: name}}
			}
		}
		d := r.report("unknown-module", x.Path.Span, "there is no module %q", name)
		var all []string
		for known := range r.lib.Modules() {
			all = append(all, known)
		}
		slices.Sort(all)
		if near := syntax.Suggest(name, all); near != "" {
			d.Hint = fmt.Sprintf("did you mean %q?", near)
		} else {
			d.Hint = "a file is imported by a name that ends in .mcl, a directory by one that ends in /"
		}
		return nil
	}
	a := &alias{module: m}
	if m.Source != "" {
		a.scope = r.embedded(m).Scope
	}
	return a
}

// embedded resolves the source text that comes with a module of the library.
func (r *resolver) embedded(m *funcs.Module) *Module {
	key := "module " + m.Path
	if r.files[key] == nil {
		r.files[key] = r.load("<"+m.Path+">", "/", []byte(m.Source), nil)
	}
	return r.files[key]
}

// local imports a file or a module directory beside the importing file.
func (r *resolver) local(s *Scope, x *syntax.ImportStmt) *alias {
	name := x.Path.Text
	clean := path.Clean(name)
	if strings.HasSuffix(name, "/") {
		clean += "/"
	}
	switch {
	case path.IsAbs(name):
		r.report("import-path", x.Path.Span, "an import cannot be an absolute path")
		return nil
	case clean != name:
		d := r.report("import-path", x.Path.Span, "the path of an import has to be written in its shortest form")
		d.Hint = fmt.Sprintf("write %q", clean)
		return nil
	}
	full := path.Join(s.Module.Dir, name)
	if strings.HasSuffix(name, "/") {
		return r.directory(x, full)
	}
	return r.file(x, full, path.Dir(full)+"/")
}

func (r *resolver) directory(x *syntax.ImportStmt, dir string) *alias {
	main, err := EntryFile(r.opts.Source, dir)
	if err != nil {
		r.report("unreadable-file", x.Path.Span, "cannot import %q: %v", x.Path.Text, err)
		return nil
	}
	return r.file(x, main, dir+"/")
}

// file imports a file, once however many ask for it.
func (r *resolver) file(x *syntax.ImportStmt, name, dir string) *alias {
	if i := slices.Index(r.reading, name); i >= 0 {
		d := r.report("import-cycle", x.Path.Span, "the import closes a circle: %s", strings.Join(append(r.reading[i:], name), " imports "))
		d.Hint = "move what both need into a third file"
		return nil
	}
	if m := r.files[name]; m != nil {
		return &alias{scope: m.Scope}
	}
	if r.ctx.Err() != nil {
		return nil
	}
	text, err := r.read(name)
	if err != nil {
		why := err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			why = "there is no file " + name
		}
		r.report("unreadable-file", x.Path.Span, "cannot import %q: %s", x.Path.Text, why)
		return nil
	}
	r.reading = append(r.reading, name)
	m := r.load(name, dir, text, x)
	r.reading = r.reading[:len(r.reading)-1]
	r.files[name] = m
	return &alias{scope: m.Scope}
}

// remote imports a module that was fetched into a directory of the module path.
func (r *resolver) remote(x *syntax.ImportStmt) *alias {
	u, err := url.Parse(x.Path.Text)
	if err != nil {
		r.report("import-path", x.Path.Span, "%q is no URL: %v", x.Path.Text, err)
		return nil
	}
	rel := path.Join(u.Hostname(), u.Path)
	for _, dir := range r.opts.ModulePath {
		root := path.Join(dir, rel)
		if _, err := r.opts.Source.ReadFile(path.Join(root, MetadataFile)); err == nil {
			return r.directory(x, root)
		}
	}
	d := r.report("missing-module", x.Path.Span, "the module %s is not on this machine", x.Path.Text)
	if len(r.opts.ModulePath) > 0 {
		d.Hint = "it has to be cloned to " + path.Join(r.opts.ModulePath[0], rel) + "/"
	} else {
		d.Hint = "clone it, and name the directory that holds such clones with --module-path"
	}
	return nil
}
