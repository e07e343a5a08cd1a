package dashboard

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mgmt/engine"
	"mgmt/history"
	"mgmt/resource"
)

// patience is how long a test waits for something that has to come.
const patience = 10 * time.Second

// A piece is a resource that differs once, and fails if it is named so.
type piece struct {
	Fails bool `mgmt:"fails"`
	done  bool
}

func (*piece) Validate() error { return nil }

func (*piece) Watch(ctx context.Context, wake func()) error {
	wake()
	<-ctx.Done()
	return ctx.Err()
}

func (p *piece) Check(context.Context) ([]resource.Change, error) {
	switch {
	case p.Fails:
		return nil, errors.New("no such device")
	case p.done:
		return nil, nil
	}
	return []resource.Change{{Param: "content", Note: "1 line differs", Diff: func() string { return "+x\n" }}}, nil
}

func (p *piece) Apply(context.Context, []resource.Change) error {
	p.done = true
	return nil
}

func spec(name string, fails bool) *resource.Spec {
	return &resource.Spec{Key: resource.Key{ID: resource.ID{Kind: "piece", Name: name}}, Pos: "site.mcl:1:1",
		Resource: &piece{Fails: fails}, Meta: resource.DefaultMeta()}
}

// serve runs an agent with pieces a, b and c, of which b fails and is before c, and returns
// its working directory when all has settled.
func serve(t *testing.T, keep bool) string {
	t.Helper()
	prefix := t.TempDir()
	server := &Server{Agent: Agent{Host: "h1", PID: 7}}
	if keep {
		log, err := history.Open(history.Options{Dir: filepath.Join(prefix, "history")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(log.Close)
		server.History = log
	}
	settled := make(chan struct{}, 1)
	e := engine.New(engine.Options{Observe: func(ev engine.Event) {
		if server.History != nil {
			server.History.Event(ev)
		}
		if ev.Kind == engine.Converged && ev.Converged {
			settled <- struct{}{}
		}
	}})
	server.Engine = e
	l, err := Listen(prefix, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- e.Run(ctx) }()
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	b, c := spec("b", true), spec("c", false)
	err = e.Submit(t.Context(), resource.Delta{Set: []*resource.Spec{spec("a", false), b, c},
		SetEdges: []resource.Edge{{From: b.Key, To: c.Key}}})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-settled:
	case <-time.After(patience):
		t.Fatal("it does not settle")
	}
	return prefix
}

func connect(t *testing.T, prefix string) *Client {
	t.Helper()
	c, err := Dial(prefix)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStatus(t *testing.T) {
	c := connect(t, serve(t, true))
	s, err := c.Status(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Counts{OK: 1, Failed: 1, Blocked: 1}); s.Counts != want || s.Agent.Host != "h1" || !s.Converged || s.Total != 3 {
		t.Errorf("got %+v", s)
	}
	if len(s.Resources) != 2 || s.Resources[0].Name != "b" || s.Resources[0].State != "failed" ||
		!strings.Contains(s.Resources[0].Error, "no such device") || s.Resources[1].By.Name != "b" {
		t.Errorf("listed are %+v", s.Resources)
	}
	if s, err = c.Status(t.Context(), Query{All: true}); err != nil || len(s.Resources) != 3 || s.Resources[2].Name != "a" {
		t.Errorf("all are %+v, %v", s.Resources, err)
	}
	if s, err = c.Status(t.Context(), Query{Kind: "Piece", Name: "a", Diffs: true}); err != nil || len(s.Resources) != 1 {
		t.Fatalf("one is %+v, %v", s.Resources, err)
	}
	if last := s.Resources[0].Last; len(last.Changes) != 1 || last.Changes[0].Diff != "+x\n" {
		t.Errorf("its last change is %+v", last)
	}
}

// Of each state at most so many are listed as are asked for; the rest is counted.
func TestLimit(t *testing.T) {
	p := picker{Query: Query{All: true, Limit: 2}}
	for _, state := range []engine.State{engine.StateOK, engine.StateOK, engine.StateFailed, engine.StateOK, engine.StateOK} {
		p.pick(&engine.Status{State: state})
	}
	if p.left != 2 {
		t.Errorf("%d are left out, want 2", p.left)
	}
}

func TestGraph(t *testing.T) {
	g, err := connect(t, serve(t, false)).Graph(t.Context())
	if err != nil || len(g.Resources) != 3 || len(g.Edges) != 1 || g.Edges[0].From.Name != "b" || g.Edges[0].To.Name != "c" {
		t.Errorf("got %+v, %v", g, err)
	}
}

func TestWhy(t *testing.T) {
	c := connect(t, serve(t, true))
	chains, err := c.Why(t.Context(), history.Question{About: history.Ref{Kind: "PIECE", Name: "a"}, Limit: 3})
	if err != nil || len(chains) != 1 || len(chains[0].Runs) != 1 || chains[0].Runs[0].Cause.Kind != "wanted" {
		t.Errorf("got %+v, %v", chains, err)
	}
	if chains, err = c.Why(t.Context(), history.Question{About: history.Ref{Kind: "piece", Name: "c"}, Limit: 3}); err != nil || len(chains) != 1 || len(chains[0].Runs) != 2 || chains[0].Runs[1].Resource.Name != "b" {
		t.Errorf("of what is blocked: %+v, %v", chains, err)
	}
}

// What has no answer is told in words.
func TestRefusals(t *testing.T) {
	kept, bare := connect(t, serve(t, true)), connect(t, serve(t, false))
	for _, x := range []struct {
		want string
		ask  func() error
	}{
		{"did you mean piece[a]", func() error { _, err := kept.Status(t.Context(), Query{Kind: "Piece", Name: "aa"}); return err }},
		{"did you mean the kind piece", func() error {
			_, err := kept.Why(t.Context(), history.Question{About: history.Ref{Kind: "peice", Name: "x"}, Limit: 1})
			return err
		}},
		{"keeps no history", func() error {
			_, err := bare.Why(t.Context(), history.Question{About: history.Ref{Kind: "piece", Name: "a"}, Limit: 1})
			return err
		}},
		{"keeps no history", func() error {
			for _, err := range bare.Follow(t.Context(), 0) {
				return err
			}
			return nil
		}},
		{"a number from 0", func() error {
			_, err := fetch[Status](t.Context(), kept, "status", map[string][]string{"limit": {"-1"}})
			return err
		}},
		{"kind= and name=", func() error {
			_, err := fetch[[]history.Chain](t.Context(), kept, "why", map[string][]string{"kind": {"file"}})
			return err
		}},
		{"another version", func() error { _, err := fetch[Status](t.Context(), kept, "colour", nil); return err }},
	} {
		if err := x.ask(); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("the error is %v, want one with %q", err, x.want)
		}
	}
}

func TestUnknown(t *testing.T) {
	known := []history.Ref{{Kind: "file", Name: "/etc/motd"}, {Kind: "exec", Name: "make"}}
	for name, want := range map[string]string{
		"File[/etc/mtod]": "there is no resource File[/etc/mtod]; did you mean file[/etc/motd]?",
		"file[/x]":        "there is no resource file[/x]",
		"svc[make]":       "there is no resource svc[make]; did you mean exec[make]?",
		"fiel[/x]":        "there is no resource fiel[/x]; did you mean the kind file?",
		"user[joe]":       "there is no resource user[joe], and none of that kind",
	} {
		ref, err := history.ParseRef(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Unknown(ref, known).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := Unknown(known[0], nil).Error(); got != "there is no resource file[/etc/motd]; there are none at all" {
		t.Errorf("got %q", got)
	}
}

// Those who follow see what was and what comes, until they have enough.
func TestFollow(t *testing.T) {
	c := connect(t, serve(t, true))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var events []string
	for r, err := range c.Follow(ctx, 1) {
		if err != nil {
			t.Fatal(err)
		}
		if events = append(events, r.Event); r.Event == "converged" {
			break
		}
	}
	if got := strings.Join(events, " "); !strings.Contains(got, "changed") || !strings.Contains(got, "failed") || strings.Contains(got, "started") {
		t.Errorf("got %s", got)
	}
}

// The socket is for its owner, whatever the umask and however long its path.
func TestSocket(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	prefix := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	for range 2 { // the second one finds what the first one left, as after a crash
		l, err := Listen(prefix, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer l.(*listener).UnixListener.Close()
		for name, want := range map[string]fs.FileMode{"": 0o700 | fs.ModeDir, socketName: 0o600 | fs.ModeSocket} {
			info, err := os.Stat(filepath.Join(prefix, socketDir, name))
			if err != nil || info.Mode() != want {
				t.Errorf("%q has the mode %v, %v, want %v", name, info.Mode(), err, want)
			}
		}
		go func() { _ = http.Serve(l, http.NotFoundHandler()) }()
		connect(t, prefix)
	}
}

// Where no agent runs, a client says what to do.
func TestNoAgent(t *testing.T) {
	prefix := t.TempDir()
	_, err := Dial(prefix)
	if !errors.Is(err, ErrNoAgent) || !strings.Contains(err.Error(), "--prefix") {
		t.Errorf("without a socket: %v", err)
	}
	l, err := Listen(prefix, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l.(*listener).UnixListener.Close()
	if _, err := Dial(prefix); !errors.Is(err, ErrNoAgent) {
		t.Errorf("with the socket of one that was killed: %v", err)
	}
}

// An agent that ends while it is asked is one that does not run any more.
func TestAgentEnds(t *testing.T) {
	prefix := t.TempDir()
	l, err := Listen(prefix, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			c.Close()
		}
	}()
	client, err := Dial(prefix)
	if err == nil {
		_, err = client.Graph(t.Context())
	}
	if !errors.Is(err, ErrNoAgent) {
		t.Errorf("got %v", err)
	}
}
