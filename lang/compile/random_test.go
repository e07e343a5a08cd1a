package compile_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator writes random programs that are well typed by construction. Their only
// source of change is twin.get(n), an int that the test sets.
type generator struct {
	r     *rand.Rand
	b     strings.Builder
	n     int // for fresh names
	scope []variable
	funcs []string // named functions from int to int
	class []string // classes with one int parameter that export $v
	depth int
}

type variable struct{ name, typ string }

const sources = 4

func program(r *rand.Rand) string {
	g := &generator{r: r}
	g.b.WriteString("import \"twin\"\nimport \"iter\"\n")
	for range 1 + r.IntN(2) {
		g.function()
	}
	g.block(8)
	return g.b.String()
}

func (g *generator) fresh(prefix string) string {
	g.n++
	return fmt.Sprintf("%s%d", prefix, g.n)
}

func (g *generator) line(format string, args ...any) {
	g.b.WriteString(strings.Repeat("\t", g.depth))
	fmt.Fprintf(&g.b, format+"\n", args...)
}

func (g *generator) function() {
	name := g.fresh("f")
	saved := g.scope
	g.scope = []variable{{"x", "int"}}
	g.line("func %s($x) { %s }", name, g.expr("int", 3))
	g.scope = saved
	g.funcs = append(g.funcs, name)
}

// block writes up to size statements; names defined in it are gone afterwards.
func (g *generator) block(size int) {
	vars, classes := g.scope, g.class
	defer func() { g.scope, g.class = vars, classes }()
	for range 1 + g.r.IntN(size) {
		g.stmt()
	}
}

func (g *generator) nested(head string, body func()) {
	g.line("%s {", head)
	g.depth++
	body()
	g.depth--
}

func (g *generator) stmt() {
	kinds := 10
	if g.depth > 2 {
		kinds = 6
	}
	switch g.r.IntN(kinds) {
	case 0, 1, 2:
		typ := []string{"int", "bool", "str", "[]int", "map{str: int}", "func"}[g.r.IntN(6)]
		name := g.fresh("v")
		g.line("$%s = %s", name, g.expr(typ, 3))
		g.scope = append(g.scope, variable{name, typ})
	case 3, 4:
		g.line("test [%s, \"r%d\"] { int64 => %s, anotherstr => %s ?: %s, }", g.expr("str", 2), g.n, g.expr("int", 3), g.expr("bool", 2), g.expr("str", 2))
	case 5:
		g.line("test \"%s\" { int64 => %s, }", g.fresh("t"), g.expr("int", 4))
	case 6:
		g.nested("if "+g.expr("bool", 3), func() { g.block(3) })
		g.line("} else {")
		g.depth++
		g.block(3)
		g.depth--
		g.line("}")
	case 7:
		k, v := g.fresh("i"), g.fresh("e")
		g.loop("for", k, v, "[]int", "int")
	case 8:
		k, v := g.fresh("k"), g.fresh("e")
		g.loop("forkv", k, v, "map{str: int}", "str")
	case 9:
		g.classAndInclude()
	}
}

func (g *generator) loop(word, k, v, over, key string) {
	head := fmt.Sprintf("%s $%s, $%s in %s", word, k, v, g.expr(over, 2))
	g.nested(head, func() {
		saved := g.scope
		g.scope = append(g.scope[:len(g.scope):len(g.scope)], variable{k, key}, variable{v, "int"})
		g.block(3)
		g.scope = saved
	})
	g.line("}")
}

func (g *generator) classAndInclude() {
	name, alias := g.fresh("c"), g.fresh("a")
	g.nested(fmt.Sprintf("class %s($p)", name), func() {
		saved := g.scope
		g.scope = append(g.scope[:len(g.scope):len(g.scope)], variable{"p", "int"})
		g.line("$w = %s", g.expr("int", 2))
		g.block(2)
		g.scope = saved
	})
	g.line("}")
	g.line("include %s(%s) as %s", name, g.expr("int", 2), alias)
	g.line("include %s(%s)", name, g.expr("int", 2))
	g.scope = append(g.scope, variable{alias + ".w", "int"})
}

// pick returns a variable of the type, or nothing.
func (g *generator) pick(typ string) string {
	var names []string
	for _, v := range g.scope {
		if v.typ == typ {
			names = append(names, "$"+v.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return names[g.r.IntN(len(names))]
}

// expr writes an expression of the type.
func (g *generator) expr(typ string, depth int) string {
	if v := g.pick(typ); v != "" && g.r.IntN(3) == 0 {
		return v
	}
	if depth > 0 && g.r.IntN(6) == 0 {
		return fmt.Sprintf("if %s { %s } else { %s }", g.expr("bool", depth-1), g.expr(typ, depth-1), g.expr(typ, depth-1))
	}
	if depth > 0 && g.r.IntN(8) == 0 && typ != "func" {
		return fmt.Sprintf("(%s <|> %s)", g.expr(typ, depth-1), g.expr(typ, depth-1))
	}
	e := func(t string) string { return g.expr(t, depth-1) }
	n := g.r.IntN(7)
	if depth <= 0 {
		n = 0
	}
	switch typ {
	case "int":
		return g.intExpr(n, e)
	case "bool":
		switch n {
		case 1:
			return fmt.Sprintf("(%s < %s)", e("int"), e("int"))
		case 2:
			return fmt.Sprintf("(%s == %s)", e("str"), e("str"))
		case 3:
			return fmt.Sprintf("(%s and %s)", e("bool"), e("bool"))
		case 4:
			return fmt.Sprintf("(%s in %s)", e("int"), e("[]int"))
		}
		return []string{"true", "false"}[g.r.IntN(2)]
	case "str":
		if n > 3 {
			return fmt.Sprintf("(%s + %s)", e("str"), e("str"))
		}
		return []string{`"a"`, `"b"`, `"c"`}[g.r.IntN(3)]
	case "[]int":
		switch {
		case n == 6:
			return fmt.Sprintf("iter.map(%s, %s)", e("[]int"), e("func"))
		case n > 3:
			return fmt.Sprintf("[%s, %s]", e("int"), e("int"))
		}
		return fmt.Sprintf("[%s]", e("int"))
	case "map{str: int}":
		return fmt.Sprintf("{%s => %s, \"k\" + %s => %s}", g.key(depth), e("int"), e("str"), e("int"))
	case "func":
		name := g.fresh("x")
		saved := g.scope
		g.scope = append(g.scope[:len(g.scope):len(g.scope)], variable{name, "int"})
		body := g.expr("int", max(depth-1, 0))
		g.scope = saved
		return fmt.Sprintf("func($%s) { %s }", name, body)
	}
	panic(typ)
}

func (g *generator) key(depth int) string { return "(" + g.expr("str", depth-1) + ")" }

func (g *generator) intExpr(n int, e func(string) string) string {
	switch n {
	case 1:
		return fmt.Sprintf("(%s %s %s)", e("int"), []string{"+", "-", "*"}[g.r.IntN(3)], e("int"))
	case 2:
		return fmt.Sprintf("%s[%s]", g.listOrVar(e), e("int"))
	case 3:
		return fmt.Sprintf("%s(%s)", g.funcs0(), e("int"))
	case 4:
		if f := g.pick("func"); f != "" {
			return fmt.Sprintf("%s(%s)", f, e("int"))
		}
		return fmt.Sprintf("len(%s)", e("str"))
	case 5, 6:
		return fmt.Sprintf("twin.get(%d)", g.r.IntN(sources))
	}
	return fmt.Sprint(g.r.IntN(4))
}

func (g *generator) funcs0() string {
	if len(g.funcs) == 0 {
		return ""
	}
	return g.funcs[g.r.IntN(len(g.funcs))]
}

func (g *generator) listOrVar(e func(string) string) string {
	if v := g.pick("[]int"); v != "" {
		return v
	}
	return fmt.Sprintf("[%s, %s]", e("int"), e("int"))
}
