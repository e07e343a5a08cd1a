// Package funcs says what a function of the language is: the table behind the
// standard library.
//
// A [Library] has [Module]s, a module has [Function]s, constants, and possibly
// source text in the language itself. An entry of the table has the name, the
// signatures, the documentation and the form of a function: there are three forms
// (pure, source, shape) and a pure one may also be impure, which means that it
// reads the host when it is called but has nothing to watch.
//
// The tables themselves live in lang/std and are handed to the stages of the
// compiler from above. Package resolve asks them for names, infer for signatures,
// compile for the forms, and the documentation is made from them.
package funcs

import (
	"context"
	"io/fs"
	"log/slog"

	"mgmt/lang/types"
	"mgmt/local"
	"mgmt/watch"
	"mgmt/world"
)

// A Function is an entry of the table.
type Function struct {
	Name string // within its module, or of a function without a module
	Doc  string // what it does, units, errors; plain sentences

	// Sigs are the signatures: one, or the alternatives of an overloaded function.
	// They may contain type variables; equal numbers are equal types in one
	// signature.
	Sigs []*types.Type
	// Variadic says that the last parameter of the only signature stands for any
	// number of arguments, including none.
	Variadic bool
	// Infer, where set, makes the alternatives from what is known of a call, in
	// place of Sigs, which then serve the documentation only.
	Infer func(site Site) ([]*types.Type, error)
	// Check, where set, may reject a solved signature.
	Check func(sig *types.Type) error

	// Exactly one of the forms is set.

	// Pure depends on its arguments only.
	Pure func(args []types.Value) (types.Value, error)
	// Typed is a pure function that depends on its solved signature too.
	Typed func(sig *types.Type) func(args []types.Value) (types.Value, error)
	// Impure reads the host. It is called again when an argument changes, and only
	// then.
	Impure func(call *Call, args []types.Value) (types.Value, error)
	// Source delivers values until ctx ends: the first one as soon as it can. It is
	// started anew when an argument changes, unless Follow is set. An error passed
	// to emit takes the place of the value; a returned error is the last word.
	Source func(ctx context.Context, call *Call, args []types.Value, emit func(types.Value, error)) error
	// Shape applies function values. It is asked again when an argument changes.
	Shape func(args []types.Value) (*Plan, error)

	// Follow says that the Source is not started anew when an argument changes but
	// reads the changes from Call.Changes.
	Follow bool
	// Fixed says that an argument that changes while the program runs is a fatal
	// error.
	Fixed bool
	// Secret says that what an Impure or a Source delivers is a secret. It and all that is made
	// of it is never shown.
	Secret bool
	// Publishes says that others can see the arguments, which therefore may not be secret.
	Publishes bool
	// NoFold keeps a pure function from being evaluated while compiling.
	NoFold bool
	// Travels, where set, says which paths within Host.Files a call reads that stands in a module in
	// dir and has arg as its argument: the first one that is there.
	Travels func(dir, arg string) []string
	// Optional says that such a path need not be there.
	Optional bool
}

// A Site is what is known of a call when its signature is wanted.
type Site struct {
	Args int // number of arguments
	// Const returns the value of argument i when it is known while compiling.
	Const func(i int) (types.Value, bool)
}

// A Call is one place where a function that is not pure runs.
type Call struct {
	Sig     *types.Type // solved signature
	Dir     string      // directory of the module that contains the call, within Host.Files; ends in /
	Caught  bool        // the call stands, at any depth, on the left of <|>
	Host    *Host
	Changes <-chan []types.Value // for a Follow function: new arguments
}

// A Host is what functions may know of the agent they run in.
type Host struct {
	Hostname string // of the agent, fixed for its life
	World    world.World
	Local    *local.Store
	Watch    *watch.Hub
	Files    fs.FS // the files of the deploy, or nil
	// KeyFile is the file with the key that opens what is sealed to this host.
	KeyFile string
	// Sealed are secrets from the environment of who deployed the program, sealed, by name.
	Sealed map[string]string
	Log    *slog.Logger
	// HasKind reports whether there are resources of the kind; nil says yes to all.
	HasKind func(kind string) bool
}

// A Plan is what a [Function.Shape] wants: applications of function values, and
// how to make the result of theirs.
type Plan struct {
	Apply   []Application
	Combine func(results []types.Value) (types.Value, error)
}

// An Application is a function value and its arguments. An argument of type
// [Result] stands for the result of an earlier application of the same plan.
type Application struct {
	Func *types.Func
	Args []types.Value
}

// A Result is a placeholder in a plan: the result of application number Result.
type Result int

// Kind is that of no value.
func (Result) Kind() types.Kind { return types.KindInvalid }

func (Result) String() string { return "result" }

// A Module is a set of names under one import path.
type Module struct {
	Path   string // as imported, such as "golang/strings"
	Doc    string
	Funcs  []*Function
	Consts map[string]types.Value // constant variables, dotted names allowed
	Source string                 // text in the language that defines more names, or empty
}

// A Library is the set of all modules. The module with the empty path has the
// names that need no import.
type Library struct {
	modules map[string]*Module
	funcs   map[string]map[string]*Function
}

// NewLibrary returns the library of the modules. Two modules of one path, or two
// functions of one name in a module, are a programming error.
func NewLibrary(modules ...*Module) *Library {
	l := &Library{modules: map[string]*Module{}, funcs: map[string]map[string]*Function{}}
	for _, m := range modules {
		if l.modules[m.Path] != nil {
			panic("funcs: two modules " + m.Path)
		}
		l.modules[m.Path] = m
		names := make(map[string]*Function, len(m.Funcs))
		for _, f := range m.Funcs {
			if names[f.Name] != nil {
				panic("funcs: two functions " + m.Path + "." + f.Name)
			}
			names[f.Name] = f
		}
		l.funcs[m.Path] = names
	}
	return l
}

// Module returns the module with the path, or nil.
func (l *Library) Module(path string) *Module { return l.modules[path] }

// Func returns the named function of a module, or nil.
func (l *Library) Func(path, name string) *Function { return l.funcs[path][name] }

// Modules returns the modules by path; not to be modified.
func (l *Library) Modules() map[string]*Module { return l.modules }
