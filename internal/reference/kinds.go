package main

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	frontlang "mgmt/frontend/lang"
	"mgmt/lang/types"
	"mgmt/resource"
	"mgmt/resources"
)

// kindsPage has the kinds with their parameters, and the parameters that all of them share.
func kindsPage() string {
	var b strings.Builder
	b.WriteString(header("Kinds of resources"))
	registry := resources.Kinds()
	view := frontlang.Kinds(registry)
	for _, name := range view.Names() {
		fmt.Fprintf(&b, "- [%s](#%s)\n", name, anchor(name))
	}
	b.WriteString("- [meta parameters](#meta-parameters), which every kind has\n")
	for _, name := range view.Names() {
		kind, seen := registry.Lookup(name), view.Kind(name)
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", name, kind.Doc)
		b.WriteString(params("Parameter", kind.Params(), seen.Fields))
		if sends := kind.Sends(); len(sends) > 0 {
			b.WriteString(params("Sends", sends, seen.Sends))
		}
	}
	b.WriteString("\n## Meta parameters\n\nEvery resource has them: `Meta:noop => true`, or several at once with " +
		"`Meta => struct{noop => true, retry => 3}`.\n")
	b.WriteString(params("Parameter", resource.MetaParams(), nil))
	return b.String()
}

// params is a table of parameters. Those that programs cannot write are left out.
func params(title string, list []resource.Param, fields []types.Field) string {
	var b strings.Builder
	for _, p := range list {
		if t := typeOf(p, fields); t != "" {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", p.Name, t, cell(cmp.Or(p.Doc, "–")))
		}
	}
	if b.Len() == 0 {
		return "\nIt has no parameters of its own.\n"
	}
	return fmt.Sprintf("\n| %s | Type | Meaning |\n|---|---|---|\n", title) + b.String()
}

// typeOf returns the type that a program gives a parameter. Without fields it is that of a
// meta parameter, which is simple.
func typeOf(p resource.Param, fields []types.Field) string {
	if fields == nil {
		return plainTypes[p.Type.Kind()]
	}
	for _, f := range fields {
		if f.Name == p.Name {
			return f.Type.String()
		}
	}
	return ""
}

var plainTypes = map[reflect.Kind]string{
	reflect.Bool: "bool", reflect.Int16: "int", reflect.Int32: "int", reflect.Int64: "int",
	reflect.Float64: "float", reflect.Slice: "[]str",
}

// anchor is the name that a heading has in links.
func anchor(heading string) string {
	return strings.NewReplacer(" ", "-", ":", "", "/", "", ".", "").Replace(strings.ToLower(heading))
}

// cell keeps text from ending its cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
