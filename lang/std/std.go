// Package std is the standard library: the list of its modules. Each module is a table
// in a package of its own, whose directory is the path by which a program imports it;
// the module with the empty path, which needs no import, is in directory core.
//
// To add a function, add an entry to the table of its module: a name, a sentence of
// documentation, the signature, and one of the forms of [funcs.Function]. Package
// internal/table has what shortens the common cases. To add a module, add its package
// and a line below.
package std

import (
	"sync"

	"mgmt/lang/funcs"
	stdconvert "mgmt/lang/std/convert"
	stdcore "mgmt/lang/std/core"
	stddatetime "mgmt/lang/std/datetime"
	stddeploy "mgmt/lang/std/deploy"
	stdencoding "mgmt/lang/std/encoding"
	stdexample "mgmt/lang/std/example"
	stdnested "mgmt/lang/std/example/nested"
	stdfmt "mgmt/lang/std/fmt"
	stdgolang "mgmt/lang/std/golang"
	stditer "mgmt/lang/std/iter"
	stdlist "mgmt/lang/std/list"
	stdlocal "mgmt/lang/std/local"
	stdmap "mgmt/lang/std/map"
	stdmath "mgmt/lang/std/math"
	stdos "mgmt/lang/std/os"
	stdregexp "mgmt/lang/std/regexp"
	stdsecret "mgmt/lang/std/secret"
	stdstrings "mgmt/lang/std/strings"
	stdsys "mgmt/lang/std/sys"
	stdtest "mgmt/lang/std/test"
	stdutil "mgmt/lang/std/util"
	stdvalue "mgmt/lang/std/value"
	stdworld "mgmt/lang/std/world"
	stdcollect "mgmt/lang/std/world/collect"
)

// Library returns the standard library. It is made on first use.
func Library() *funcs.Library { return library() }

var library = sync.OnceValue(newLibrary)

func newLibrary() *funcs.Library {
	var lib *funcs.Library
	modules := []*funcs.Module{
		stdcore.Module(),
		stdconvert.Module(),
		stddatetime.Module(),
		stddeploy.Module(),
		stdencoding.Module(),
		stdexample.Module(),
		stdnested.Module(),
		stdfmt.Module(),
		stdgolang.Module(func() *funcs.Library { return lib }),
		stditer.Module(),
		stdlist.Module(),
		stdlocal.Module(),
		stdmap.Module(),
		stdmath.Module(),
		stdos.Module(),
		stdregexp.Module(),
		stdsecret.Module(),
		stdstrings.Module(),
		stdsys.Module(),
		stdtest.Module(),
		stdutil.Module(),
		stdvalue.Module(),
		stdworld.Module(),
		stdcollect.Module(),
	}
	lib = funcs.NewLibrary(append(modules, stdgolang.Modules()...)...)
	return lib
}
