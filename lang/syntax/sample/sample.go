// Package sample makes programs of any size, for benchmarks and tests.
//
// Each [Shape] grows one thing; [Mixed] is like what people write. The programs
// check, and use no module but fmt and no kind but file, print, noop and test.
package sample

import (
	"bytes"
	"fmt"
	"strings"
)

// A Shape makes a program of about n statements, or n levels.
type Shape struct {
	Name string
	Make func(n int) []byte
}

// Shapes lists all shapes.
var Shapes = []Shape{
	{"mixed", Mixed},
	{"files", Files},
	{"binds", Binds},
	{"chain", Chain},
	{"calls", Calls},
	{"printf", Printf},
	{"nested", Nested},
}

// repeat makes a program of a head and n times what each writes.
func repeat(head string, n int, each func(b *bytes.Buffer, i int)) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for i := range n {
		each(&b, i)
	}
	return b.Bytes()
}

// Mixed is a program as people write them, with comments, lists, conditions and
// functions.
func Mixed(n int) []byte {
	return repeat("import \"fmt\"\n\nfunc double($x) { $x + $x }\n\n", (n+7)/8, func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, `# the settings of site %[1]d
$port_%[1]d = 8000 + %[1]d
$name_%[1]d = fmt.printf("site-%%d", $port_%[1]d)
$settings_%[1]d = struct{root => "/srv/%[1]d", users => ["alice", "bob",], limits => {"files" => 1024, "procs" => 64,},}

if double($port_%[1]d) > 100 and "alice" in $settings_%[1]d->users {
	file "/srv/%[1]d/${name_%[1]d}.conf" {
		state => "exists",
		content => fmt.printf("listen %%d\nroot %%s\n", $port_%[1]d, $settings_%[1]d->root), # the whole file
		mode => if $port_%[1]d == 8080 { "0600" } else { "0644" },
		Meta:noop => not ($settings_%[1]d->limits["files"] <|> 0 > 512),
	}
	print "site %[1]d is there" {
		Depend => File["/srv/%[1]d/${name_%[1]d}.conf"],
	}
} else {
	noop "site-%[1]d" {}
}

`, i)
	})
}

// Files declares n files in one directory.
func Files(n int) []byte {
	return repeat("", n, func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "file \"/tmp/sample/%d\" {\n\tstate => \"exists\",\n\tcontent => \"this is file %d\\n\",\n}\n", i, i)
	})
}

// Binds has n variables that do not depend on each other.
func Binds(n int) []byte {
	return repeat("", n, func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "$v%d = %d + 1\n", i, i)
	})
}

// Chain has n variables of which each is made from the one before.
func Chain(n int) []byte {
	return repeat("$v0 = 1\n", n, func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "$v%d = $v%d + 1\n", i+1, i)
	})
}

// Calls has n calls of one polymorphic function, with values of two types.
func Calls(n int) []byte {
	return repeat("func id($x) { $x }\n", n, func(b *bytes.Buffer, i int) {
		arg := fmt.Sprint(i)
		if i%2 == 1 {
			arg = `"` + arg + `"`
		}
		fmt.Fprintf(b, "$v%d = id(%s)\n", i, arg)
	})
}

// Printf has n formatted strings.
func Printf(n int) []byte {
	return repeat("import \"fmt\"\n", n, func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "$v%d = fmt.printf(\"%%s is %%d\", \"v%d\", %d)\n", i, i, i)
	})
}

// Nested has calls f(f(f(…))) of the depth given.
func Nested(depth int) []byte {
	return fmt.Appendf(nil, "func f($x) { $x }\n$v = %s1%s\n", strings.Repeat("f(", depth), strings.Repeat(")", depth))
}
