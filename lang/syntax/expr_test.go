package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// TestPrecedence parses expressions and shows how they group.
func TestPrecedence(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"1 + 2 * 3", "(1 + (2 * 3))"},
		{"10 - 3 - 2", "((10 - 3) - 2)"},
		{"8 / 2 * 2", "((8 / 2) * 2)"},
		{"$a or $b and $c", "($a or ($b and $c))"},
		{"$a and $b == $c", "($a and ($b == $c))"},
		{"not $a == $b", "((not $a) == $b)"},
		{"not $x in $l", "((not $x) in $l)"},
		{"not not $a", "(not (not $a))"},
		{"not $s->flag", "(not $s->flag)"},
		{"$a->b[0]->c", "$a->b[0]->c"},
		{`$m["k"] <|> "b" + "c"`, `($m["k"] <|> ("b" + "c"))`},
		{"1 + $l[0] <|> 2", "((1 + $l[0]) <|> 2)"},
		{"$a <|> $b <|> $c", "(($a <|> $b) <|> $c)"},
		{"1 + $s->f <|> 2 * 3", "(1 + $s->f{<|> (2 * 3)})"},
		{"not $s->f <|> false", "(not $s->f{<|> false})"},
		{"$a <|> $s->f <|> $c", "($a <|> $s->f{<|> $c})"},
		{"$s->f <|> $c <|> $d", "($s->f{<|> $c} <|> $d)"},
		{"$s->a->b <|> 1", "$s->a->b{<|> 1}"},
		{"($s->f) <|> 1", "([$s->f] <|> 1)"},
		{"$s->f <|> $t->g <|> 1", "$s->f{<|> $t->g{<|> 1}}"},

		{"-5", "-5"},
		{"- 5", "-5"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"9223372036854775807", "9223372036854775807"},
		{"-1.5", "-1.5"},
		{"$x-1", "($x - 1)"},
		{"1 -1", "(1 - 1)"},
		{"1-1", "(1 - 1)"},
		{"3 - -1", "(3 - -1)"},
		{"3+-1", "(3 + -1)"},
		{"-$x", "(- $x)"},
		{"-$x * 2", "((- $x) * 2)"},
		{"2 * -$x", "(2 * (- $x))"},
		{"-$x->f", "(- $x->f)"},
		{"--1", "(- -1)"},
		{"-f(1)", "(- f(1))"},

		{"(1 +\n2)", "[(1 + 2)]"},
		{"f(\n1\n,\n2)", "f(1, 2)"},
		{"$l[\n0\n]", "$l[0]"},
		{"f(1,)", "f(1)"},
		{"map.lookup($map, $a . collect)", "map.lookup($map, $a.collect)"},
		{"func($x) { $x }(1)", "func($x)(1)"},
		{"$f(1)[0]", "$f(1)[0]"},
	} {
		tree, diags := parse("$v = " + test.text + "\n")
		if len(diags) > 0 {
			t.Errorf("%s:%s", test.text, list(diags))
			continue
		}
		if got := group(tree.Stmts[0].(*Bind).Value); got != test.want {
			t.Errorf("%s groups as %s, want %s", test.text, got, test.want)
		}
	}
}

// group shows an expression with its operations in parentheses; parentheses of the
// source become brackets, and fused defaults braces.
func group(x Expr) string {
	switch x := x.(type) {
	case *IntLit:
		return fmt.Sprint(x.Value)
	case *FloatLit:
		return fmt.Sprint(x.Value)
	case *BoolLit:
		return fmt.Sprint(x.Value)
	case *StringLit:
		return `"` + x.Raw + `"`
	case *VarExpr:
		return "$" + x.Path
	case *ParenExpr:
		return "[" + group(x.X) + "]"
	case *UnaryExpr:
		return "(" + x.Op.String() + " " + group(x.X) + ")"
	case *BinaryExpr:
		return "(" + group(x.X) + " " + x.Op.String() + " " + group(x.Y) + ")"
	case *IndexExpr:
		return group(x.X) + "[" + group(x.Index) + "]"
	case *FieldExpr:
		text := group(x.X) + "->" + x.Field.Text
		if x.Default != nil {
			text += "{<|> " + group(x.Default) + "}"
		}
		return text
	case *FuncLit:
		return "func($" + x.Params[0].Name.Text + ")"
	case *CallExpr:
		return callee(x) + "(" + groups(x.Args) + ")"
	}
	return fmt.Sprintf("%T", x)
}

func callee(x *CallExpr) string {
	switch {
	case x.Var != nil:
		return group(x.Var)
	case x.Lit != nil:
		return group(x.Lit)
	}
	return x.Name.Text
}

func groups(list []Expr) string {
	var texts []string
	for _, x := range list {
		texts = append(texts, group(x))
	}
	return strings.Join(texts, ", ")
}

// TestStrings decodes strings: parts are separated by |.
func TestStrings(t *testing.T) {
	for raw, want := range map[string]string{
		``:              ``,
		`plain`:         `plain`,
		`a\tb\n`:        "a\tb\n",
		`\a\b\f\r\v`:    "\a\b\f\r\v",
		`\\ \" \$`:      `\ " $`,
		`a${x}b`:        `a|$x@1|b`,
		`${x}`:          `$x@0`,
		`${a.b}${c}`:    `$a.b@0|$c@6`,
		`$${x}`:         `$|$x@1`,
		`\${x}`:         `${x}`,
		`\\${x}`:        `\|$x@2`,
		`p$x q$ $ {x}$`: `p$x q$ $ {x}$`,
		`${x_}`:         `$x_@0`,
		"two\nlines":    "two\nlines",
		`日本${x}`:        `日本|$x@6`,
	} {
		tree, diags := parse(`$v = "` + raw + "\"\n")
		if len(diags) > 0 {
			t.Errorf("%s:%s", raw, list(diags))
			continue
		}
		lit := tree.Stmts[0].(*Bind).Value.(*StringLit)
		got := lit.Value
		var parts []string
		for _, part := range lit.Parts {
			if part.Var == nil {
				parts = append(parts, part.Text)
				continue
			}
			offset := tree.File.Offset(part.Var.Span().Start) - len(`$v = "`)
			parts = append(parts, fmt.Sprintf("$%s@%d", part.Var.Path, offset))
		}
		got += strings.Join(parts, "|")
		if got != want || lit.Raw != raw {
			t.Errorf("%s decodes to %q, want %q", raw, got, want)
		}
	}
}

// TestText holds what is accepted around the statements.
func TestText(t *testing.T) {
	for _, text := range []string{
		"", "\n\n", "# c", "\ufeff", "\ufeff$x = 1", "$x = 1\r\n\r\n# c\r\n$y = 2\r\n", "\t \r\n", "# \xe2\x82\xac\r",
		"test \"a\" {}", "if true { test \"a\" {} }", "class c { include d\n include e }",
		"test \"a\" {\r\n\tanotherstr => \"x\",\r\n}\r\n",
	} {
		if _, diags := parse(text); len(diags) > 0 {
			t.Errorf("%q:%s", text, list(diags))
		}
	}
	for _, text := range []string{"$x = 1\r$y = 2\n", "$x = \ufeff1\n", "\r", "$x = 1\x00\n", "$x = 1\u00a0\n"} {
		_, diags := parse(text)
		if len(diags) != 1 || diags[0].Code != codeUnknownCharacter {
			t.Errorf("%q:%s", text, list(diags))
		}
	}
}
