package infer_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A term is an expression of a random program. It says nothing about types: most programs
// are wrong.
type term struct {
	op   int
	kids []*term
	to   int // function that is called, or number of a parameter
}

const (
	opParam = iota
	opInt
	opStr
	opAdd
	opLess
	opIndex
	opField
	opList
	opStruct
	opIf
	opLambda
	opCall
	opCount
)

// A template is a function or class of a random program: a body over parameters, which may
// call functions with smaller numbers.
type template struct {
	params int
	body   *term
}

// randomTerm writes a body. calls are the templates that it may call.
func randomTerm(r *rand.Rand, depth, params int, calls []template) *term {
	t := &term{op: r.IntN(opCount)}
	if depth == 0 {
		t.op = r.IntN(opStr + 1)
	}
	if t.op == opParam && params == 0 {
		t.op = opInt
	}
	if t.op == opCall && len(calls) == 0 {
		t.op = opIndex
	}
	kids := map[int]int{opAdd: 2, opLess: 2, opIndex: 1, opField: 1, opList: 1 + r.IntN(2), opStruct: 1, opIf: 3, opLambda: 1}[t.op]
	switch t.op {
	case opParam:
		t.to = r.IntN(params)
	case opCall:
		t.to = r.IntN(len(calls))
		kids = calls[t.to].params
	}
	for range kids {
		t.kids = append(t.kids, randomTerm(r, depth-1, params, calls))
	}
	return t
}

// text writes a term; call writes the call of a template.
func (t *term) text(call func(to int, args []string) string) string {
	k := make([]string, len(t.kids))
	for i, kid := range t.kids {
		k[i] = kid.text(call)
	}
	switch t.op {
	case opParam:
		return fmt.Sprintf("$p%d", t.to)
	case opInt:
		return "1"
	case opStr:
		return `"s"`
	case opAdd:
		return "(" + k[0] + " + " + k[1] + ")"
	case opLess:
		return "(if " + k[0] + " < " + k[1] + " { 1 } else { 2 })"
	case opIndex:
		return "(" + k[0] + ")[0]"
	case opField:
		return "(" + k[0] + ")->a"
	case opList:
		return "[" + strings.Join(k, ", ") + "]"
	case opStruct:
		return "struct{a => " + k[0] + "}"
	case opIf:
		return "(if (" + k[0] + ") == (" + k[1] + ") { " + k[1] + " } else { " + k[2] + " })"
	case opLambda:
		return "func($q) { [$q, $q] }(" + k[0] + ")"
	}
	return call(t.to, k)
}

// A pair is a random program in two forms: one in which functions and classes are used many
// times, and one in which each use has a copy of its own.
type pair struct{ shared, copied strings.Builder }

func randomPair(r *rand.Rand) *pair {
	p := &pair{}
	var list []template
	for i := range 1 + r.IntN(3) {
		t := template{params: 1 + r.IntN(2)}
		t.body = randomTerm(r, 3, t.params, list)
		list = append(list, t)
		fmt.Fprintf(&p.shared, "func f%d(%s) { %s }\n", i, paramList(t.params), t.body.text(sharedCall))
	}
	class := template{params: 1, body: randomTerm(r, 3, 1, list)}
	fmt.Fprintf(&p.shared, "class c($p0) {\n\t$v = %s\n\tfunc g($p1) { struct{p => $p0, q => $p1, v => $v} }\n\ttest [] { interface => $v, }\n}\n", class.body.text(sharedCall))
	copies := 0
	var copyCall func(to int, args []string) string
	copyCall = func(to int, args []string) string {
		copies++
		name := fmt.Sprintf("f%dx%d", to, copies)
		fmt.Fprintf(&p.copied, "func %s(%s) { %s }\n", name, paramList(list[to].params), list[to].body.text(copyCall))
		return name + "(" + strings.Join(args, ", ") + ")"
	}
	for i := range 1 + r.IntN(2) {
		use := randomTerm(r, 2, 0, list)
		fmt.Fprintf(&p.shared, "$u%d = %s\ntest [] { interface => $u%d, }\n", i, use.text(sharedCall), i)
		fmt.Fprintf(&p.copied, "$u%d = %s\ntest [] { interface => $u%d, }\n", i, use.text(copyCall), i)
	}
	for i := range r.IntN(3) {
		arg := randomTerm(r, 1, 0, nil)
		use := fmt.Sprintf("include %%s(%s) as i%d\n$w%d = i%d.g($i%d.v)\ntest [] { interface => $w%d, }\n", arg.text(nil), i, i, i, i, i)
		fmt.Fprintf(&p.copied, "class c%d($p0) {\n\t$v = %s\n\tfunc g($p1) { struct{p => $p0, q => $p1, v => $v} }\n\ttest [] { interface => $v, }\n}\n", i, class.body.text(copyCall))
		fmt.Fprintf(&p.shared, use, "c")
		fmt.Fprintf(&p.copied, use, fmt.Sprintf("c%d", i))
	}
	return p
}

func sharedCall(to int, args []string) string {
	return fmt.Sprintf("f%d(%s)", to, strings.Join(args, ", "))
}

func paramList(n int) string {
	names := []string{"$p0", "$p1"}
	return strings.Join(names[:n], ", ")
}

// TestInstancesAreCopies holds that a function or class that is checked once and
// instantiated at each use is typed as if each use had a copy of its own.
func TestInstancesAreCopies(t *testing.T) {
	accepted := 0
	const programs = 4000
	for seed := range uint64(programs) {
		p := randomPair(rand.New(rand.NewPCG(seed, 0)))
		shared, copied := p.shared.String(), p.copied.String()
		prog1, info1, diags1 := checkText(t, shared)
		prog2, info2, diags2 := checkText(t, copied)
		if diags1.HasErrors() != diags2.HasErrors() {
			t.Fatalf("seed %d: shared\n%s\nfinds\n%s\nbut copied\n%s\nfinds\n%s", seed, shared, render(t, prog1, diags1), copied, render(t, prog2, diags2))
		}
		if diags1.HasErrors() {
			continue
		}
		accepted++
		for _, name := range []string{"u0", "u1", "w0", "w1"} {
			if a, b := typeOf(prog1, info1, name), typeOf(prog2, info2, name); a != b {
				t.Fatalf("seed %d: $%s is %s, but with copies %s\n%s\n%s", seed, name, a, b, shared, copied)
			}
		}
	}
	if accepted < programs/20 {
		t.Errorf("only %d of %d programs were accepted", accepted, programs)
	}
	t.Logf("%d of %d programs were accepted", accepted, programs)
}
