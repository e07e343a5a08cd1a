package mgmt

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"slices"

	"mgmt/engine"
	"mgmt/graph/picture"
	"mgmt/resource"
)

// GraphvizFilters are the programs that can draw a picture of the graph.
var GraphvizFilters = []string{"dot", "neato", "twopi", "circo", "fdp", "sfdp", "patchwork", "osage"}

// Picture returns a picture of a graph of resources, in the order of their names. Edges that
// notify are bold, and those that the engine made are dashed.
func Picture(keys []resource.Key, edges []resource.Edge) *picture.Graph {
	keys = slices.SortedFunc(slices.Values(keys), resource.Key.Compare)
	g := &picture.Graph{Boxes: make([]picture.Box, len(keys)), Arrows: make([]picture.Arrow, 0, len(edges))}
	at := make(map[resource.Key]int, len(keys))
	for i, key := range keys {
		g.Boxes[i].Label = key.String()
		at[key] = i
	}
	for _, e := range edges {
		g.Arrows = append(g.Arrows, picture.Arrow{From: at[e.From], To: at[e.To], Bold: e.Notify, Dashed: e.Auto})
	}
	return g
}

// A painter draws the graph after each change. Drawing is slow, so a goroutine does it; of
// several changes in the meantime the last one is drawn.
type painter struct {
	engine       *engine.Engine
	host         string
	file, filter string
	log          *slog.Logger

	change chan struct{} // holds one element while there is a change that is not drawn
	done   chan struct{}
	cancel context.CancelFunc
}

func newPainter(opts Options, e *engine.Engine) *painter {
	ctx, cancel := context.WithCancel(context.Background())
	p := &painter{
		engine: e,
		host:   opts.Hostname,
		file:   opts.Graphviz + "@" + opts.Hostname,
		filter: opts.GraphvizFilter,
		log:    opts.Log,
		change: make(chan struct{}, 1),
		done:   make(chan struct{}),
		cancel: cancel,
	}
	if p.filter == "" {
		p.filter = GraphvizFilters[0]
	}
	go func() {
		defer close(p.done)
		for range p.change {
			if err := p.paint(ctx); err != nil {
				p.log.Warn("the picture of the graph was not drawn", "error", err)
			}
		}
	}()
	return p
}

// finish waits for the text of the last graph, and for its picture as far as it is begun.
func (p *painter) finish() {
	close(p.change)
	<-p.done
	p.cancel()
}

// follow draws what submit makes of the graph.
func (p *painter) follow(submit func(context.Context, resource.Delta) error) func(context.Context, resource.Delta) error {
	return func(ctx context.Context, d resource.Delta) error {
		if err := submit(ctx, d); err != nil {
			return err
		}
		select {
		case p.change <- struct{}{}:
		default: // nobody has begun with the last one
		}
		return nil
	}
}

// paint writes the text of the graph and has it drawn.
func (p *painter) paint(ctx context.Context) error {
	s, err := p.engine.Inquire(ctx, engine.Inquiry{Edges: true})
	if err != nil {
		return err
	}
	keys := make([]resource.Key, len(s.Vertices))
	for i := range s.Vertices {
		keys[i] = s.Vertices[i].Key
	}
	edges := make([]resource.Edge, len(s.Edges))
	for i := range s.Edges {
		edges[i] = s.Edges[i].Edge
	}
	var text bytes.Buffer
	g := Picture(keys, edges)
	g.Name = p.host
	if err := g.DOT(&text); err != nil {
		return err
	}
	if err := writeOwned(p.file, text.Bytes()); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.filter, "-Tpng", "-o"+p.file+".png", p.file)
	asSudoer(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w %s", p.filter, err, bytes.TrimSpace(out))
	}
	return nil
}
