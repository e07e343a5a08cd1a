package graph

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// DOT writes the graph in the language of Graphviz. label is the text of a node, which
// also sorts the output, so that equal graphs give equal texts; bold picks the edges to
// stress.
func (g *Graph[N, E]) DOT(w io.Writer, label func(N) string, bold func(E) bool) error {
	type named struct {
		node *Node[N, E]
		text string
	}
	nodes := make([]named, 0, len(g.nodes))
	for _, n := range g.nodes {
		nodes = append(nodes, named{n, label(n.Value)})
	}
	slices.SortFunc(nodes, func(a, b named) int { return strings.Compare(a.text, b.text) })
	ids := make(map[*Node[N, E]]int, len(nodes))
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "digraph {")
	for i, n := range nodes {
		ids[n.node] = i
		fmt.Fprintf(out, "\tn%d [label=%s];\n", i, quote(n.text))
	}
	for i, n := range nodes {
		edges := slices.Clone(n.node.out)
		slices.SortFunc(edges, func(a, b *Edge[N, E]) int { return ids[a.To] - ids[b.To] })
		for _, e := range edges {
			style := ""
			if bold(e.Value) {
				style = " [style=bold]"
			}
			fmt.Fprintf(out, "\tn%d -> n%d%s;\n", i, ids[e.To], style)
		}
	}
	fmt.Fprintln(out, "}")
	return out.Flush()
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
