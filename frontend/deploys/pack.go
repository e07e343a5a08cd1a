package deploys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mgmt/deploy"
	"mgmt/deploy/bundle"
	frontlang "mgmt/frontend/lang"
	"mgmt/frontend/yaml"
	"mgmt/lang"
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// PackYAML makes a deploy of a graph in YAML: one file.
func PackYAML(in *yaml.Input) (*deploy.Plan, error) {
	text := in.Text
	if text == nil {
		var err error
		if text, err = os.ReadFile(in.Name); err != nil {
			return nil, fmt.Errorf("reading the graph: %w", err)
		}
	}
	var b bundle.Builder
	const name = "start.yaml"
	if err := b.Add(name, text, false); err != nil {
		return nil, err
	}
	files, err := b.Bundle()
	return &deploy.Plan{Manifest: deploy.Manifest{Frontend: "yaml", Main: name}, Bundle: files}, err
}

// PackLang makes a deploy of a program. These files travel with it:
//
//   - the files that it imports;
//   - everything in a module, which is a directory that is named or imported as such;
//   - everything in files/ beside any other file of the program.
//
// If there is an error among the diagnostics there is no plan.
func PackLang(ctx context.Context, in lang.Input, library *funcs.Library, kinds *resource.Registry) (*deploy.Plan, *syntax.Files, syntax.Diagnostics, error) {
	prog, diags := frontlang.Load(ctx, frontlang.Options{Input: in, Library: library, Kinds: kinds})
	if diags.HasErrors() {
		return nil, prog.Files(), diags, nil
	}
	p := &packer{in: in, read: map[string]bool{}}
	plan, err := p.pack(prog.Read())
	if err != nil {
		return nil, prog.Files(), diags, fmt.Errorf("packing the program: %w", err)
	}
	if left := p.staying(prog, plan); left.HasErrors() {
		return nil, prog.Files(), append(diags, left...), nil
	}
	return plan, prog.Files(), diags, nil
}

// staying reports the files that a program reads and that exist here, but do not travel with it.
func (p *packer) staying(prog *lang.Program, plan *deploy.Plan) syntax.Diagnostics {
	needs := frontlang.Needs(prog)
	if len(needs) == 0 || p.in.Files == nil {
		return nil
	}
	travels := map[string]bool{}
	for _, f := range plan.Bundle.Tree {
		for name := f.Path; !travels[name]; name = path.Dir(name) {
			travels[name] = true
		}
	}
	root := path.Dir(plan.Main)
	out := syntax.Reports{Phase: syntax.PhaseStream}
	for _, n := range needs {
		comes := func(name string) bool {
			place := resolve.Place(name)
			return travels[path.Join(root, place)] || !p.local(filepath.Join(p.dir, filepath.FromSlash(place))) // modules travel as they are
		}
		if n.In(p.in.Files) && !slices.ContainsFunc(n.Paths, comes) {
			out.Add(frontlang.MissingFile, n.Span, "%s does not travel with the program: the hosts would not have it", n.Paths[0]).Hint = remedy(n.Paths[0])
		}
	}
	return out.Diagnostics()
}

// remedy says how to make a file travel.
func remedy(name string) string {
	return "deploy the directory of the program, with main.mcl or metadata.yaml in it, or put " + name + " into files/ beside the program, and write /" + path.Join("files", path.Base(name))
}

// A packer collects the files of a program. All paths are absolute ones of this machine, until they
// are put into the bundle.
type packer struct {
	in      lang.Input
	dir     string // of the main module
	main    string // its file, or metadata; "" for code that is in no file
	root    string // of the bundle
	shared  []string
	read    map[string]bool // files of the program that exist
	modules []string        // directories
	out     bundle.Builder
}

// pack makes a plan of the program that consists of the files that were read.
func (p *packer) pack(read []string) (*deploy.Plan, error) {
	if err := p.locate(read); err != nil {
		return nil, err
	}
	m := deploy.Manifest{Frontend: "lang"}
	var err error
	if m.Main, err = p.addMain(); err != nil {
		return nil, err
	}
	if err := p.addAll(p.root, "", p.local); err != nil {
		return nil, err
	}
	for _, dir := range p.shared {
		name := path.Join(path.Dir(m.Main), "modules")
		for n := 2; p.out.Has(name); n++ {
			name = path.Join(path.Dir(m.Main), fmt.Sprintf("modules-%d", n))
		}
		if err := p.addAll(dir, name, func(file string) bool { return !p.local(file) && inside(dir, file) }); err != nil {
			return nil, err
		}
		if p.out.Has(name) {
			m.Modules = append(m.Modules, name)
		}
	}
	files, err := p.out.Bundle()
	return &deploy.Plan{Manifest: m, Bundle: files}, err
}

// locate finds the directories and files that the bundle is made of.
func (p *packer) locate(read []string) error {
	dir, main := ".", ""
	if p.in.Text == nil {
		dir, main = path.Split(p.in.Main)
	}
	var err error
	if p.dir, err = filepath.Abs(filepath.FromSlash(dir)); err != nil {
		return err
	}
	for _, dir := range p.in.ModulePath {
		abs, err := filepath.Abs(filepath.FromSlash(dir))
		if err != nil {
			return err
		}
		p.shared = append(p.shared, abs)
	}
	for _, name := range read {
		abs, err := filepath.Abs(filepath.FromSlash(name))
		if err != nil {
			return err
		}
		if info, err := os.Stat(abs); err == nil && info.Mode().IsRegular() {
			p.read[abs] = true
		}
	}
	for _, name := range read {
		abs, _ := filepath.Abs(filepath.FromSlash(name))
		if dir := filepath.Dir(abs); filepath.Base(abs) == resolve.MetadataFile && p.readsIn(dir) {
			p.modules = append(p.modules, dir)
		}
	}
	p.main = p.mainFile(main)
	p.root = p.dir
	for file := range p.read {
		for p.local(file) && !inside(p.root, file) {
			p.root = filepath.Dir(p.root)
		}
	}
	return nil
}

// mainFile returns the file that the program begins with; of a directory that is its metadata,
// which says more, if there is one.
func (p *packer) mainFile(name string) string {
	switch {
	case p.in.Text != nil:
		return ""
	case name != "":
		return filepath.Join(p.dir, name)
	case p.read[filepath.Join(p.dir, resolve.MetadataFile)]:
		return filepath.Join(p.dir, resolve.MetadataFile)
	}
	return filepath.Join(p.dir, "main.mcl")
}

// readsIn reports whether a file of the program is in a directory itself.
func (p *packer) readsIn(dir string) bool {
	for file := range p.read {
		if filepath.Dir(file) == dir {
			return true
		}
	}
	return false
}

// local reports whether a file keeps its place relative to the main file. Those of other
// directories of modules do not.
func (p *packer) local(file string) bool {
	if inside(p.dir, file) {
		return true
	}
	for _, dir := range p.shared {
		if inside(dir, file) {
			return false
		}
	}
	return true
}

// inside reports whether a file or directory is dir, or below it.
func inside(dir, name string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rel)
}

// addMain returns the path of the main file in the bundle. Code that is in no file gets one.
func (p *packer) addMain() (string, error) {
	file := p.main
	if file == "" {
		file = filepath.Join(p.dir, "main.mcl")
	}
	rel, err := filepath.Rel(p.root, file)
	if err != nil {
		return "", err
	}
	name := filepath.ToSlash(rel)
	if p.main == "" {
		return name, p.out.Add(name, p.in.Text, false)
	}
	return name, nil
}

// addAll adds the wanted files of the program, which are below root, below prefix in the bundle.
func (p *packer) addAll(root, prefix string, wanted func(string) bool) error {
	seen := map[string]bool{}
	for file := range p.read {
		if !wanted(file) {
			continue
		}
		if err := p.addFile(root, prefix, file); err != nil {
			return err
		}
		if err := p.addDir(root, prefix, filepath.Join(filepath.Dir(file), "files"), seen); err != nil {
			return err
		}
	}
	if p.main == "" && wanted(p.dir) {
		if err := p.addDir(root, prefix, filepath.Join(p.dir, "files"), seen); err != nil {
			return err
		}
	}
	for _, dir := range p.modules {
		if wanted(dir) {
			if err := p.addDir(root, prefix, dir, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *packer) addFile(root, prefix, file string) error {
	name, err := place(root, prefix, file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return p.out.Add(name, content, info.Mode()&0o111 != 0)
}

// addDir adds all of a directory, once, if it exists.
func (p *packer) addDir(root, prefix, dir string, seen map[string]bool) error {
	info, err := os.Stat(dir)
	if seen[dir] || err != nil || !info.IsDir() {
		return nil
	}
	seen[dir] = true
	name, err := place(root, prefix, dir)
	if err != nil {
		return err
	}
	if err := p.out.AddDir(name, os.DirFS(dir)); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}

// place returns the path in the bundle of a file below root.
func place(root, prefix, file string) (string, error) {
	rel, err := filepath.Rel(root, file)
	if err != nil {
		return "", err
	}
	rel = filepath.ToSlash(rel)
	if strings.HasPrefix(rel, "../") {
		return "", errors.New(file + " is not below " + root)
	}
	return path.Join(prefix, rel), nil
}
