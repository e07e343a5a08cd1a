package mgmt_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The policy of imports. A package may import packages that stand on lines below its own, and
// nothing else of this module; * stands for one or more path elements, and packages on one
// line do not import each other. What is in a directory named internal may also be imported
// by the packages beside it and below, whatever the lines say.
//
// The one thing to keep in mind: package lang turns text into values and package engine turns
// a graph into a machine, and they do not know each other. They meet in frontend/lang.
const policy = `
	cmd/mgmt
	internal/*
	console
	.
	frontend/deploys
	frontend/*
	frontend
	dashboard
	history
	engine
	engine/*
	resources
	resources/*
	lang/std
	lang/std/list lang/std/map
	lang/std/*
	lang/format
	lang
	lang/compile
	lang/infer
	lang/flow
	lang/resolve
	lang/funcs
	lang/types
	lang/syntax
	resource/resourcetest
	resource
	local
	deploy
	deploy/bundle deploy/sign
	seal
	cluster/server
	cluster
	cluster/pki cluster/tunnel
	world/etcd world/handover world/mem
	world/worldtest
	world
	world/peercred
	graph/picture
	graph
	watch
`

// The policy of other modules: each is imported by these packages only, so that it can be
// replaced there.
const modules = `
	filippo.io/age                    seal
	github.com/aymanbagabas/go-udiff  resource
	github.com/klauspost/compress     deploy/bundle
	github.com/spf13/cobra            cmd/mgmt
	github.com/spf13/pflag            cmd/mgmt
	go.etcd.io/bbolt                  cluster
	go.etcd.io/etcd                   cluster cluster/server cmd/mgmt world/etcd
	go.uber.org/zap                   cluster/server world/etcd
	go.yaml.in/yaml/v4                frontend/yaml lang/resolve
	golang.org/x/crypto               cluster/tunnel deploy/sign seal
	golang.org/x/sys                  . dashboard engine lang/std/* local resources/* watch world/peercred
	golang.org/x/term                 cmd/mgmt
	google.golang.org/grpc            cluster/server world/etcd
	google.golang.org/protobuf        cluster
`

// never has imports that the lines of the policy would allow.
const never = `
	engine        lang lang/* frontend
	resources/*   lang lang/* graph frontend
	lang          engine resource graph
	lang/*        engine resource graph frontend resources resources/*
	resource      graph lang/*
`

// A pkg is a package of this module.
type pkg struct {
	path    string // from the root, which is "."
	imports []string
	doc     bool
}

// packages reads the imports of all packages, without their tests.
func packages(t *testing.T) []pkg {
	t.Helper()
	found := map[string]*pkg{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || name != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(name))
		p := found[dir]
		if p == nil {
			p = &pkg{path: dir}
			found[dir] = p
		}
		p.doc = p.doc || file.Doc != nil && described(file.Doc.Text(), file.Name.Name, dir)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			p.imports = append(p.imports, imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []pkg
	for _, p := range found {
		out = append(out, *p)
	}
	return out
}

// described reports whether a comment introduces a package in the usual form.
func described(comment, name, dir string) bool {
	if name == "main" {
		command := path.Base(dir)
		return strings.HasPrefix(comment, "Command "+command+" ") || strings.HasPrefix(comment, strings.ToUpper(command[:1])+command[1:]+" ")
	}
	return strings.HasPrefix(comment, "Package "+name+" ")
}

// matches reports whether one of the patterns is that of a package. Exact ones come first.
func matches(p string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		dir, star := strings.CutSuffix(pattern, "*")
		return p == pattern || star && strings.HasPrefix(p, dir)
	})
}

// line returns the number of the line of the policy that has the package, or -1. Lines that
// name it win over those with a star.
func line(lines []string, p string) int {
	exact := slices.IndexFunc(lines, func(l string) bool { return slices.Contains(strings.Fields(l), p) })
	if exact >= 0 {
		return exact
	}
	return slices.IndexFunc(lines, func(l string) bool { return matches(p, strings.Fields(l)) })
}

// private reports whether imported is in a directory named internal that p stands beside.
func private(p, imported string) bool {
	parent, _, ok := strings.Cut("/"+imported+"/", "/internal/")
	return ok && strings.HasPrefix("/"+p+"/", parent+"/")
}

// own returns the path from the root of a package of this module.
func own(imported string) (string, bool) {
	if imported == "mgmt" {
		return ".", true
	}
	return strings.CutPrefix(imported, "mgmt/")
}

func TestImports(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(policy), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	banned := table(never)
	for _, p := range packages(t) {
		at := line(lines, p.path)
		if at < 0 && !strings.Contains(p.path, "internal/") && !strings.HasPrefix(p.path, "lang/syntax/") {
			t.Errorf("package %s has no line in the policy", p.path)
			continue
		}
		for _, imported := range p.imports {
			dir, ok := own(imported)
			if !ok || private(p.path, dir) {
				continue
			}
			if to := line(lines, dir); to <= at {
				t.Errorf("package %s imports %s, which does not stand below it", p.path, dir)
			}
			for who, what := range banned {
				if matches(p.path, []string{who}) && matches(dir, what) {
					t.Errorf("package %s imports %s, which it is not to know", p.path, dir)
				}
			}
		}
	}
}

// TestMap holds that the table of docs/architecture.md names every package, and that its rows
// stand in an order in which packages do not import from rows above their own.
func TestMap(t *testing.T) {
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, cells := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(string(text), -1) {
		var names []string
		for _, name := range regexp.MustCompile("`(\\S+)`").FindAllStringSubmatch(cells[1], -1) {
			names = append(names, regexp.MustCompile("<.*>").ReplaceAllString(name[1], "*"))
		}
		rows = append(rows, strings.Join(names, " "))
	}
	for _, p := range packages(t) {
		at := line(rows, p.path)
		if at < 0 {
			if !strings.Contains(string(text), "`"+p.path+"`") && !strings.HasPrefix(p.path, "lang/std/internal/") {
				t.Errorf("package %s has no row in the table of docs/architecture.md", p.path)
			}
			continue
		}
		for _, imported := range p.imports {
			if dir, ok := own(imported); ok && !private(p.path, dir) && line(rows, dir) < at {
				t.Errorf("package %s imports %s, whose row in the map stands above its own", p.path, dir)
			}
		}
	}
}

func TestModules(t *testing.T) {
	allowed := table(modules)
	used := map[string]bool{}
	for _, p := range packages(t) {
		for _, imported := range p.imports {
			if _, ok := own(imported); ok || !strings.Contains(strings.Split(imported, "/")[0], ".") {
				continue
			}
			module := ""
			for m := range allowed {
				if imported == m || strings.HasPrefix(imported, m+"/") {
					module = m
				}
			}
			used[module] = true
			if !matches(p.path, allowed[module]) {
				t.Errorf("package %s imports %s; the policy does not say so", p.path, imported)
			}
		}
	}
	for m := range allowed {
		if !used[m] {
			t.Errorf("the policy names %s, which nothing imports", m)
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		if !p.doc {
			t.Errorf("package %s has no comment that begins with its name", p.path)
		}
	}
}

// table reads lines of a name and the names that belong to it.
func table(text string) map[string][]string {
	out := map[string][]string{}
	for l := range strings.Lines(strings.TrimSpace(text)) {
		fields := strings.Fields(l)
		out[fields[0]] = fields[1:]
	}
	return out
}
