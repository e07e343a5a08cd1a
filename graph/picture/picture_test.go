package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// checkPlaces checks what holds for every drawing: boxes are apart and within it, and arrows lead
// to the right.
func checkPlaces(t *testing.T, g *Graph, d *Drawing) {
	t.Helper()
	for i, r := range d.boxes {
		if r.x < margin || r.y < margin-0.01 || r.x+r.w > d.width || r.y+r.h > d.height+0.01 {
			t.Fatalf("box %d is at %+v, outside of %v×%v", i, r, d.width, d.height)
		}
		for j, s := range d.boxes[:i] {
			if r.x < s.x+s.w && s.x < r.x+r.w && r.y < s.y+s.h-0.01 && s.y < r.y+r.h-0.01 {
				t.Fatalf("boxes %d and %d overlap: %+v and %+v", j, i, s, r)
			}
		}
	}
	for _, c := range d.curves {
		a := g.Arrows[c.arrow]
		x := d.boxes[a.From].x
		for _, v := range append(c.via, point{x: d.boxes[a.To].x}) {
			if v.x < x {
				t.Fatalf("the arrow from %d to %d goes back", a.From, a.To)
			}
			x = v.x
		}
	}
}

func checkXML(t *testing.T, d *Drawing) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.SVG(&b); err != nil {
		t.Fatal(err)
	}
	for in := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		if _, err := in.Token(); err == io.EOF {
			return b.String()
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
	}
}

func random(n, arrows int, rnd *rand.Rand) *Graph {
	g := &Graph{}
	for i := range n {
		g.Boxes = append(g.Boxes, Box{Label: fmt.Sprintf("file[/etc/%d]", i), Class: "ok"})
	}
	for range arrows {
		a, b := rnd.IntN(n), rnd.IntN(n)
		if a != b {
			g.Arrows = append(g.Arrows, Arrow{From: min(a, b), To: max(a, b)})
		}
	}
	return g
}

func TestRandom(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		n := 1 + rnd.IntN(80)
		g := random(n, rnd.IntN(3*n), rnd)
		d := Place(g)
		checkPlaces(t, g, d)
		checkXML(t, d)
		if len(d.curves) != len(g.Arrows) {
			t.Fatalf("seed %d: %d of %d arrows are drawn", seed, len(d.curves), len(g.Arrows))
		}
	}
}

// What is next to each other in order is next to each other in the picture.
func TestChain(t *testing.T) {
	g := &Graph{Boxes: make([]Box, 4), Arrows: []Arrow{{From: 2, To: 0}, {From: 0, To: 3}, {From: 3, To: 1}, {From: 2, To: 1}}}
	d := Place(g)
	checkPlaces(t, g, d)
	for i, pair := range [][2]int{{2, 0}, {0, 3}, {3, 1}} {
		if d.boxes[pair[0]].x >= d.boxes[pair[1]].x {
			t.Errorf("step %d does not lead to the right", i)
		}
	}
	if n := len(d.curves[3].via); n != 4 {
		t.Errorf("the long arrow passes %d points, want 4 around two columns", n)
	}
}

// Two chains that are listed crosswise do not cross.
func TestCrossings(t *testing.T) {
	g := &Graph{Boxes: make([]Box, 6), Arrows: []Arrow{{From: 0, To: 3}, {From: 1, To: 2}, {From: 3, To: 4}, {From: 2, To: 5}}}
	d := Place(g)
	if (d.boxes[0].y < d.boxes[1].y) != (d.boxes[3].y < d.boxes[2].y) || (d.boxes[3].y < d.boxes[2].y) != (d.boxes[4].y < d.boxes[5].y) {
		t.Errorf("the chains cross: %+v", d.boxes)
	}
}

// Bad input is drawn as far as possible.
func TestOdd(t *testing.T) {
	for name, g := range map[string]*Graph{
		"nothing":       {},
		"one":           {Boxes: make([]Box, 1)},
		"a loop":        {Boxes: make([]Box, 1), Arrows: []Arrow{{0, 0, false, false}}},
		"a cycle":       {Boxes: make([]Box, 3), Arrows: []Arrow{{From: 0, To: 1}, {From: 1, To: 2}, {From: 2, To: 1}}},
		"out of range":  {Boxes: make([]Box, 2), Arrows: []Arrow{{From: 0, To: 7}, {From: -1, To: 1}}},
		"hostile texts": {Boxes: []Box{{Label: "</text>\x00\xff\x1b[31m&" + strings.Repeat("ä", 1000), Title: `"<x>`, Class: `"><script>`}}},
	} {
		text := checkXML(t, Place(g))
		if strings.Contains(text, "<script>") || strings.Contains(text, "\x1b") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestDOT(t *testing.T) {
	g := &Graph{
		Name:   "web1",
		Boxes:  []Box{{Label: "exec[a]"}, {Label: "file[/b \"x\\\n\x1b]", Class: "failed", Title: "failed"}, {Label: "c", Class: "odd"}},
		Arrows: []Arrow{{From: 1, To: 2, Dashed: true, Bold: true}, {From: 0, To: 1, Bold: true}, {From: 0, To: 2}, {From: 0, To: 9}},
	}
	var out strings.Builder
	if err := g.DOT(&out); err != nil {
		t.Fatal(err)
	}
	want := `digraph "web1" {
	label="web1";
	newrank=true;
	"exec[a]" [label="exec[a]"];
	"file[/b \"x\\\n\\u001b]" [label="file[/b \"x\\\n\\u001b]" tooltip="failed" style=filled fillcolor="#ffebe9" color="#cf222e"];
	"c" [label="c"];
	"exec[a]" -> "file[/b \"x\\\n\\u001b]" [style=bold];
	"exec[a]" -> "c";
	"file[/b \"x\\\n\\u001b]" -> "c" [style="bold,dashed"];
}
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// Many boxes take time in proportion, and make a picture that is not a strip.
func TestShape(t *testing.T) {
	d := Place(random(5000, 0, rand.New(rand.NewPCG(1, 1))))
	if d.width > 4*d.height || d.height > 4*d.width {
		t.Errorf("the picture is %v×%v", d.width, d.height)
	}
}

func BenchmarkPlace(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		g := random(n, 2*n, rand.New(rand.NewPCG(1, 1)))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				_ = Place(g).SVG(io.Discard)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/box")
		})
	}
}
