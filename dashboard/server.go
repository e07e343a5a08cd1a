package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"strconv"
	"time"

	"mgmt/engine"
	"mgmt/history"
)

// An Engine knows the state of the resources: the engine of an agent.
type Engine interface {
	Inquire(ctx context.Context, q engine.Inquiry) (engine.Snapshot, error)
}

// A Server answers questions about an agent.
type Server struct {
	Agent   Agent
	Engine  Engine
	History *history.Log // nil if none is kept
	// Refused tells what was refused since the graph in force; nil knows of nothing.
	Refused func() (Refused, bool)
	// Origin tells where the graph in force comes from; nil has nothing to tell.
	Origin func() string
	// Outage tells why others are not reached; nil knows of nothing.
	Outage func() Outage
	// Store tells what ails the store of the cluster; nil knows of nothing.
	Store func() Outage
}

// Serve answers until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s.handler(),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("the local API: %w", err)
	}
	return nil
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", answer(s.status))
	mux.HandleFunc("GET /v1/graph", answer(s.graph))
	mux.HandleFunc("GET /v1/why", answer(s.why))
	mux.HandleFunc("GET /v1/events", s.events)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { refuse(w, unanswerable(r)) })
	return mux
}

// unanswerable returns why there is no answer to a request that nobody takes.
func unanswerable(r *http.Request) error {
	if r.Method != http.MethodGet {
		return &requestError{http.StatusMethodNotAllowed, r.Method + ": only GET is answered"}
	}
	return &requestError{http.StatusNotFound, fmt.Sprintf("it knows nothing of %q; is it of another version?", r.URL.Path)}
}

// A requestError is a question that has no answer.
type requestError struct {
	status int
	text   string
}

func (e *requestError) Error() string { return e.text }

// answer turns a function into a handler.
func answer[T any](f func(*http.Request) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := f(r)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value)
	}
}

// A problem is the body of an answer that is an error.
type problem struct {
	Error string `json:"error"`
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var request *requestError
	if errors.As(err, &request) {
		status = request.status
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{err.Error()})
}

func (s *Server) status(r *http.Request) (Status, error) {
	q, err := queryOf(r)
	if err != nil {
		return Status{}, err
	}
	p := picker{Query: q}
	snapshot, err := s.Engine.Inquire(r.Context(), engine.Inquiry{Pick: p.pick})
	if err != nil {
		return Status{}, err
	}
	out := statusOf(&snapshot, s.Agent, p.left)
	if q.one() && len(out.Resources) == 0 {
		return Status{}, s.unknown(r, q.ref())
	}
	if s.Refused != nil {
		out.Refused, _ = s.Refused()
	}
	if s.Origin != nil {
		out.Origin = s.Origin()
	}
	if s.Outage != nil {
		out.Outage = s.Outage()
	}
	if s.Store != nil {
		out.Store = s.Store()
	}
	if q.Diffs {
		err = s.addDiffs(r.Context(), out.Resources)
	}
	return out, err
}

// addDiffs completes the last changes of resources with the diffs, which are on the disk.
func (s *Server) addDiffs(ctx context.Context, resources []Resource) error {
	if s.History == nil {
		return nil
	}
	wanted := map[uint64]bool{}
	for i := range resources {
		if run := resources[i].Last.Run; run > 0 {
			wanted[run] = true
		}
	}
	if err := s.History.Flush(ctx); err != nil {
		return err
	}
	found, err := history.FindRuns(history.ReadBack(s.History.Dir()), wanted)
	if err != nil {
		return err
	}
	for i := range resources {
		if run, ok := found[resources[i].Last.Run]; ok {
			resources[i].Last.Changes = run.Changes
		}
	}
	return nil
}

// unknown returns the error of a question about a resource that the agent does not have.
func (s *Server) unknown(r *http.Request, ref history.Ref) error {
	var known []history.Ref
	_, err := s.Engine.Inquire(r.Context(), engine.Inquiry{Pick: func(v *engine.Status) bool {
		known = append(known, history.RefOf(v.Key))
		return false
	}})
	if err != nil {
		return err
	}
	return &requestError{http.StatusNotFound, Unknown(ref, known).Error()}
}

// queryOf reads the parameters that say which resources are meant.
func queryOf(r *http.Request) (Query, error) {
	q := Query{Kind: r.FormValue("kind"), Name: r.FormValue("name")}
	var err error
	if q.All, err = flag(r, "all"); err != nil {
		return q, err
	}
	if q.Diffs, err = flag(r, "diffs"); err != nil {
		return q, err
	}
	q.Limit, err = number(r, "limit")
	return q, err
}

func flag(r *http.Request, name string) (bool, error) {
	n, err := number(r, name)
	return n > 0, err
}

// number reads a parameter that is a number from 0; it is 0 where it is missing.
func number(r *http.Request, name string) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, &requestError{http.StatusBadRequest, fmt.Sprintf("the parameter %s is a number from 0, not %q", name, text)}
	}
	return n, nil
}

func (s *Server) graph(r *http.Request) (Graph, error) {
	snapshot, err := s.Engine.Inquire(r.Context(), engine.Inquiry{Edges: true})
	if err != nil {
		return Graph{}, err
	}
	return graphOf(&snapshot), nil
}

var errNoHistory = &requestError{http.StatusNotFound, "this agent keeps no history"}

// defaultChains is how many runs are explained where no number is given.
const defaultChains = 5

func (s *Server) why(r *http.Request) ([]history.Chain, error) {
	if s.History == nil {
		return nil, errNoHistory
	}
	q := history.Question{About: history.Ref{Kind: r.FormValue("kind"), Name: r.FormValue("name")}}
	if q.About.Kind == "" || q.About.Name == "" {
		return nil, &requestError{http.StatusBadRequest, "kind= and name= say which resource is asked about"}
	}
	var err error
	if q.All, err = flag(r, "all"); err != nil {
		return nil, err
	}
	if q.Limit, err = number(r, "limit"); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = defaultChains
	}
	if err := s.History.Flush(r.Context()); err != nil {
		return nil, err
	}
	chains, err := history.Explain(history.ReadBack(s.History.Dir()), q)
	if err != nil || len(chains) > 0 {
		return chains, err
	}
	if err := s.find(r, q.About); err != nil {
		return nil, err
	}
	return chains, nil
}

// find returns an error if the agent has no such resource.
func (s *Server) find(r *http.Request, ref history.Ref) error {
	p := picker{Query: Query{Kind: ref.Kind, Name: ref.Name}}
	snapshot, err := s.Engine.Inquire(r.Context(), engine.Inquiry{Pick: p.pick})
	if err == nil && len(snapshot.Vertices) == 0 {
		return s.unknown(r, ref)
	}
	return err
}

// events writes a record a line, until there are no more or, if it follows, until the client
// or the agent has enough.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	after, err := number(r, "after")
	follow, followErr := flag(r, "follow")
	if err = errors.Join(err, followErr); s.History == nil && err == nil {
		err = errNoHistory
	}
	if err != nil {
		refuse(w, err)
		return
	}
	var records iter.Seq2[history.Record, error]
	if follow {
		records = s.History.Follow(r.Context(), uint64(after))
	} else {
		if s.History.Flush(r.Context()) != nil {
			return
		}
		records = history.Read(s.History.Dir(), uint64(after))
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	flush := http.NewResponseController(w)
	if follow {
		_ = flush.Flush() // the header
	}
	for record, err := range records {
		if err != nil || r.Context().Err() != nil || out.Encode(record) != nil || follow && flush.Flush() != nil {
			return
		}
	}
}
