package resolve

import (
	"cmp"
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
	m := &Module{Name: name}
	dir, file := path.Split(name)
	if text == nil && (file == "" || file == MetadataFile) {
		meta, err := r.metadata(path.Clean(dir))
		if err != nil {
			r.report(codeUnreadable, syntax.Span{}, "cannot read the module: %v", err)
			return nil
		}
		m.meta = meta
		m.Name = path.Join(dir, meta.entry())
	}
	r.root = path.Clean(dir)
	m.Dir, m.base = "/", path.Dir(m.Name)
	if text == nil {
		var err error
		if text, err = r.read(m.Name); err != nil {
			r.report(codeUnreadable, syntax.Span{}, "cannot read the program: %v", err)
			return nil
		}
	}
	r.load(m, text)
	return m
}

func (r *resolver) read(name string) ([]byte, error) {
	if !slices.Contains(r.prog.Read, name) {
		r.prog.Read = append(r.prog.Read, name)
	}
	if r.opts.Source == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return r.opts.Source.ReadFile(name)
}

// load parses a module, makes its definitions, and loads what it imports.
func (r *resolver) load(m *Module, text []byte) {
	r.modules[m.Name] = m
	tree, diags := syntax.Parse(r.prog.Files.Add(m.Name, text), &r.ids)
	m.Tree = tree
	m.Scope = &Scope{Kind: FileScope, Module: m}
	if m.imp != nil {
		for _, d := range diags { // imports are followed in this phase
			d.Phase = syntax.PhaseScope
		}
	}
	r.reports.Append(diags)
	if m.imp != nil {
		r.onlyDefinitions(m)
	}
	r.declare(m.Scope, tree.Stmts)
	r.reading = append(r.reading, m)
	for _, s := range m.blocks {
		r.follow(s)
	}
	r.reading = r.reading[:len(r.reading)-1]
	r.modulesToBind = append(r.modulesToBind, m)
	if m.parent != nil || m.lib != nil {
		r.prog.Modules = append(r.prog.Modules, m)
	}
}

// onlyDefinitions refuses statements of an imported file that would do something.
func (r *resolver) onlyDefinitions(m *Module) {
	for _, x := range m.Tree.Stmts {
		switch x.(type) {
		case *syntax.ImportStmt, *syntax.Bind, *syntax.FuncStmt, *syntax.ClassStmt, *syntax.BadStmt:
			continue
		}
		d := r.report(codeUnusedStatements, x.Span(), "an imported file may only define things at its top level: this statement would never run")
		d.Hint = "put it into a class, and include that where it is wanted"
	}
}

// Trace adds, to diagnostics of places in imported files, the import statements through
// which these came into the program.
func (p *Program) Trace(list syntax.Diagnostics) {
	if len(p.Modules) < 2 {
		return
	}
	byFile := make(map[*syntax.File]*Module, len(p.Modules))
	for _, m := range p.Modules {
		byFile[m.Tree.File] = m
	}
	for _, d := range list {
		for m := byFile[p.Files.File(d.Span.Start)]; m != nil && m.imp != nil; m = m.parent {
			d.Relate(m.imp.Span(), "%s is imported here", m.Name)
		}
	}
}

// follow processes the import statements of a block, once. Those of a class that nothing
// includes are followed only into the library: other files are left alone.
func (r *resolver) follow(s *Scope) {
	if s.imports == nil || len(s.imports.stmts) == 0 {
		return
	}
	list := s.imports.stmts
	s.imports.stmts = nil
	var seen map[string]syntax.Span
	if len(list) > 1 {
		seen = make(map[string]syntax.Span, len(list))
	}
	for _, x := range list {
		if first, ok := seen[x.Path.Text]; ok {
			d := r.report(codeDuplicateImport, x.Path.Span, "%q is imported in this block already", x.Path.Text)
			d.Relate(first, "the first time")
			d.Hint = "the first import serves for both"
			continue
		}
		if seen != nil {
			seen[x.Path.Text] = x.Path.Span
		}
		r.importStmt(s, x)
	}
}

func (r *resolver) importStmt(s *Scope, x *syntax.ImportStmt) {
	name, ok := r.importAlias(x)
	if !ok {
		s.imports.partial = true
		return
	}
	a := r.target(s.Module, x)
	if a == nil {
		s.imports.partial = s.imports.partial || name == "*"
		s.imports.missing = append(s.imports.missing, name)
		return
	}
	a.name, a.span = name, x.Path.Span
	if x.Alias.Text != "" {
		a.span = x.Alias.Span
	}
	if name == "*" {
		s.imports.stars = append(s.imports.stars, a)
		return
	}
	if first := s.alias(name); first != nil {
		r.duplicateAlias(name, a.span, first.span)
		return
	}
	if first := s.find(aliasSpace, name); first != nil {
		r.duplicateAlias(name, first.Span, a.span)
		return
	}
	s.imports.aliases = append(s.imports.aliases, a)
}

// importAlias returns the name that an import is known by.
func (r *resolver) importAlias(x *syntax.ImportStmt) (string, bool) {
	switch {
	case x.Alias.Text != "":
		return x.Alias.Text, true
	case x.Path.Text == "": // reported by the parser
		return "", false
	}
	name := strings.TrimSuffix(path.Base(strings.TrimSuffix(pathOf(x.Path.Text), "/")), ".mcl")
	if rest := strings.TrimPrefix(name, "mgmt-"); rest != "" {
		name = rest
	}
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	if name == "" || strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_") {
		d := r.report(codeImportAlias, x.Path.Span, "the import would be known as `%s`, which is no name", name)
		d.Hint = fmt.Sprintf("choose a name: import %q as …", x.Path.Text)
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
// when that has been reported, or when the import is not to be followed.
func (r *resolver) target(from *Module, x *syntax.ImportStmt) *alias {
	name := x.Path.Text
	remote, local := strings.Contains(name, "://"), strings.HasSuffix(name, ".mcl") || strings.HasSuffix(name, "/")
	switch {
	case r.reports.Warning && (remote || local):
		return nil
	case remote:
		return r.remote(from, x)
	case path.IsAbs(name):
		d := r.report(codeImportPath, x.Path.Span, "an import cannot be an absolute path")
		d.Hint = "local imports are relative to the file that they stand in"
		return nil
	case local:
		return r.local(from, x)
	}
	return r.system(x)
}

func (r *resolver) system(x *syntax.ImportStmt) *alias {
	name := x.Path.Text
	m := r.lib.Module(name)
	if m == nil {
		return r.unknownModule(x)
	}
	a := &alias{lib: m}
	if m.Source != "" {
		key := "<" + name + ">"
		a.file = r.modules[key]
		if a.file == nil {
			a.file = &Module{Name: key, Dir: "/", base: "/", lib: m}
			r.load(a.file, []byte(m.Source))
		}
	}
	return a
}

// unknownModule reports a module that does not exist. One that only has others below it
// may be imported, though nothing is in it.
func (r *resolver) unknownModule(x *syntax.ImportStmt) *alias {
	name := x.Path.Text
	known := make([]string, 0, len(r.lib.Modules()))
	for k := range r.lib.Modules() {
		if strings.HasPrefix(k, name+"/") {
			return &alias{lib: &funcs.Module{Path: name}}
		}
		known = append(known, k)
	}
	slices.Sort(known)
	d := r.report(codeUnknownModule, x.Path.Span, "there is no module %q", name)
	if near := cmp.Or(endingIn(known, "/"+name), syntax.Suggest(name, known)); near != "" {
		d.Fix = &syntax.Fix{Message: fmt.Sprintf("did you mean %q?", near), Edits: []syntax.Edit{{Span: x.Path.Span, Text: fmt.Sprintf("%q", near)}}}
	} else {
		d.Hint = "the name of a file ends in .mcl, that of a directory in /"
	}
	return nil
}

// endingIn returns the only name with that ending, or nothing.
func endingIn(names []string, ending string) string {
	found := ""
	for _, name := range names {
		if strings.HasSuffix(name, ending) {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}

// local imports a file or a module directory beside the importing file.
func (r *resolver) local(from *Module, x *syntax.ImportStmt) *alias {
	name := x.Path.Text
	clean := path.Clean(name)
	if strings.HasSuffix(name, "/") {
		clean += "/"
	}
	if clean != name {
		d := r.report(codeImportPath, x.Path.Span, "the path of an import is written in its shortest form")
		d.Fix = &syntax.Fix{Message: fmt.Sprintf("write %q", clean), Edits: []syntax.Edit{{Span: x.Path.Span, Text: fmt.Sprintf("%q", clean)}}}
		return nil
	}
	full := path.Join(from.base, name)
	if strings.HasSuffix(name, "/") {
		return r.directory(from, x, full)
	}
	return r.file(from, x, &Module{Name: full, Dir: r.deployDir(path.Dir(full))})
}

// metadata reads the description of the module in a directory; nil if there is none.
func (r *resolver) metadata(dir string) (*Metadata, error) {
	name := path.Join(dir, MetadataFile)
	text, err := r.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := ParseMetadata(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

func (r *resolver) directory(from *Module, x *syntax.ImportStmt, dir string) *alias {
	meta, err := r.metadata(dir)
	if err != nil {
		r.report(codeUnreadable, x.Path.Span, "cannot import %q: %v", x.Path.Text, err)
		return nil
	}
	return r.file(from, x, &Module{Name: path.Join(dir, meta.entry()), Dir: r.deployDir(dir), meta: meta})
}

// file imports a file, once however many ask for it.
func (r *resolver) file(from *Module, x *syntax.ImportStmt, m *Module) *alias {
	if i := slices.IndexFunc(r.reading, func(o *Module) bool { return o.Name == m.Name }); i >= 0 {
		r.importCycle(x, r.reading[i:])
		return nil
	}
	if old := r.modules[m.Name]; old != nil {
		return &alias{file: old}
	}
	if r.ctx.Err() != nil {
		return nil
	}
	text, err := r.read(m.Name)
	if err != nil {
		why := err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			why = "there is no file " + m.Name
		}
		r.report(codeUnreadable, x.Path.Span, "cannot import %q: %s", x.Path.Text, why)
		return nil
	}
	m.base, m.parent, m.imp = path.Dir(m.Name), from, x
	r.load(m, text)
	return &alias{file: m}
}

func (r *resolver) importCycle(x *syntax.ImportStmt, cycle []*Module) {
	names := make([]string, 0, len(cycle)+1)
	for _, m := range cycle {
		names = append(names, m.Name)
	}
	names = append(names, cycle[0].Name)
	d := r.report(codeImportCycle, x.Path.Span, "the files import each other in a circle: %s", strings.Join(names, " → "))
	d.Hint = "move what both need into a file of its own"
}

// remote imports a module that was fetched into a directory of the module path: that of
// the importing module, then of those it was imported by, then the global one.
func (r *resolver) remote(from *Module, x *syntax.ImportStmt) *alias {
	u, err := url.Parse(x.Path.Text)
	if err != nil {
		r.report(codeImportPath, x.Path.Span, "%q is no URL: %v", x.Path.Text, err)
		return nil
	}
	rel := path.Join(u.Hostname(), path.Clean("/"+u.Path))
	dirs := r.modulePath(from)
	for _, dir := range dirs {
		root := path.Join(dir, rel)
		if _, err := r.read(path.Join(root, MetadataFile)); err == nil {
			return r.directory(from, x, root)
		}
	}
	d := r.report(codeMissingModule, x.Path.Span, "the module %s has not been fetched", x.Path.Text)
	if len(dirs) > 0 {
		d.Hint = fmt.Sprintf("clone it to %s/; a module has a %s", path.Join(dirs[0], rel), MetadataFile)
	} else {
		d.Hint = "clone it below a directory that is named with --module-path"
	}
	return nil
}

// modulePath lists the directories in which the remote imports of a module may be.
func (r *resolver) modulePath(m *Module) []string {
	var dirs []string
	for ; m != nil; m = m.parent {
		if m.meta == nil {
			continue
		}
		if m.meta.Path != "" {
			dirs = append(dirs, path.Join(r.root, Place(strings.Trim(m.Dir, "/")), m.meta.Path))
		}
		if m.meta.ParentPathBlock {
			break
		}
	}
	return append(dirs, r.opts.ModulePath...)
}
