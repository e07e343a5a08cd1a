package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"mgmt/resource"
)

// A gossip tells what it knows wherever it can.
type gossip struct {
	Text string  `mgmt:"text"`
	Note string  `mgmt:"note"`
	Need *string `mgmt:"need"`

	env *resource.Env
	how string
	had string // what it was applied with
}

type gossipSends struct {
	Out *string `mgmt:"out"`
}

func (g *gossip) knows() string {
	if g.Need != nil {
		return g.Text + " and " + *g.Need
	}
	return g.Text
}

func (g *gossip) Validate() error { return nil }

func (g *gossip) Open(env *resource.Env) error {
	g.env, g.how = env, env.ID.Name
	env.Log.Info("opened with "+g.knows(), "text", g.Text)
	if g.how == "open" {
		return errors.New("cannot open with " + g.knows())
	}
	return nil
}

func (g *gossip) Close() error { return fmt.Errorf("cannot close with %s", g.knows()) }

func (g *gossip) Watch(ctx context.Context, wake func()) error {
	if g.how == "watch" {
		return fmt.Errorf("cannot watch with %q", g.knows())
	}
	wake()
	<-ctx.Done()
	return ctx.Err()
}

func (g *gossip) Check(context.Context) ([]resource.Change, error) {
	log := g.env.Log.With("with", g.knows()).WithGroup("g")
	log.Warn("checked "+g.knows(), "value", []string{g.Text})
	switch g.how {
	case "check":
		return nil, errors.New("cannot check with " + g.knows())
	case "panic":
		panic("oh, " + g.knows())
	}
	if g.had == g.knows() {
		return nil, nil
	}
	return []resource.Change{
		{Param: "text", Old: g.had, New: g.Text, Diff: func() string { return "-" + g.had + "\n+" + g.Text }},
		{Param: "note", Note: "became " + g.knows(), Diff: func() string { return "+" + g.knows() }},
	}, nil
}

func (g *gossip) Apply(_ context.Context, changes []resource.Change) error {
	if g.how == "apply" {
		return fmt.Errorf("cannot apply %s", changes[0].New)
	}
	g.had = g.knows()
	return nil
}

func (g *gossip) Refresh(context.Context) error { return errors.New("cannot refresh " + g.knows()) }

func (g *gossip) Sends() any {
	out := "sent " + g.knows()
	return &gossipSends{&out}
}

func (g *gossip) Update(next resource.Resource) bool {
	g.Text = next.(*gossip).Text
	g.Need = next.(*gossip).Need
	return true
}

// A heard collects all that an engine tells.
type heard struct {
	mu  sync.Mutex
	log bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(p)
}

// everything returns the log and all events and states in full.
func (h *heard) everything(e *testEngine) string {
	e.t.Helper()
	s, err := e.Snapshot(e.t.Context())
	if err != nil {
		e.t.Fatal(err)
	}
	var b strings.Builder
	changes := func(list []resource.Change) {
		for _, c := range list {
			fmt.Fprintln(&b, c.Param, c.Old, c.New, c.Note, c)
			if c.Diff != nil {
				fmt.Fprintln(&b, c.Diff())
			}
		}
	}
	for _, v := range s.Vertices {
		fmt.Fprintln(&b, v.Key, v.Err, v.Cause)
		if v.Work != nil {
			changes(v.Work.Changes)
		}
	}
	e.stage.mu.Lock()
	defer e.stage.mu.Unlock()
	for _, ev := range e.events {
		fmt.Fprintln(&b, ev.Kind, ev.Key, ev.Err, ev.Cause)
		if ev.Cause != nil {
			fmt.Fprintln(&b, ev.Cause.Old, ev.Cause.New)
		}
		changes(ev.Changes)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return b.String() + h.log.String()
}

const gossiped = "it's \"open sesame\""

// leaks reports whether a text has the secret in it, in any of the usual forms.
func leaks(text string) bool { return strings.Contains(text, "sesame") }

func gossipSpec(name, text string, secrets *resource.Secrets) *resource.Spec {
	return &resource.Spec{
		Key:      resource.Key{ID: resource.ID{Kind: "gossip", Name: name}},
		Resource: &gossip{Text: text}, Meta: resource.DefaultMeta(), Secrets: secrets,
	}
}

func gossipStory(t *testing.T, f func(e *testEngine, h *heard)) {
	t.Helper()
	h := &heard{}
	story(t, Options{Log: slog.New(slog.NewTextHandler(h, nil))}, func(e *testEngine) { f(e, h) })
	if text := h.log.String(); leaks(text) { // also when it stopped
		t.Errorf("the log has the secret:\n%s", text)
	}
}

func secretText() *resource.Secrets {
	return resource.NewSecrets([]string{"text"}, []string{gossiped, "the text is " + gossiped})
}

// TestSecretsAreNotTold runs a resource that tells its secret in each way there is.
func TestSecretsAreNotTold(t *testing.T) {
	for _, how := range []string{"well", "open", "watch", "check", "panic", "apply"} {
		t.Run(how, func(t *testing.T) {
			gossipStory(t, func(e *testEngine, h *heard) {
				e.submit(resource.Delta{Set: []*resource.Spec{gossipSpec(how, "the text is "+gossiped, secretText())}})
				got := h.everything(e)
				if leaks(got) {
					t.Errorf("it tells the secret:\n%s", got)
				}
				if !strings.Contains(got, resource.Hidden) {
					t.Errorf("it does not say that there is one:\n%s", got)
				}
			})
		})
	}
}

// TestSecretsAreReceived sends a secret through three resources, of which only the first knows
// that it is one.
func TestSecretsAreReceived(t *testing.T) {
	gossipStory(t, func(e *testEngine, h *heard) {
		b := recv(gossipSpec("b", "b", nil), "need", "gossip:a", "out")
		c := recv(gossipSpec("check", "c", nil), "need", "gossip:b", "out")
		e.submit(resource.Delta{Set: []*resource.Spec{gossipSpec("a", gossiped, secretText()), b, c}})
		e.submit(resource.Delta{Set: []*resource.Spec{gossipSpec("a", "more "+gossiped, secretText())}})
		got := h.everything(e)
		if leaks(got) {
			t.Errorf("they tell the secret:\n%s", got)
		}
		for _, want := range []string{"gossip[check]", "cannot check with c and ", "received need from gossip[a] (secret)"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in:\n%s", want, got)
			}
		}
	})
}

// TestSecretsAreNotPublished sends a secret to a resource that others can read.
func TestSecretsAreNotPublished(t *testing.T) {
	gossipStory(t, func(e *testEngine, h *heard) {
		b := gossipSpec("b", "b", nil)
		b.Key.Kind = "board"
		e.submit(resource.Delta{Set: []*resource.Spec{gossipSpec("a", gossiped, secretText()), recv(b, "need", "gossip:a", "out")}})
		got := h.everything(e)
		if leaks(got) || !strings.Contains(got, "need: the value that is received is secret") {
			t.Errorf("it tells:\n%s", got)
		}
	})
}

// TestSecretsOfBefore replaces a secret by something that is none: what was there is not told.
func TestSecretsOfBefore(t *testing.T) {
	gossipStory(t, func(e *testEngine, h *heard) {
		e.submit(resource.Delta{Set: []*resource.Spec{gossipSpec("a", gossiped, secretText())}})
		e.submit(resource.Delta{Set: []*resource.Spec{gossipSpec("a", "public", nil)}})
		e.submit(resource.Delta{Set: []*resource.Spec{gossipSpec("a", "more public", nil)}})
		got := h.everything(e)
		if leaks(got) {
			t.Errorf("it tells the secret:\n%s", got)
		}
		if !strings.Contains(got, "text public more public") {
			t.Errorf("what is no secret is not told:\n%s", got)
		}
	})
}

// TestSecretsAreUndone undoes a resource whose secret is on the machine, also in another run.
func TestSecretsAreUndone(t *testing.T) {
	h := &heard{}
	check := func(e *testEngine) {
		e.t.Helper()
		if got := h.everything(e); leaks(got) {
			e.t.Errorf("it tells the secret:\n%s", got)
		}
	}
	door := func(e *testEngine) *resource.Spec {
		s := e.spec("door:a", reverses)
		s.Resource.(*door).Text, s.Secrets = gossiped, secretText()
		return s
	}
	runs(t, Options{Log: slog.New(slog.NewTextHandler(h, nil))}, func(e *testEngine) {
		e.submit(resource.Delta{Set: []*resource.Spec{door(e)}})
		e.submit(resource.Delta{Remove: []resource.Key{key("door:a")}})
		check(e)
		if got := e.stage.door("a"); got != "old" {
			t.Errorf("the door is %q, want it as it was", got)
		}
		e.submit(resource.Delta{Set: []*resource.Spec{door(e)}})
	}, func(e *testEngine) {
		e.load("")
		check(e)
		if got := e.stage.door("a"); got != "old" {
			t.Errorf("the door is %q, want it as it was", got)
		}
	})
}
