package flow

import (
	"context"
	"sync"
)

// A Graph is a flow graph. The zero value is not usable; see [New].
type Graph struct {
	ctx   context.Context // of all sources
	queue [][]*Node       // nodes that wait to be computed, by height
	low   int             // no node waits below
	count int             // how many nodes wait
	inbox inbox
	tasks sync.WaitGroup

	pending int       // needed sources that have not delivered yet
	changed []*Output // since changes were last handed on, each once

	computed int
	cause    *Cause // of the node whose turn it is; nil between turns
}

// A Cause is the event that set off a recomputation. The first value of a source that
// was started by an event has the cause of its start.
type Cause struct {
	Label    string // of the source: "datetime.now() at main.mcl:3:6"
	Old, New Result
}

// New returns an empty graph. Its sources run until ctx ends.
func New(ctx context.Context) *Graph {
	return &Graph{ctx: ctx, inbox: inbox{wake: make(chan struct{}, 1)}}
}

func (g *Graph) node(k kind, inputs []*Node) *Node {
	n := &Node{graph: g, kind: k, inputs: inputs, cause: g.cause}
	for _, in := range inputs {
		n.height = max(n.height, in.height+1)
	}
	return n
}

// Computed returns how many times a node has been computed since the start: what
// tests count to show that cost follows change.
func (g *Graph) Computed() int { return g.computed }

// Events returns a channel that is sent to when there is reason to call Stabilize.
func (g *Graph) Events() <-chan struct{} { return g.inbox.wake }

// Wait returns when all goroutines of sources have ended, after ctx has.
func (g *Graph) Wait() { g.tasks.Wait() }

// Changes are the outputs that differ from those of the last round handed on.
type Changes struct {
	Set     []*Output // new, or with another payload or error
	Removed []*Output
	Causes  []*Cause // sources that moved in this round
}

// Stabilize takes in all events that have arrived and recomputes what depends on
// them. Changes collect until a round in which no needed source is pending; only then
// ok is true, and they are handed on.
func (g *Graph) Stabilize() (c Changes, ok bool) {
	c.Causes = g.takeEvents()
	for g.count > 0 {
		g.step()
	}
	if g.pending > 0 {
		return Changes{Causes: c.Causes}, false
	}
	for _, o := range g.changed {
		o.listed = false
		switch {
		case !o.removed:
			o.delivered = true
			c.Set = append(c.Set, o)
		case o.delivered:
			c.Removed = append(c.Removed, o)
		}
	}
	g.changed = nil
	return c, true
}

// change notes that the output differs from what was handed on.
func (g *Graph) change(o *Output) {
	o.cause = g.cause
	if !o.listed {
		o.listed = true
		g.changed = append(g.changed, o)
	}
}

// step computes the lowest waiting node.
func (g *Graph) step() {
	for len(g.queue[g.low]) == 0 {
		g.low++
	}
	bucket := g.queue[g.low]
	n := bucket[len(bucket)-1]
	g.queue[g.low] = bucket[:len(bucket)-1]
	g.count--
	n.queued = false
	switch {
	case n.needs == 0: // it was needed when it was queued
	case int(n.height) > g.low:
		g.enqueue(n)
	default:
		g.compute(n)
	}
}

func (g *Graph) compute(n *Node) {
	g.computed++
	g.cause = n.cause
	r, settled := n.kind.compute(n)
	g.cause = nil
	if !settled {
		g.enqueue(n)
		return
	}
	g.set(n, r)
}

// set stores a result and, when it differs, queues what depends on the node.
func (g *Graph) set(n *Node, r Result) {
	if n.result.same(r) {
		return
	}
	n.result = r
	for _, u := range n.uses {
		u.cause = n.cause
		g.enqueue(u)
	}
}

func (g *Graph) enqueue(n *Node) {
	if n.queued {
		return
	}
	n.queued = true
	h := int(n.height)
	for len(g.queue) <= h {
		g.queue = append(g.queue, nil)
	}
	g.queue[h] = append(g.queue[h], n)
	g.low = min(g.low, h)
	g.count++
}
