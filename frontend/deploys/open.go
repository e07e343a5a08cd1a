package deploys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"mgmt/deploy"
	"mgmt/deploy/bundle"
	"mgmt/frontend"
	"mgmt/frontend/empty"
	frontlang "mgmt/frontend/lang"
	frontyaml "mgmt/frontend/yaml"
	"mgmt/lang"
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// open returns the front end of the program that a deploy has.
func open(m *deploy.Manifest, files *bundle.Bundle, opts Options, report func(*syntax.Files, syntax.Diagnostics)) (frontend.Frontend, error) {
	switch m.Frontend {
	case "lang":
		in, err := langInput(m, files)
		if err != nil {
			return nil, err
		}
		host := *opts.Host
		host.Files, host.Sealed = in.Files, m.Secrets
		return frontlang.New(frontlang.Options{Input: in, Library: opts.Library, Kinds: opts.Kinds, Host: &host, Log: opts.Log, Report: report}), nil
	case "yaml":
		in, err := yamlInput(m, files)
		if err != nil {
			return nil, err
		}
		return frontyaml.New(frontyaml.Options{Input: in, Kinds: opts.Kinds, Hostname: opts.Host.Hostname, World: opts.Host.World, Log: opts.Log, Report: report}), nil
	case "empty":
		return empty.Frontend{}, nil
	}
	return nil, fmt.Errorf("it is for the front end %.40q, which this agent does not have", m.Frontend)
}

// langInput finds a program among the files of a deploy. Nothing else can be read.
func langInput(m *deploy.Manifest, files *bundle.Bundle) (lang.Input, error) {
	all, err := files.FS()
	if err != nil {
		return lang.Input{}, err
	}
	return lang.Input{Source: resolve.FS{FS: all}, Main: m.Main, Files: around{all, path.Dir(m.Main)}, ModulePath: m.Modules}, nil
}

// An around is the directory of a program among the files of a deploy, and those of modules beside it.
type around struct {
	all fs.FS
	dir string
}

// Open implements fs.FS.
func (a around) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := a.all.Open(path.Join(a.dir, resolve.Place(name)))
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		e.Path = name // as the program has it
	}
	return f, err
}

// yamlInput finds a graph in YAML among the files of a deploy.
func yamlInput(m *deploy.Manifest, files *bundle.Bundle) (*frontyaml.Input, error) {
	for _, f := range files.Tree {
		if f.Path != m.Main {
			continue
		}
		text, err := files.Content(f)
		return &frontyaml.Input{Name: m.Main, Text: append([]byte{}, text...)}, err
	}
	return nil, fmt.Errorf("it has no file %s", m.Main)
}

// Check returns the diagnostics of the program of a deploy, as an agent will see it.
func Check(ctx context.Context, p *deploy.Plan, library *funcs.Library, kinds *resource.Registry) (*syntax.Files, syntax.Diagnostics, error) {
	switch p.Frontend {
	case "lang":
		in, err := langInput(&p.Manifest, p.Bundle)
		if err != nil {
			return nil, nil, err
		}
		files, diags := frontlang.Check(ctx, frontlang.Options{Input: in, Library: library, Kinds: kinds})
		return files, diags, nil
	case "yaml":
		in, err := yamlInput(&p.Manifest, p.Bundle)
		if err != nil {
			return nil, nil, err
		}
		files, diags := frontyaml.New(frontyaml.Options{Input: in, Kinds: kinds}).Check()
		return files, diags, nil
	}
	return &syntax.Files{}, nil, nil
}
