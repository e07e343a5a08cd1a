package main

import (
	"fmt"
	"strings"

	"mgmt/frontend/yaml"
	"mgmt/lang/syntax"
)

// diagnosticsPage has the codes of diagnostics. The examples are those that tests compile.
func diagnosticsPage() string {
	var b strings.Builder
	b.WriteString(header("Diagnostics"))
	b.WriteString(`What ` + "`mgmt check`" + ` and ` + "`mgmt run`" + ` say of a program ends in a code in brackets. The codes are
stable: tools may rely on them. They are listed by the stage that finds the mistake.
`)
	phase := ""
	for _, info := range syntax.Codes() {
		if name := info.Phase.String(); name != phase {
			phase = name
			fmt.Fprintf(&b, "\n## Stage %s\n", phase)
		}
		code(&b, info, "mcl")
	}
	b.WriteString("\n## Graphs in YAML\n\nBeside these, what is wrong with a graph in YAML may have a code of a program: " +
		"`unknown-kind`, `unknown-field`, `refused-resource` and so on mean the same.\n")
	for _, info := range yaml.Codes() {
		code(&b, info, "yaml")
	}
	return b.String()
}

// code describes a code.
func code(b *strings.Builder, info syntax.CodeInfo, language string) {
	fmt.Fprintf(b, "\n### %s\n\n%s. %s\n", info.Code, sentence(info.Summary), info.Explanation)
	if info.Example != "" {
		fmt.Fprintf(b, "\n```%s\n%s\n```\n", language, strings.TrimSuffix(info.Example, "\n"))
	}
}

// sentence begins with a capital letter.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
