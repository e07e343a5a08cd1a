package dashboard

import (
	"mgmt/engine"
	"mgmt/graph/picture"
	"mgmt/history"
)

// A Graph is all resources of an agent and the edges between them.
type Graph struct {
	Resources []Resource `json:"resources"`
	Edges     []Edge     `json:"edges"`
}

// An Edge is an edge of a graph.
type Edge struct {
	From     history.Ref `json:"from"`
	To       history.Ref `json:"to"`
	Notify   bool        `json:"notify,omitempty"`
	Auto     bool        `json:"auto,omitempty"`     // the engine made it
	Receives bool        `json:"receives,omitempty"` // values go along it
}

func graphOf(s *engine.Snapshot) Graph {
	g := Graph{Resources: make([]Resource, 0, len(s.Vertices)), Edges: make([]Edge, 0, len(s.Edges))}
	for i := range s.Vertices {
		g.Resources = append(g.Resources, resourceOf(&s.Vertices[i]))
	}
	for _, e := range s.Edges {
		g.Edges = append(g.Edges, Edge{history.RefOf(e.From), history.RefOf(e.To), e.Notify, e.Auto, e.Receives})
	}
	return g
}

// Picture returns a picture of the graph: boxes by state, bold arrows where From notifies To,
// and dashed ones where the engine made the edge.
func (g *Graph) Picture() *picture.Graph {
	p := &picture.Graph{Boxes: make([]picture.Box, len(g.Resources)), Arrows: make([]picture.Arrow, 0, len(g.Edges))}
	at := make(map[history.Ref]int, len(g.Resources))
	for i := range g.Resources {
		r := &g.Resources[i]
		p.Boxes[i] = picture.Box{Label: r.Ref.String(), Class: r.State, Title: r.title()}
		at[r.Ref] = i
	}
	for _, e := range g.Edges {
		p.Arrows = append(p.Arrows, picture.Arrow{From: at[e.From], To: at[e.To], Bold: e.Notify, Dashed: e.Auto})
	}
	return p
}

// title describes the state in a few words.
func (r *Resource) title() string {
	text := r.Ref.String() + " " + r.State
	switch {
	case r.State == "blocked":
		text += " by " + r.By.String()
	case r.Error != "":
		text += ": " + r.Error
	}
	if r.Pos != "" {
		text += "\n" + r.Pos
	}
	return text
}
