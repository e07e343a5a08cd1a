// Package lang ties the stages of the language together.
//
// An [Input] says where a program is: [Open] makes one of what a user typed. [Load] takes
// it through parsing, name resolution and type inference and returns a [Program], which
// [Program.Start] turns into a running flow graph. What the statements of a running
// program mean to the engine is the business of package frontend/lang.
package lang

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mgmt/lang/compile"
	"mgmt/lang/flow"
	"mgmt/lang/funcs"
	"mgmt/lang/infer"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// An Input says where a program is.
type Input struct {
	Source resolve.Source // where imports are read from
	Main   string         // path of the main file in Source
	Text   []byte         // of the main file, if it does not come from Source
	Files  fs.FS          // the directory of the program, for functions that read files of it; may be nil
	// ModulePath are the directories of modules fetched from elsewhere.
	ModulePath []string
}

// Open finds the program that arg names: "-" is code on stdin, a file or a path that ends in
// .mcl a file, a directory or its metadata.yaml a module; anything else is code itself.
func Open(arg string, stdin io.Reader) (Input, error) {
	switch {
	case arg == "":
		return Input{}, errors.New("the program is empty; name a file, a directory, or - for standard input")
	case arg == "-":
		return openStream("<stdin>", stdin)
	case arg == resolve.MetadataFile:
		return Input{}, errors.New("to run the module in this directory, write ./metadata.yaml or ./")
	case path.Base(filepath.ToSlash(arg)) == resolve.MetadataFile:
		return openDir(filepath.Dir(arg)), nil
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return openDir(arg), nil
	case err == nil && !info.Mode().IsRegular():
		return openPipe(arg)
	case err == nil || strings.HasSuffix(arg, ".mcl"):
		return inDir(filepath.Dir(arg), filepath.Clean(arg), nil), nil
	case strings.HasSuffix(arg, "/") || !strings.ContainsAny(arg, " \n{\"=("):
		return Input{}, fmt.Errorf("there is no program %s; name a .mcl file, a directory, or - for standard input", arg)
	}
	return inDir(".", "<argument>", []byte(arg)), nil
}

// openPipe reads code from what a shell made of <(...), or the like.
func openPipe(name string) (Input, error) {
	f, err := os.Open(name)
	if err != nil {
		return Input{}, err
	}
	defer f.Close()
	return openStream("<"+name+">", f)
}

func openStream(name string, r io.Reader) (Input, error) {
	text, err := io.ReadAll(io.LimitReader(r, syntax.MaxFile+1))
	if err == nil && len(text) > syntax.MaxFile {
		err = fmt.Errorf("there are more than %d MiB", syntax.MaxFile>>20)
	}
	if err != nil {
		return Input{}, fmt.Errorf("reading the program from %s: %w", name, err)
	}
	return inDir(".", name, append([]byte{}, text...)), nil
}

// openDir is a module. Which file it begins with is looked up at each load.
func openDir(dir string) Input {
	return inDir(dir, strings.TrimSuffix(filepath.ToSlash(dir), "/")+"/", nil)
}

// inDir is a program in a directory. Text, where it is given, stands for the main file.
func inDir(dir, main string, text []byte) Input {
	in := Input{Source: resolve.Dir("."), Main: filepath.ToSlash(main), Text: text}
	if text != nil {
		in.Main = main
	}
	if root, err := os.OpenRoot(dir); err == nil {
		in.Files = root.FS()
	}
	return in
}

// A Program is a checked program.
type Program struct {
	Bound *resolve.Program
	Types *infer.Info
	lib   *funcs.Library
}

// Load reads and checks a program. The diagnostics are those of all stages that could look at
// it; with an error among them the program cannot be started.
func Load(ctx context.Context, in Input, lib *funcs.Library, kinds infer.Kinds) (*Program, syntax.Diagnostics) {
	bound, diags := resolve.Resolve(ctx, resolve.Options{
		Source:     in.Source,
		Main:       in.Main,
		Text:       in.Text,
		Library:    lib,
		ModulePath: in.ModulePath,
	})
	p := &Program{Bound: bound, lib: lib}
	if bound.Main == nil || unreadable(diags) {
		return p, diags
	}
	var more syntax.Diagnostics
	p.Types, more = infer.Check(bound, lib, kinds)
	return p, append(diags, more...)
}

// unreadable reports whether a text is no program: then nothing is to be said of its types.
func unreadable(diags syntax.Diagnostics) bool {
	return slices.ContainsFunc(diags, func(d *syntax.Diagnostic) bool {
		return d.Severity == syntax.Error && d.Phase < syntax.PhaseScope
	})
}

// Files returns the source files, in which the spans of diagnostics lie.
func (p *Program) Files() *syntax.Files { return p.Bound.Files }

// Read lists the paths of the files that the program was read from.
func (p *Program) Read() []string { return p.Bound.Read }

// Start instantiates the program in a flow graph whose sources run until ctx ends. The
// payloads of its outputs are of type [*compile.Contribution].
func (p *Program) Start(ctx context.Context, host *funcs.Host) *flow.Graph {
	return compile.Start(ctx, p.Bound, p.Types, p.lib, host)
}
