package frontend_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mgmt/frontend"
	"mgmt/resource"
	"mgmt/resources"
)

// A picture is a graph as a test wants it: how many resources there are of each name, and
// between which names there are edges.
type picture struct {
	count [4]int // 0: none; 1: the normal one; n: that and n-1 hidden ones
	text  [4]string
	edge  [4][4]bool
}

func random(r *rand.Rand) picture {
	var p picture
	for i := range p.count {
		p.count[i] = r.IntN(4)
		p.text[i] = fmt.Sprint(r.IntN(2))
		for j := range p.edge[i] {
			p.edge[i][j] = i != j && r.IntN(2) == 0
		}
	}
	return p
}

func id(i int) resource.ID { return resource.ID{Kind: "test", Name: fmt.Sprint(i)} }

func (p picture) specs(t *testing.T, i int) []*resource.Spec {
	var out []*resource.Spec
	for alt := range p.count[i] {
		r, err := resources.Kinds().Lookup("test").Decode("x", []resource.Value{{Name: "anotherstr", Value: p.text[i]}})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &resource.Spec{Key: resource.Key{ID: id(i), Alt: alt}, Meta: resource.DefaultMeta(), Resource: r})
	}
	return out
}

func (p picture) edges(i, j int) []resource.Edge {
	var out []resource.Edge
	if p.edge[i][j] {
		for a := range p.count[i] {
			for b := range p.count[j] {
				out = append(out, resource.Edge{From: resource.Key{ID: id(i), Alt: a}, To: resource.Key{ID: id(j), Alt: b}})
			}
		}
	}
	return out
}

// delta asks for the whole picture.
func (p picture) delta(t *testing.T, told *frontend.Told) resource.Delta {
	var d resource.Delta
	for i := range p.count {
		told.Resource(id(i), p.specs(t, i), &d)
		for j := range p.count {
			told.Edges(id(i), id(j), p.edges(i, j), &d)
		}
	}
	return d
}

// TestTold goes from picture to picture. Each delta has to lead to the next one, and when it
// has been taken there is nothing more to say.
func TestTold(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var told frontend.Told
	for range 300 {
		p := random(r)
		told.Accept(p.delta(t, &told))
		if again := p.delta(t, &told); !frontend.Empty(again) {
			t.Fatalf("%+v: there is more to say: %+v", p, again)
		}
		have, want := map[resource.Key]bool{}, 0
		for key := range told.Specs() {
			have[key] = true
		}
		for i, n := range p.count {
			for alt := range n {
				want++
				if !have[resource.Key{ID: id(i), Alt: alt}] {
					t.Fatalf("%+v: %v is not there", p, id(i))
				}
			}
		}
		if len(have) != want {
			t.Fatalf("%+v: %d resources, want %d", p, len(have), want)
		}
		for e := range told.AllEdges() {
			if !have[e.From] || !have[e.To] {
				t.Fatalf("%+v: the edge %v leads to nothing", p, e)
			}
		}
	}
}
