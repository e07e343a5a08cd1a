package picture

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// DOT writes the graph in the language of Graphviz. A node has the same id in every graph, made
// of its label.
func (g *Graph) DOT(w io.Writer) error {
	out := bufio.NewWriter(w)
	if g.Name == "" {
		fmt.Fprintln(out, "digraph {")
	} else {
		fmt.Fprintf(out, "digraph %[1]s {\n\tlabel=%[1]s;\n", quote(g.Name))
	}
	fmt.Fprintln(out, "\tnewrank=true;")
	for i := range g.Boxes {
		b := &g.Boxes[i]
		fmt.Fprintf(out, "\t%[1]s [label=%[1]s", quote(b.Label))
		if b.Title != "" {
			fmt.Fprintf(out, " tooltip=%s", quote(b.Title))
		}
		if at := slices.IndexFunc(paints, func(p paint) bool { return p.class == b.Class }); at >= 0 {
			fmt.Fprintf(out, " style=filled fillcolor=%q color=%q", paints[at].light, paints[at].border)
		}
		fmt.Fprintln(out, "];")
	}
	arrows := slices.SortedFunc(slices.Values(g.Arrows), func(a, b Arrow) int { return cmp.Or(a.From-b.From, a.To-b.To) })
	for _, a := range arrows {
		if a.valid(len(g.Boxes)) {
			fmt.Fprintf(out, "\t%s -> %s%s;\n", quote(g.Boxes[a.From].Label), quote(g.Boxes[a.To].Label), a.attributes())
		}
	}
	fmt.Fprintln(out, "}")
	return out.Flush()
}

func (a Arrow) attributes() string {
	switch {
	case a.Bold && a.Dashed:
		return ` [style="bold,dashed"]`
	case a.Bold:
		return " [style=bold]"
	case a.Dashed:
		return " [style=dashed]"
	}
	return ""
}

// quote writes a DOT string, in which only quotes and backslashes are special. Control
// characters are spelt out.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
