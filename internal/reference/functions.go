package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std"
	"mgmt/lang/types"
)

// golang is the path below which the functions of Go's own library are. There are so many
// that they have a page.
const golang = "golang/"

// functionsPage has the modules of the standard library.
func functionsPage() string {
	var b strings.Builder
	b.WriteString(header("Functions"))
	b.WriteString(`Functions of a module are called with the last part of its path, after an import: ` + "`import \"golang/strings\"`" + `
and then ` + "`strings.repeat(\"ab\", 3)`" + `. A type such as ` + "`?1`" + ` stands for any type, the same wherever it has the same
number in one signature.

Marks: **follows** means that the value changes by itself, and all that depends on it with it;
**read when called** means that it asks the machine, and asks again only when an argument changes.

`)
	modules := std.Library().Modules()
	paths := slices.Sorted(maps.Keys(modules))
	own := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return strings.HasPrefix(p, golang) })
	for _, p := range own {
		fmt.Fprintf(&b, "- [%s](#%s): %s\n", title(p), anchor(title(p)), modules[p].Doc)
	}
	b.WriteString("- [golang/…](golang.md): functions of Go's own library\n")
	for _, p := range own {
		b.WriteString(module(modules[p]))
	}
	return b.String()
}

// golangPage has what comes from the library of Go.
func golangPage() string {
	var b strings.Builder
	b.WriteString(header("Functions of Go"))
	b.WriteString("These functions do what those of the same name in Go's library do.\n\n")
	modules := std.Library().Modules()
	for _, p := range slices.Sorted(maps.Keys(modules)) {
		if strings.HasPrefix(p, golang) {
			b.WriteString(module(modules[p]))
		}
	}
	return b.String()
}

func title(path string) string { return cmp.Or(path, "Without an import") }

// module is the section of a module. One without functions only holds others.
func module(m *funcs.Module) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n", title(m.Path))
	if m.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", m.Doc)
	}
	list := slices.SortedFunc(slices.Values(m.Funcs), func(x, y *funcs.Function) int { return strings.Compare(x.Name, y.Name) })
	for _, f := range list {
		if symbol, internal := strings.CutPrefix(f.Name, "_"); internal {
			b.WriteString(operator(symbol, f))
			continue
		}
		b.WriteString(function(prefix(m.Path)+f.Name, f))
	}
	b.WriteString(constants(m))
	if m.Source != "" {
		fmt.Fprintf(&b, "\nThe module also has what this text defines:\n\n```mcl\n%s```\n", m.Source)
	}
	return b.String()
}

// prefix is what stands before the names of a module.
func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path[strings.LastIndexByte(path, '/')+1:] + "."
}

func function(name string, f *funcs.Function) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n```\n", name)
	for _, sig := range f.Sigs {
		fmt.Fprintf(&b, "%s\n", signature(name, sig, f.Variadic))
	}
	fmt.Fprintf(&b, "```\n\n%s%s\n", mark(f), f.Doc)
	return b.String()
}

// signature writes a call with the types of its arguments and its result.
func signature(name string, sig *types.Type, variadic bool) string {
	text := strings.TrimPrefix(sig.String(), "func")
	if last := len(sig.Fields) - 1; variadic && last >= 0 {
		end := sig.Fields[last].Type.String() + ") " + sig.Elem.String()
		text = strings.TrimSuffix(text, end) + "..." + end
	}
	return name + text
}

func mark(f *funcs.Function) string {
	switch {
	case f.Source != nil:
		return "**Follows.** "
	case f.Impure != nil:
		return "**Read when called.** "
	}
	return ""
}

// forms show how the operators that are no infix symbols are written.
var forms = map[string]string{"neg": "-a", "not": "not a", "index": "a[b]"}

// operator is the section of an operator. What joins the pieces of a string is left out:
// nobody writes it.
func operator(symbol string, f *funcs.Function) string {
	if symbol == "concat" {
		return ""
	}
	var types []string
	for _, sig := range f.Sigs {
		types = append(types, fmt.Sprintf("`%s`", strings.TrimPrefix(sig.String(), "func")))
	}
	return fmt.Sprintf("\n### `%s`\n\n%s Types: %s.\n", cmp.Or(forms[symbol], "a "+symbol+" b"), f.Doc, strings.Join(types, ", "))
}

// constants is the table of the constants of a module. The value of one that depends on the
// agent is unknown here.
func constants(m *funcs.Module) string {
	if len(m.Consts) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n| Constant | Value |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(m.Consts)) {
		value := "that of the agent"
		if v := m.Consts[name]; v != nil {
			value = "`" + string(types.AppendQuoted(nil, v)) + "`"
		}
		fmt.Fprintf(&b, "| `$%s%s` | %s |\n", prefix(m.Path), name, cell(value))
	}
	return b.String()
}
