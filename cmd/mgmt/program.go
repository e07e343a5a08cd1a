package main

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mgmt"
	"mgmt/frontend"
	frontlang "mgmt/frontend/lang"
	frontyaml "mgmt/frontend/yaml"
	"mgmt/lang"
	"mgmt/lang/funcs"
	"mgmt/lang/std"
	"mgmt/lang/syntax"
	"mgmt/local"
	"mgmt/resource"
	"mgmt/resources"
	"mgmt/watch"
	"mgmt/world/mem"
)

// programFlags are those of every command that reads a program.
type programFlags struct {
	modulePath string
	hostname   string
}

func (f *programFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.modulePath, "module-path", os.Getenv("MGMT_MODULE_PATH"), "`directory` of modules that programs import by URL (MGMT_MODULE_PATH)")
	cmd.Flags().Func("hostname", "`name` of this host; the default is that of the system", func(name string) error {
		f.hostname = name
		if name == "" {
			return nil
		}
		return mgmt.CheckHostname(name)
	})
}

// A program is what commands read: one in the language, or a graph in YAML.
type program interface {
	// check reports mistakes, without running anything.
	check(ctx context.Context) (*syntax.Files, syntax.Diagnostics)
	// snapshot returns the first graph.
	snapshot(ctx context.Context, host *funcs.Host) (resource.Delta, *syntax.Files, syntax.Diagnostics)
	// frontend returns what an agent runs.
	frontend(host *funcs.Host, s settings) frontend.Frontend
	// hostname returns the name that the program gives to this host, or "".
	hostname() string
}

// settings are those of a front end.
type settings struct {
	watch  bool // follow changes of the program's files
	log    *slog.Logger
	report func(*syntax.Files, syntax.Diagnostics)
}

// open finds a program. Front is lang or yaml; when it is left out, the name of the file tells.
func (f *programFlags) open(front, arg string, io *streams) (program, error) {
	if front == "yaml" || front == "" && isYAML(arg) {
		input, err := frontyaml.Open(arg, io.in)
		return yamlGraph{input}, err
	}
	input, err := lang.Open(arg, io.in)
	if err != nil {
		return nil, err
	}
	if f.modulePath != "" {
		dir, err := seen(f.modulePath, input.Main)
		if err != nil {
			return nil, err
		}
		input.ModulePath = []string{filepath.ToSlash(dir) + "/"}
	}
	return langProgram{frontlang.Options{Input: input, Library: std.Library(), Kinds: resources.Kinds()}}, nil
}

// seen returns a directory as one that is relative or absolute, as the program is: then the way from the one
// to the other is known.
func seen(dir, program string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil || filepath.IsAbs(program) {
		return abs, err
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(here, abs)
	if err != nil { // it is on another drive
		return abs, nil
	}
	return rel, nil
}

// A langProgram is one in the language.
type langProgram struct{ opts frontlang.Options }

func (p langProgram) hostname() string { return "" }

func (p langProgram) check(ctx context.Context) (*syntax.Files, syntax.Diagnostics) {
	return frontlang.Check(ctx, p.opts)
}

func (p langProgram) snapshot(ctx context.Context, host *funcs.Host) (resource.Delta, *syntax.Files, syntax.Diagnostics) {
	host.Files = p.opts.Input.Files
	p.opts.Host = host
	return frontlang.Snapshot(ctx, p.opts)
}

func (p langProgram) frontend(host *funcs.Host, s settings) frontend.Frontend {
	host.Files = p.opts.Input.Files
	p.opts.Host, p.opts.Watch, p.opts.Log, p.opts.Report = host, s.watch, s.log, s.report
	return frontlang.New(p.opts)
}

// A yamlGraph is a graph in YAML.
type yamlGraph struct{ input *frontyaml.Input }

func (g yamlGraph) options(hostname string) frontyaml.Options {
	return frontyaml.Options{Input: g.input, Kinds: resources.Kinds(), Hostname: hostname}
}

func (g yamlGraph) hostname() string { return g.input.Hostname(resources.Kinds()) }

func (g yamlGraph) check(context.Context) (*syntax.Files, syntax.Diagnostics) {
	return frontyaml.New(g.options("")).Check()
}

func (g yamlGraph) snapshot(_ context.Context, host *funcs.Host) (resource.Delta, *syntax.Files, syntax.Diagnostics) {
	return frontyaml.New(g.options(host.Hostname)).Snapshot()
}

func (g yamlGraph) frontend(host *funcs.Host, s settings) frontend.Frontend {
	opts := g.options(host.Hostname)
	opts.World, opts.Log, opts.Report = host.World, s.log, s.report
	if s.watch {
		opts.Watch = host.Watch
	}
	return frontyaml.New(opts)
}

// snapshot returns the first graph of a program. Its functions find an empty working
// directory, which is removed again.
func (f *programFlags) snapshot(ctx context.Context, p program) (resource.Delta, *syntax.Files, syntax.Diagnostics, error) {
	hostname := f.hostname
	if hostname == "" {
		var err error
		if hostname, err = os.Hostname(); err != nil {
			return resource.Delta{}, nil, nil, err
		}
	}
	prefix, err := mgmt.TmpPrefix(hostname)
	if err != nil {
		return resource.Delta{}, nil, nil, err
	}
	defer os.RemoveAll(prefix)
	hub := watch.NewHub(nil)
	defer hub.Close()
	delta, files, diags := p.snapshot(ctx, &funcs.Host{Hostname: hostname, World: mem.New().Host(hostname), Local: local.New(prefix), Watch: hub, KeyFile: hostKey()})
	return delta, files, diags, nil
}

// isYAML reports whether a name is that of a graph in YAML, rather than of a program.
func isYAML(name string) bool {
	base := filepath.Base(name)
	return base != "metadata.yaml" && (strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml"))
}

// walk lists the programs that a path names: itself, or the .mcl files below a directory.
// Directories whose names begin with a dot are left out.
func walk(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var out []string
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != path && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.Type().IsRegular() && strings.HasSuffix(name, ".mcl"):
			out = append(out, name)
		}
		return nil
	})
	return out, err
}
