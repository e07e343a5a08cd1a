// Package stdgolang has the modules golang and golang/…: functions of the Go library,
// and text templates.
package stdgolang

import (
	"errors"
	"fmt"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Modules returns the modules golang/html, golang/math, and so on.
func Modules() []*funcs.Module {
	return []*funcs.Module{
		module("html", htmlTable),
		module("math", mathTable),
		module("math/rand", randTable),
		module("os", osTable),
		module("os/exec", execTable),
		module("path", pathTable),
		module("path/filepath", filepathTable),
		module("runtime", runtimeTable),
		module("strconv", strconvTable),
		module("strings", stringsTable),
	}
}

func module(goPath string, rows []wrapper) *funcs.Module {
	m := &funcs.Module{
		Path:  "golang/" + goPath,
		Doc:   "Functions of the Go package " + goPath + ".",
		Funcs: make([]*funcs.Function, len(rows)),
	}
	for i, row := range rows {
		m.Funcs[i] = row.function(goPath)
	}
	return m
}

// A wrapper is a row of the tables: a function of the Go library.
type wrapper struct {
	name   string
	goName string
	sig    string
	fn     any // the Go function
	call   table.Func
	fails  bool // it can return an error
	host   bool // it reads the host, the clock or a random source, so it is not pure
}

func (w wrapper) function(goPath string) *funcs.Function {
	f := &funcs.Function{
		Name: w.name,
		Doc:  fmt.Sprintf("%s of the Go package %s.", w.goName, goPath),
		Sigs: table.Sig(w.sig),
	}
	if w.fails {
		f.Doc += " Its error is one that <|> catches."
	}
	call := guard(w.call)
	if w.host {
		f.Impure = func(_ *funcs.Call, args []types.Value) (types.Value, error) { return call(args) }
	} else {
		f.Pure = call
	}
	return f
}

// guard makes the errors of a function catchable and its panics errors.
func guard(f table.Func) table.Func {
	return func(args []types.Value) (v types.Value, err error) {
		defer func() {
			if p := recover(); p != nil {
				v, err = nil, fmt.Errorf("%v", p)
			}
		}()
		v, err = f(args)
		return v, types.Catch(err)
	}
}

// host marks a function that is not pure.
func host(w wrapper) wrapper {
	w.host = true
	return w
}

func call0[R table.Native](name, goName, sig string, f func() R) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Pure0(f)}
}

func call1[A, R table.Native](name, goName, sig string, f func(A) R) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Pure1(f)}
}

func call2[A, B, R table.Native](name, goName, sig string, f func(A, B) R) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Pure2(f)}
}

func call3[A, B, C, R table.Native](name, goName, sig string, f func(A, B, C) R) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Pure3(f)}
}

func call4[A, B, C, D, R table.Native](name, goName, sig string, f func(A, B, C, D) R) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Pure4(f)}
}

func try0[R table.Native](name, goName, sig string, f func() (R, error)) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Try0(f), fails: true}
}

func try1[A, R table.Native](name, goName, sig string, f func(A) (R, error)) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Try1(f), fails: true}
}

func try2[A, B, R table.Native](name, goName, sig string, f func(A, B) (R, error)) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Try2(f), fails: true}
}

func try3[A, B, C, R table.Native](name, goName, sig string, f func(A, B, C) (R, error)) wrapper {
	return wrapper{name: name, goName: goName, sig: sig, fn: f, call: table.Try3(f), fails: true}
}

// maxRepeat bounds the memory that a mistake in a count can ask for. Go itself would
// end the process.
const maxRepeat = 1 << 30

// repeat is strings.Repeat.
func repeat(s string, count int) string {
	if s != "" && count > maxRepeat/len(s) {
		panic(errors.New("the result would be too large"))
	}
	return strings.Repeat(s, count)
}
