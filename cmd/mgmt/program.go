package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mgmt"
	frontlang "mgmt/frontend/lang"
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
	cmd.Flags().StringVar(&f.hostname, "hostname", "", "`name` of this host; the default is that of the system")
}

// open finds a program and returns what the front end needs for it, except for a host.
func (f *programFlags) open(arg string, io *streams) (frontlang.Options, error) {
	if f.hostname != "" {
		if err := mgmt.CheckHostname(f.hostname); err != nil {
			return frontlang.Options{}, err
		}
	}
	input, err := lang.Open(arg, io.in)
	if err != nil {
		return frontlang.Options{}, err
	}
	if f.modulePath != "" {
		dir, err := filepath.Abs(f.modulePath)
		if err != nil {
			return frontlang.Options{}, err
		}
		input.ModulePath = []string{filepath.ToSlash(dir) + "/"}
	}
	return frontlang.Options{Input: input, Library: std.Library(), Kinds: resources.Kinds()}, nil
}

// snapshot returns the first graph of a program. Its functions find an empty working
// directory, which is removed again.
func (f *programFlags) snapshot(ctx context.Context, opts frontlang.Options) (resource.Delta, *syntax.Files, syntax.Diagnostics, error) {
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
	opts.Host = &funcs.Host{Hostname: hostname, World: mem.New().Host(hostname), Local: local.New(prefix), Watch: hub, Files: opts.Input.Files}
	delta, files, diags := frontlang.Snapshot(ctx, opts)
	return delta, files, diags, nil
}

// isYAML reports whether a name is that of a graph in YAML, rather than of a program.
func isYAML(name string) bool {
	base := filepath.Base(name)
	return base != "metadata.yaml" && (strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml"))
}

var errNoYAML = errors.New("this build has no yaml front end; write the graph as a program in the language")

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
