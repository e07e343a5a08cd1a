package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"mgmt/resource"
)

// A page is a member of a server, which its text names, and says which one it was told.
type page struct {
	listener
	kind string
}

func (p *page) Server() (kind, name string) { return p.kind, p.Text }

func (p *page) Open(env *resource.Env) error {
	p.stage.note("on:%s:%s", env.ID.Name, env.Server.Name)
	return p.listener.Open(env)
}

// memberKinds are a server, what can be on it, and what can be on the latter.
func memberKinds(s *stage) []*resource.Kind {
	on := func(kind string) func() resource.Resource {
		return func() resource.Resource { return &page{listener{probe{stage: s}}, kind} }
	}
	return []*resource.Kind{
		{Name: "server", New: func() resource.Resource { return &listener{probe{stage: s}} }},
		{Name: "panel", New: on("server")},
		{Name: "input", New: on("panel")},
	}
}

func TestMembersComeBeforeTheirServer(t *testing.T) {
	story(t, Options{NoAutoedges: true}, func(e *testEngine) { // they are no matter of taste
		e.load("panel:p -> m", e.spec("server:s"), e.spec("panel:p s"), e.spec("m"))
		e.hasEdges("p->m p~>s s~>m")
		e.saw("on:p:s check:p check:s check:m")
		e.submit(resource.Delta{RemoveEdges: edges("panel:p -> m")})
		e.hasEdges("p~>s")
	})
}

func TestNestedMembers(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("input:i -> m; input:i -> panel:q; input:i -> panel:o",
			e.spec("server:s"), e.spec("server:t"), e.spec("panel:p s"), e.spec("panel:q s"), e.spec("panel:o t"), e.spec("input:i p"), e.spec("m"))
		// What is on the same server waits for the panel alone, everything else for the server.
		e.hasEdges("i->o i~>p i->q i->m o~>t p~>o p~>q p~>m p~>s q~>s s~>o s~>m")
	})
}

func TestMemberWithoutName(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("server:s"), e.spec("panel:p"))
		e.saw("on:p:s check:p check:s")
		e.load("", e.spec("server:a"))
		e.saw("on:p:a check:p check:a") // the first by name
		e.hasEdges("p~>a")
	})
}

func TestMemberMoves(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("panel:p -> m", e.spec("server:s"), e.spec("server:t"), e.spec("panel:p s"), e.spec("m"))
		e.hasEdges("p->m p~>s s~>m")
		e.stage.take()
		e.load("", e.spec("panel:p t"))
		e.hasEdges("p->m p~>t t~>m")
		e.sawAll("close:p on:p:t open:p check:p")
		e.submit(resource.Delta{Remove: []resource.Key{key("server:s")}})
		e.hasEdges("p->m p~>t t~>m")
	})
}

func TestMemberWithoutServer(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		hidden := e.spec("server:h")
		hidden.Meta.Hidden = true
		e.load("", hidden)
		refused := func(d resource.Delta, want string) {
			t.Helper()
			err := e.Submit(context.Background(), d)
			var at *resource.SpecError
			if !errors.As(err, &at) || at.Pos != "test.mcl:1:1" || fmt.Sprint(at.Key, ": ", at.Err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		set := func(texts ...string) (d resource.Delta) {
			for _, text := range texts {
				d.Set = append(d.Set, e.spec(text))
			}
			return d
		}
		refused(set("panel:p"), `panel[p]: it belongs to a resource of kind server, and there is none: declare server "NAME" {}`)
		refused(set("panel:p x", "server:s"), `panel[p]: it belongs to server[x], which is not there: declare server "x" {}, or name another server`)
		refused(set("panel:p h", "server:s"), `panel[p]: it belongs to server[h], which is not there: declare server "h" {}, or name another server`)
		e.submit(set("panel:p", "panel:q s", "server:s", "server:t"))
		refused(resource.Delta{Remove: []resource.Key{key("server:s")}},
			`panel[q]: it belongs to server[s], which is not there: declare server "s" {}, or name another server`)
		gone := e.spec("server:s")
		gone.Meta.Hidden = true
		refused(resource.Delta{Set: []*resource.Spec{gone}},
			`panel[q]: it belongs to server[s], which is not there: declare server "s" {}, or name another server`)
		e.submit(resource.Delta{Remove: []resource.Key{key("server:s"), key("panel:q")}})
		refused(resource.Delta{Remove: []resource.Key{key("server:t")}},
			`panel[p]: it belongs to a resource of kind server, and there is none: declare server "NAME" {}`)
		e.hasEdges("p~>t")
	})
}

// Something between a member and its server is not after the server, and no reason for a warning.
func TestBetweenMemberAndServer(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("panel:p -> m -> server:s", e.spec("server:s"), e.spec("panel:p s"), e.spec("m"))
		e.hasEdges("p->m p~>s m->s")
		e.warned()
	})
}

// A member that comes after its server by statement is warned of.
func TestMemberAfterServer(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("server:s -> panel:p", e.spec("server:s"), e.spec("panel:p s"))
		e.hasEdges("s->p")
		e.warned("server[s] at test.mcl:1:1: the automatic edge from panel[p] is left out, as it would close a cycle: server[s] -> panel[p] -> server[s]")
	})
}
