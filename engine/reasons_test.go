package engine

import (
	"context"
	"maps"

	"mgmt/engine/autoedge"
	"mgmt/resource"
)

// auditAuto holds that the automatic edges are those that there is a reason for, except for
// some that would close a cycle.
func (h *history) auditAuto() {
	reasons := h.reasons()
	for at, d := range h.auto.dropped {
		if d.why != reasons[at] || d.ends != at || d.why == 0 {
			h.fault("the edge from %s to %s is dropped with reason %d, want %d", at.from.key, at.to.key, d.why, reasons[at])
		}
		if len(d.path) < 2 || d.path[0] != at.to || d.path[len(d.path)-1] != at.from {
			h.fault("the edge from %s to %s is dropped for no cycle", at.from.key, at.to.key)
		}
		for step := range d.steps {
			if step.from.node == nil || step.to.node == nil || h.graph.Find(step.from.node, step.to.node) == nil || !h.auto.blocks[step][d] {
				h.fault("the edge from %s to %s is dropped (%d), but there is none from %s to %s", at.from.key, at.to.key, d.why, step.from.key, step.to.key)
			}
		}
	}
	for n := range h.graph.Nodes() {
		for _, out := range n.Out() {
			at := ends{n.Value, out.To.Value}
			leaving := at.from.leaving || at.to.leaving
			if !out.Value.wanted() || !leaving && out.Value.auto != reasons[at] {
				h.fault("the edge from %s to %s has reason %d, want %d", at.from.key, at.to.key, out.Value.auto, reasons[at])
			}
		}
	}
	for at, why := range reasons {
		if h.auto.dropped[at] == nil && (at.from.node == nil || at.to.node == nil || h.graph.Find(at.from.node, at.to.node) == nil) {
			h.fault("the automatic edge from %s to %s is missing, reason %d", at.from.key, at.to.key, why)
		}
	}
}

// reasons returns the automatic edges, from scratch.
func (h *history) reasons() map[ends]reason {
	out := map[ends]reason{}
	var x autoedge.Index[*vertex]
	specs := map[resource.Key]*resource.Spec{}
	for _, v := range h.vertices {
		if v.spec == nil || v.leaving {
			continue
		}
		specs[v.key] = v.spec
		a, err := h.askOne(context.Background(), v.spec)
		if err != nil {
			h.fault("%v", err)
		}
		x.Set(&party{Key: v.key, Value: v}, a.wishes)
	}
	added, _ := x.Changes()
	for _, edge := range added {
		out[ends{edge.From.Value, edge.To.Value}] |= need
	}
	servers := map[*vertex]*vertex{}
	for key, s := range specs {
		if _, member := s.Resource.(resource.Served); member {
			servers[h.vertices[key]] = h.vertices[resource.Key{ID: serverOf(specs, s)}]
		}
	}
	for m, server := range servers {
		out[ends{m, server}] |= serving
		for _, edge := range m.node.Out() {
			if to := edge.To.Value; !to.leaving && !within(servers, to, server) {
				out[ends{server, to}] |= standing
			}
		}
	}
	maps.DeleteFunc(out, func(at ends, _ reason) bool { return at.from == nil || at.to == nil })
	return out
}

func within(servers map[*vertex]*vertex, v, server *vertex) bool {
	return v != nil && (v == server || within(servers, servers[v], server))
}
