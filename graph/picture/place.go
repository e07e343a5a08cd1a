package picture

import (
	"cmp"
	"math"
	"slices"
)

// Sizes, in pixels.
const (
	boxHeight  = 24
	charWidth  = 7.2 // of the monospaced font, at 12 pixels
	padding    = 8.0 // left and right of a label
	rowGap     = 10
	columnGap  = 64
	margin     = 16
	maxLabel   = 48 // in characters; longer ones are cut in the middle
	sweeps     = 8  // of ordering, in both directions together
	minRows    = 24 // that a column may have in any case
	maxDummies = 4  // per box, on average; arrows beyond that cross others
)

// A Drawing is a graph with a place for everything.
type Drawing struct {
	graph         *Graph
	boxes         []rect // of each box
	curves        []curve
	width, height float64
}

type rect struct{ x, y, w, h float64 }

// A curve is an arrow and the points between its boxes that it passes.
type curve struct {
	arrow int
	via   []point
}

type point struct{ x, y float64 }

// A cell is a box, or a point that an arrow passes in a layer between those of its boxes.
type cell struct {
	box         int // -1 for a point
	layer       int
	at          int     // in the column
	want        float64 // where its neighbours are
	y           float64 // of the middle
	left, right []int   // neighbours in the layers beside
}

// A placing is a drawing being made.
type placing struct {
	graph   *Graph
	cells   []cell
	columns [][]int // cells by layer
	chains  [][]int // the points of each arrow, from left to right
	alone   []int   // boxes without arrows
}

// Place draws a graph. Arrows that would close a cycle, or lead nowhere, are left out.
func Place(g *Graph) *Drawing {
	p := &placing{graph: g}
	p.layers()
	p.link()
	p.order()
	return p.draw()
}

// layers puts every box that has arrows into the layer after the last one before it, and
// splits layers that would be too high.
func (p *placing) layers() {
	n := len(p.graph.Boxes)
	out, in := make([][]int, n), make([]int, n)
	joined := make([]bool, n)
	for _, a := range p.graph.Arrows {
		if a.valid(n) {
			out[a.From] = append(out[a.From], a.To)
			in[a.To]++
			joined[a.From], joined[a.To] = true, true
		}
	}
	level := make([]int, n)
	var ready []int
	for i := range n {
		switch {
		case !joined[i]:
			p.alone = append(p.alone, i)
		case in[i] == 0:
			ready = append(ready, i)
		}
	}
	var byLevel [][]int
	for len(ready) > 0 {
		i := ready[0]
		ready = ready[1:]
		for len(byLevel) <= level[i] {
			byLevel = append(byLevel, nil)
		}
		byLevel[level[i]] = append(byLevel[level[i]], i)
		for _, j := range out[i] {
			level[j] = max(level[j], level[i]+1)
			if in[j]--; in[j] == 0 {
				ready = append(ready, j)
			}
		}
	}
	p.split(byLevel, n-len(p.alone))
}

func (a Arrow) valid(n int) bool {
	return a.From >= 0 && a.From < n && a.To >= 0 && a.To < n && a.From != a.To
}

// split makes columns of at most as many rows as make the picture about as wide as high.
func (p *placing) split(byLevel [][]int, total int) {
	rows := rowsFor(total)
	p.cells = make([]cell, len(p.graph.Boxes))
	for i := range p.cells {
		p.cells[i] = cell{box: i, layer: -1}
	}
	for _, boxes := range byLevel {
		for part := range slices.Chunk(boxes, rows) {
			for at, i := range part {
				p.cells[i].layer, p.cells[i].at = len(p.columns), at
			}
			p.columns = append(p.columns, slices.Clone(part))
		}
	}
}

// rowsFor returns how many rows make n boxes about as wide as high.
func rowsFor(n int) int {
	const width, height = 30*charWidth + columnGap, boxHeight + rowGap
	return max(minRows, int(math.Sqrt(float64(n)*width/height)))
}

// link makes neighbours of the ends of arrows, with a point in each layer between them as
// long as there are not too many.
func (p *placing) link() {
	p.chains = make([][]int, len(p.graph.Arrows))
	budget := maxDummies * len(p.graph.Boxes)
	for i, a := range p.graph.Arrows {
		if !a.valid(len(p.graph.Boxes)) {
			continue
		}
		from, to := p.cells[a.From].layer, p.cells[a.To].layer
		if from < 0 || to < 0 || from >= to { // part of a cycle
			continue
		}
		p.chains[i] = []int{}
		last := a.From
		if between := to - from - 1; between <= budget {
			budget -= between
			for layer := from + 1; layer < to; layer++ {
				next := len(p.cells)
				p.cells = append(p.cells, cell{box: -1, layer: layer, at: len(p.columns[layer])})
				p.columns[layer] = append(p.columns[layer], next)
				p.chains[i] = append(p.chains[i], next)
				p.join(last, next)
				last = next
			}
		}
		p.join(last, a.To)
	}
}

func (p *placing) join(from, to int) {
	p.cells[from].right = append(p.cells[from].right, to)
	p.cells[to].left = append(p.cells[to].left, from)
}

// order sorts each column by where the neighbours are, to the right and back.
func (p *placing) order() {
	for sweep := range sweeps {
		if sweep%2 == 0 {
			for i := range p.columns {
				p.sort(p.columns[i], func(c *cell) []int { return c.left })
			}
		} else {
			for i := len(p.columns) - 1; i >= 0; i-- {
				p.sort(p.columns[i], func(c *cell) []int { return c.right })
			}
		}
	}
}

// sort orders a column by the middle of the neighbours on one side. What has none stays.
func (p *placing) sort(column []int, side func(*cell) []int) {
	for _, i := range column {
		c := &p.cells[i]
		near := side(c)
		c.want = float64(c.at)
		if len(near) == 0 {
			continue
		}
		sum := 0.0
		for _, j := range near {
			sum += float64(p.cells[j].at) / float64(len(p.columns[p.cells[j].layer]))
		}
		c.want = sum / float64(len(near)) * float64(len(column))
	}
	slices.SortStableFunc(column, func(a, b int) int { return cmp.Compare(p.cells[a].want, p.cells[b].want) })
	for at, i := range column {
		p.cells[i].at = at
	}
}

// draw gives everything its place.
func (p *placing) draw() *Drawing {
	d := &Drawing{graph: p.graph, boxes: make([]rect, len(p.graph.Boxes))}
	p.rows()
	x := float64(margin)
	lefts, widths := make([]float64, len(p.columns)), make([]float64, len(p.columns))
	for i, column := range p.columns {
		lefts[i] = x
		for _, c := range column {
			if box := p.cells[c].box; box >= 0 {
				widths[i] = max(widths[i], p.graph.Boxes[box].width())
			}
		}
		x += widths[i] + columnGap
	}
	for i := range p.cells {
		if c := &p.cells[i]; c.box >= 0 && c.layer >= 0 {
			d.put(c.box, lefts[c.layer], c.y-boxHeight/2)
		}
	}
	for i, chain := range p.chains {
		if chain == nil {
			continue
		}
		v := curve{arrow: i}
		for _, j := range chain {
			c := &p.cells[j]
			v.via = append(v.via, point{lefts[c.layer], c.y}, point{lefts[c.layer] + widths[c.layer], c.y})
		}
		d.curves = append(d.curves, v)
	}
	d.block(p.alone)
	d.width, d.height = max(d.width, 2*margin)+margin, max(d.height, 2*margin)+margin
	return d
}

// rows gives the cells of each column their heights: near to their neighbours, in order, and
// apart.
func (p *placing) rows() {
	const step = boxHeight + rowGap
	for _, column := range p.columns {
		for at, i := range column {
			p.cells[i].y = margin + boxHeight/2 + float64(at)*step
		}
	}
	for round := range 4 {
		for i := range p.columns {
			column, side := p.columns[i], func(c *cell) []int { return c.left }
			if round%2 == 1 {
				column, side = p.columns[len(p.columns)-1-i], func(c *cell) []int { return c.right }
			}
			p.pull(column, side, step)
		}
	}
	top := math.Inf(1)
	for _, column := range p.columns {
		if len(column) > 0 {
			top = min(top, p.cells[column[0]].y)
		}
	}
	for _, column := range p.columns {
		for _, i := range column {
			p.cells[i].y += margin + boxHeight/2 - top
		}
	}
}

// pull moves the cells of a column to the middle of their neighbours, as far as they stay
// apart: once as high as the ones above let them, once as low as the ones below do, and
// between these.
func (p *placing) pull(column []int, side func(*cell) []int, step float64) {
	n := len(column)
	want := make([]float64, n)
	for k, i := range column {
		c := &p.cells[i]
		want[k] = c.y
		if near := side(c); len(near) > 0 {
			sum := 0.0
			for _, j := range near {
				sum += p.cells[j].y
			}
			want[k] = sum / float64(len(near))
		}
	}
	down, up := slices.Clone(want), slices.Clone(want)
	for k := 1; k < n; k++ {
		down[k] = max(down[k], down[k-1]+step)
	}
	for k := n - 2; k >= 0; k-- {
		up[k] = min(up[k], up[k+1]-step)
	}
	for k, i := range column {
		p.cells[i].y = (down[k] + up[k]) / 2
	}
}

// put gives a box its place.
func (d *Drawing) put(box int, x, y float64) {
	w := d.graph.Boxes[box].width()
	d.boxes[box] = rect{x, y, w, boxHeight}
	d.width, d.height = max(d.width, x+w), max(d.height, y+boxHeight)
}

// block puts boxes that stand alone into columns below everything else.
func (d *Drawing) block(boxes []int) {
	top := d.height + margin
	x := float64(margin)
	for part := range slices.Chunk(boxes, rowsFor(len(boxes))) {
		width := 0.0
		for at, box := range part {
			d.put(box, x, top+float64(at)*(boxHeight+rowGap))
			width = max(width, d.boxes[box].w)
		}
		x += width + rowGap*2
	}
}

func (b *Box) width() float64 {
	return float64(min(runes(b.Label), maxLabel))*charWidth + 2*padding
}

func runes(s string) int {
	n := 0
	for range s {
		n++
	}
	return n
}
