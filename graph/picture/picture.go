// Package picture makes pictures of graphs: in the language of Graphviz, or as SVG without any
// other program.
//
// A [Graph] has boxes with labels and arrows between them. [Graph.DOT] writes it for Graphviz.
// [Place] puts each box into a column right of all boxes that come before it, orders the columns
// so that few arrows cross, and returns a [Drawing], which [Drawing.SVG] writes. The work grows
// with the size of the graph, not with its square; what stands alone is put into a block of its
// own below the rest.
package picture

// A Graph is what to draw.
type Graph struct {
	Name   string // of the whole, or empty
	Boxes  []Box
	Arrows []Arrow
}

// A Box is a node.
type Box struct {
	Label string // no two boxes have the same
	Title string // shown when one points at it
	Class string // its colours; see SVG
}

// An Arrow leads from one box to another, by their places in Graph.Boxes.
type Arrow struct {
	From, To int
	Bold     bool
	Dashed   bool
}
