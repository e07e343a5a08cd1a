package mgmt

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"

	"mgmt/graph"
	"mgmt/resource"
)

// GraphvizFilters are the programs that can draw a picture of the graph.
var GraphvizFilters = []string{"dot", "neato", "twopi", "circo", "fdp", "sfdp", "patchwork", "osage"}

// DOT writes a graph of resources in the language of Graphviz. Edges that notify are bold.
func DOT(w io.Writer, d resource.Delta) error {
	var g graph.Graph[resource.Key, bool]
	nodes := make(map[resource.Key]*graph.Node[resource.Key, bool], len(d.Set))
	for _, s := range d.Set {
		nodes[s.Key] = g.Add(s.Key)
	}
	links := make([]graph.Link[resource.Key, bool], len(d.SetEdges))
	for i, e := range d.SetEdges {
		links[i] = graph.Link[resource.Key, bool]{From: nodes[e.From], To: nodes[e.To], Value: e.Notify}
	}
	if _, err := g.Connect(links); err != nil {
		return err
	}
	return g.DOT(w, resource.Key.String, func(notify bool) bool { return notify })
}

// A picture draws the graph after each change. Drawing is slow, so a goroutine does it; of
// several changes in the meantime the last one is drawn.
type picture struct {
	file, filter string
	log          *slog.Logger
	specs        map[resource.Key]*resource.Spec
	edges        map[[2]resource.Key]resource.Edge

	next   chan []byte // the newest graph that has not been drawn
	done   chan struct{}
	cancel context.CancelFunc
}

func newPicture(opts Options) *picture {
	ctx, cancel := context.WithCancel(context.Background())
	p := &picture{
		file:   opts.Graphviz + "@" + opts.Hostname,
		filter: opts.GraphvizFilter,
		log:    opts.Log,
		specs:  map[resource.Key]*resource.Spec{},
		edges:  map[[2]resource.Key]resource.Edge{},
		next:   make(chan []byte, 1),
		done:   make(chan struct{}),
		cancel: cancel,
	}
	if p.filter == "" {
		p.filter = GraphvizFilters[0]
	}
	go func() {
		defer close(p.done)
		for text := range p.next {
			if err := p.draw(ctx, text); err != nil {
				p.log.Warn("the picture of the graph was not drawn", "error", err)
			}
		}
	}()
	return p
}

// finish waits for the text of the last graph, and for its picture as far as it is begun.
func (p *picture) finish() {
	close(p.next)
	<-p.done
	p.cancel()
}

// follow draws what submit takes.
func (p *picture) follow(submit func(context.Context, resource.Delta) error) func(context.Context, resource.Delta) error {
	return func(ctx context.Context, d resource.Delta) error {
		if err := submit(ctx, d); err != nil {
			return err
		}
		p.take(d)
		var text bytes.Buffer
		if err := DOT(&text, p.whole()); err != nil {
			p.log.Warn("the picture of the graph was not drawn", "error", err)
			return nil
		}
		select {
		case <-p.next: // nobody has begun that one
		default:
		}
		p.next <- text.Bytes()
		return nil
	}
}

// take applies a delta.
func (p *picture) take(d resource.Delta) {
	for _, k := range d.Remove {
		delete(p.specs, k)
	}
	for _, e := range d.RemoveEdges {
		delete(p.edges, [2]resource.Key{e.From, e.To})
	}
	for _, s := range d.Set {
		p.specs[s.Key] = s
	}
	for _, e := range d.SetEdges {
		p.edges[[2]resource.Key{e.From, e.To}] = e
	}
}

// whole returns the graph as one delta. Edges whose ends are gone are left out.
func (p *picture) whole() resource.Delta {
	var d resource.Delta
	for _, s := range p.specs {
		d.Set = append(d.Set, s)
	}
	for pair, e := range p.edges {
		if p.specs[pair[0]] != nil && p.specs[pair[1]] != nil {
			d.SetEdges = append(d.SetEdges, e)
		}
	}
	return d
}

func (p *picture) draw(ctx context.Context, text []byte) error {
	if err := os.WriteFile(p.file, text, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.filter, "-Tpng", "-o"+p.file+".png", p.file)
	out, err := cmd.CombinedOutput()
	switch out = bytes.TrimSpace(out); {
	case err != nil && len(out) > 0:
		return fmt.Errorf("%s: %w: %s", p.filter, err, out)
	case err != nil:
		return fmt.Errorf("%s: %w", p.filter, err)
	}
	return nil
}
