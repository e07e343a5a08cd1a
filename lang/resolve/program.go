package resolve

import (
	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A Program is a set of trees whose names are bound. It is made by [Resolve] and
// not changed afterwards.
type Program struct {
	Files *syntax.Files
	IDs   int // one more than the largest number of an expression, parameter, loop variable or include
	Main  *Module
	// Modules are all that are imported, each before those that import it at their top
	// level; Main comes last.
	Modules []*Module

	// Refs binds, by number, each variable, called name and include that could be
	// bound.
	Refs []*Ref

	// Order has every definition that was examined, except parameters, each after those
	// it refers to. A class comes after all that is defined in it.
	Order []*Def

	// Uses counts the references to a definition from code that may run.
	// Code that nothing uses is not counted.
	Uses map[*Def]int

	// Read are the paths of the files that make up the program, as opened in its
	// [Source]; also those that are missing.
	Read []string

	scopes map[syntax.Node]*Scope
}

// ScopeOf returns the scope that a block, a loop or a function literal opens: for a loop
// that of its variables, for a function literal that of its parameters.
func (p *Program) ScopeOf(n syntax.Node) *Scope { return p.scopes[n] }

// A Module is one source file (or the source text of a system module) whose top
// level is a scope.
type Module struct {
	Name  string // for messages
	Dir   string // directory of the module, from that of the main module, which is /; ends in /
	Tree  *syntax.Tree
	Scope *Scope

	base   string // directory of its main file, which local imports start from
	meta   *Metadata
	parent *Module             // that imported it first
	imp    *syntax.ImportStmt  // with which parent did; nil for what is not imported from a file
	lib    *funcs.Module       // whose source text it is, or nil
	blocks []*Scope            // with imports, outside of classes
	broken map[string]struct{} // words of statements that could not be parsed; made when needed
}

// A ScopeKind tells what opened a scope.
type ScopeKind uint8

// The kinds of scopes.
const (
	FileScope   ScopeKind = iota // the top level of a module
	BranchScope                  // a block of an if statement
	LoopScope                    // the loop variables of a for or forkv; its body is a BodyScope inside
	ParamScope                   // the parameters of a function or class
	BodyScope                    // the body of a class or loop
)

// A Scope is a block of definitions. Scopes nest lexically.
type Scope struct {
	Kind   ScopeKind
	Parent *Scope  // nil for FileScope
	Defs   []*Def  // by Index
	Module *Module // that the scope is in
	Class  *Def    // the innermost class that the scope is in, or nil

	index   map[nameKey]*Def // of Defs, when there are many
	imports *imports         // or nil
}

// A DefKind tells what a definition defines.
type DefKind uint8

// The kinds of definitions.
const (
	VarDef     DefKind = iota // $name = value
	ParamDef                  // of a function or class
	LoopDef                   // index, key or value of a loop
	FuncDef                   // func name
	ClassDef                  // class name
	IncludeDef                // include … as name: an instance whose names can be reached
	LibraryDef                // a function of the library
	ConstDef                  // a constant of the library
)

// A Def is a definition.
type Def struct {
	Kind  DefKind
	IsKey bool // a LoopDef that is the index or key
	Name  string
	Span  syntax.Span
	Scope *Scope // that it is defined in; nil for LibraryDef and ConstDef
	Index int    // within Scope.Defs

	Bind    *syntax.Bind        // of a VarDef
	Param   *syntax.Param       // of a ParamDef
	Loop    *syntax.ForStmt     // of a LoopDef
	Func    *syntax.FuncStmt    // of a FuncDef
	Class   *syntax.ClassStmt   // of a ClassDef
	Include *syntax.IncludeStmt // of an IncludeDef

	// ParamScope is the scope of the parameters of a FuncDef or ClassDef; Body that of
	// the statements of a ClassDef. A class a:b stands in the body scope of a.
	ParamScope, Body *Scope

	Library *funcs.Function // of a LibraryDef
	Const   types.Value     // of a ConstDef; nil for one that only the agent knows, a str

	ref   Ref   // to this definition, not through any include
	edges int32 // the first one, in the table of the resolver
	state state
}

// A Ref is what a name is bound to.
type Ref struct {
	// Via are the includes to go through, outermost first: $i.m.v goes through i and
	// m. The definition is then looked for in the instance that they lead to.
	Via []*Def
	Def *Def
}
