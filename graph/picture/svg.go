package picture

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A paint is the colours of a class: of the inside, of the inside in dark surroundings, and of
// the border.
type paint struct{ class, light, dark, border string }

var paints = []paint{
	{"ok", "#dafbe1", "#12361f", "#2da44e"},
	{"waiting", "#ddf4ff", "#0c2d4f", "#218bff"},
	{"running", "#fff8c5", "#3d2e00", "#bf8700"},
	{"failed", "#ffebe9", "#4c1418", "#cf222e"},
	{"blocked", "#fff1e5", "#3f2006", "#bc4c00"},
}

// style returns the style sheet of a picture.
func style() string {
	var light, dark strings.Builder
	for _, p := range paints {
		fmt.Fprintf(&light, ".%s rect{fill:%s;stroke:%s}\n", p.class, p.light, p.border)
		fmt.Fprintf(&dark, ".%s rect{fill:%s}\n", p.class, p.dark)
	}
	return `svg{background:#fff}
text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1b1f24}
rect{fill:#f3f4f6;stroke:#8c959f}
path{fill:none;stroke:#57606a}
.bold{stroke-width:2}
.dashed{stroke-dasharray:4 3}
#head path{fill:#57606a;stroke:none}
` + light.String() + `@media(prefers-color-scheme:dark){
svg{background:#0d1117}
text{fill:#e6edf3}
rect{fill:#21262d}
path{stroke:#8b949e}
#head path{fill:#8b949e}
` + dark.String() + "}\n"
}

// SVG writes the drawing. The class of a box, such as ok, waiting, running, failed or blocked,
// gives it its colours.
func (d *Drawing) SVG(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`+"\n",
		d.width, d.height, d.width, d.height)
	fmt.Fprintf(b, "<style>%s</style>\n", style())
	b.WriteString(`<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>` + "\n")
	for i := range d.curves {
		d.curve(b, &d.curves[i])
	}
	for i := range d.boxes {
		d.box(b, i)
	}
	b.WriteString("</svg>\n")
	return b.Flush()
}

func (d *Drawing) curve(b *bufio.Writer, c *curve) {
	a := d.graph.Arrows[c.arrow]
	from, to := d.boxes[a.From], d.boxes[a.To]
	at := point{from.x + from.w, from.y + from.h/2}
	class := ""
	switch {
	case a.Bold && a.Dashed:
		class = ` class="bold dashed"`
	case a.Bold:
		class = ` class="bold"`
	case a.Dashed:
		class = ` class="dashed"`
	}
	fmt.Fprintf(b, `<path%s marker-end="url(#head)" d="M%.1f %.1f`, class, at.x, at.y)
	for i, next := range append(c.via, point{to.x, to.y + to.h/2}) {
		if i%2 == 1 { // through a column
			fmt.Fprintf(b, "L%.1f %.1f", next.x, next.y)
		} else { // between two
			bend := (next.x - at.x) / 2
			fmt.Fprintf(b, "C%.1f %.1f %.1f %.1f %.1f %.1f", at.x+bend, at.y, next.x-bend, next.y, next.x, next.y)
		}
		at = next
	}
	b.WriteString("\"/>\n")
}

func (d *Drawing) box(b *bufio.Writer, i int) {
	box, r := &d.graph.Boxes[i], d.boxes[i]
	fmt.Fprintf(b, `<g class="%s"><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="4"/><text x="%.1f" y="%.1f">%s</text></g>`+"\n",
		escape(box.Class), escape(box.Title), r.x, r.y, r.w, r.h, r.x+padding, r.y+r.h-8, escape(shorten(box.Label)))
}

// shorten cuts a label that is too long in its middle, as both ends tell something.
func shorten(label string) string {
	if utf8.RuneCountInString(label) <= maxLabel {
		return label
	}
	all := []rune(label)
	const head = maxLabel/2 - 1
	return string(all[:head]) + "…" + string(all[len(all)-(maxLabel-head-1):])
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escape makes a text part of XML, where most control characters cannot be.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return utf8.RuneError
		}
		return r
	}, s)
	return escapes.Replace(s)
}
