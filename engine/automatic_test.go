package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/graph"
	"mgmt/resource"
)

// A part is a probe whose text says what it provides and needs: "+a" provides a, "<a" comes
// after what provides a, and ">a" before it.
type part struct{ listener }

func (p *part) Provides() (out []resource.UID) {
	for _, word := range strings.Fields(p.Text) {
		if thing, ok := strings.CutPrefix(word, "+"); ok {
			out = append(out, resource.PkgUID(thing))
		}
	}
	return out
}

func (p *part) Needs(context.Context) (out []resource.Need, err error) {
	for _, word := range strings.Fields(p.Text) {
		switch word[0] {
		case '<', '>':
			out = append(out, resource.Need{Of: resource.PkgUID(word[1:]), Before: word[0] == '>'})
		case '!':
			return nil, errors.New("no package manager")
		case '?':
			panic("oops")
		}
	}
	return out, nil
}

// hasEdges checks the edges of the graph.
func (e *testEngine) hasEdges(want string) {
	e.t.Helper()
	synctest.Wait()
	s, err := e.Inquire(context.Background(), Inquiry{Edges: true})
	if err != nil {
		e.t.Fatal(err)
	}
	var got []string
	for _, edge := range s.Edges {
		arrow := "->"
		if edge.Notify {
			arrow = "=>"
		}
		if edge.Auto {
			arrow = "~>"
		}
		got = append(got, edge.From.Name+arrow+edge.To.Name)
	}
	if strings.Join(got, " ") != want {
		e.t.Errorf("edges are %v, want %s", got, want)
	}
}

// warned checks the warnings since the last call.
func (e *testEngine) warned(want ...string) {
	e.t.Helper()
	e.stage.mu.Lock()
	defer e.stage.mu.Unlock()
	var got []string
	for _, ev := range e.events {
		if ev.Kind == Warned {
			got = append(got, fmt.Sprint(ev.Key, " at ", ev.Pos, ": ", ev.Err))
		}
	}
	e.events = nil
	if !slices.Equal(got, want) {
		e.t.Errorf("warnings are %q, want %q", got, want)
	}
}

func TestAutomaticOrder(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("part:a <x +z"), e.spec("part:b +x >y"), e.spec("part:c +y <z"))
		e.saw("check:b check:a check:c")
		e.hasEdges("a~>c b~>a b~>c")
		e.submit(resource.Delta{Remove: []resource.Key{key("part:b")}})
		e.hasEdges("a~>c")
		e.load("", e.spec("part:c +y +x"))
		e.hasEdges("c~>a")
		e.load("", e.spec("part:b +x"))
		e.hasEdges("b~>a") // it comes first by name
		e.warned()
	})
}

func TestAutomaticEdgesAreSwitchedOff(t *testing.T) {
	off := func(m *resource.Meta) { m.AutoEdge = false }
	hidden := func(m *resource.Meta) { m.Hidden = true }
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("part:a <x"), e.spec("part:b +x", off))
		e.hasEdges("")
		e.load("", e.spec("part:b +x"))
		e.hasEdges("b~>a")
		e.load("", e.spec("part:a <x", off))
		e.hasEdges("")
		e.load("", e.spec("part:a <x"), e.spec("part:b +x", hidden))
		e.hasEdges("")
	})
	story(t, Options{NoAutoedges: true}, func(e *testEngine) {
		e.load("", e.spec("part:a <x !"), e.spec("part:b +x"))
		e.hasEdges("")
	})
}

// An edge of a program stays what it is, with and without a second reason.
func TestAutomaticAndStatedEdge(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("part:b => part:a", e.spec("part:a <x"), e.spec("part:b +x"))
		e.hasEdges("b=>a")
		e.load("", e.spec("part:b"))
		e.hasEdges("b=>a")
		e.load("", e.spec("part:b +x"))
		e.submit(resource.Delta{RemoveEdges: edges("part:b -> part:a")})
		e.hasEdges("b~>a")
		e.load("part:b => part:a")
		e.hasEdges("b=>a")
		e.stage.of("b").drift = true
		e.stage.take()
		e.stage.wake("b")
		e.saw("check:b apply:b check:a refresh:a")
	})
}

func TestAutomaticCycle(t *testing.T) {
	const warning = "part[a] at test.mcl:1:1: the automatic edge from part[b] is left out, as it would close a cycle: part[a] -> probe[m] -> part[b] -> part[a]"
	story(t, Options{}, func(e *testEngine) {
		e.load("part:a -> m -> part:b", e.spec("part:a <x"), e.spec("m"), e.spec("part:b +x"))
		e.hasEdges("a->m m->b")
		e.warned(warning)
		e.load("", e.spec("part:b +x +y"))
		e.load("part:a -> part:b")
		e.submit(resource.Delta{RemoveEdges: edges("m -> part:b")}) // the other way is still there
		e.hasEdges("a->b a->m")
		e.warned()
		e.submit(resource.Delta{RemoveEdges: edges("part:a -> part:b")})
		e.hasEdges("a->m b~>a")
		e.load("m -> part:b")
		e.hasEdges("a->m m->b")
		e.warned(warning)
		e.submit(resource.Delta{Remove: []resource.Key{key("m")}})
		e.hasEdges("b~>a")
	})
}

// A resource that leaves when it may gives way to a dropped edge only then.
func TestAutomaticCycleOfLeaving(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("m").fail = 1
		patient := func(m *resource.Meta) { m.Realize, m.Retry, m.Delay = true, 1, 1000 }
		e.load("part:a -> m -> part:b", e.spec("part:a <x"), e.spec("m", patient), e.spec("part:b +x"))
		e.submit(resource.Delta{Remove: []resource.Key{key("m")}})
		e.hasEdges("a->m m->b")
		time.Sleep(2 * time.Second)
		e.hasEdges("b~>a")
	})
}

// A cycle among stated edges is refused, and the automatic ones stay.
func TestAutomaticEdgesSurviveRefusal(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("part:a -> m", e.spec("part:a <x"), e.spec("part:b +x"), e.spec("m"))
		err := e.Submit(context.Background(), resource.Delta{SetEdges: edges("part:a -> part:b; m -> part:a")})
		var cycle *graph.CycleError[resource.Key]
		if !errors.As(err, &cycle) || len(cycle.Nodes) != 2 {
			t.Errorf("got %v", err)
		}
		e.hasEdges("a->m b~>a")
		e.warned()
	})
}

func TestWishesThatFail(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		for text, want := range map[string]string{
			"!": "part[a]: finding out what it needs: no package manager",
			"?": "part[a]: panic: oops",
		} {
			err := e.Submit(context.Background(), resource.Delta{Set: []*resource.Spec{e.spec("part:a " + text)}})
			var at *resource.SpecError
			if !errors.As(err, &at) || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		e.hasEdges("")
	})
}
