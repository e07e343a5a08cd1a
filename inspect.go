package mgmt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"mgmt/dashboard"
	"mgmt/frontend"
	"mgmt/history"
)

// HistoryDir returns where an agent with that working directory keeps its history.
func HistoryDir(prefix string) string { return filepath.Join(prefix, "history") }

// inspect keeps the history and serves the local API until it is stopped. An agent does its
// work without either.
func (a *Agent) inspect() (stop func()) {
	if a.opts.HistoryLimit >= 0 {
		log, err := history.Open(history.Options{
			Dir: HistoryDir(a.opts.Prefix), Limit: a.opts.HistoryLimit, Host: a.opts.Hostname, Log: a.opts.Log,
		})
		if err != nil {
			a.opts.Log.Warn("this agent keeps no history", "error", err)
		} else {
			a.history = log
		}
	}
	stopServer := a.serve()
	return func() {
		if a.history != nil {
			a.history.Close()
		}
		stopServer()
	}
}

// serve serves the local API.
func (a *Agent) serve() (stop func()) {
	if a.opts.NoInspect {
		return func() {}
	}
	l, err := dashboard.Listen(a.opts.Prefix, a.opts.Log)
	if errors.Is(err, errors.ErrUnsupported) {
		a.opts.Log.Debug("nobody can look into this agent", "error", err)
		return func() {}
	}
	if err != nil {
		a.opts.Log.Warn("nobody can look into this agent", "error", err)
		return func() {}
	}
	server := &dashboard.Server{
		Agent: dashboard.Agent{
			Host: a.opts.Hostname, PID: os.Getpid(), Prefix: a.opts.Prefix, Started: time.Now(),
			Noop: a.opts.Noop, Log: a.history != nil,
		},
		Engine: a.engine, History: a.history, Refused: a.refused, Origin: a.origin, Outage: a.outage, Store: a.ailment,
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(ctx, l); err != nil {
			a.opts.Log.Warn("nobody can look into this agent any more", "error", err)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// refused returns what the front end has refused since the graph in force.
func (a *Agent) refused() (dashboard.Refused, bool) {
	front, ok := a.front.(frontend.Refuser)
	if !ok {
		return dashboard.Refused{}, false
	}
	r, ok := front.Refusal()
	return dashboard.Refused{Time: r.Time, Text: r.Text}, ok
}

// origin returns where the graph in force comes from, if the front end tells.
func (a *Agent) origin() string {
	if front, ok := a.front.(frontend.Originator); ok {
		return front.Origin()
	}
	return ""
}

// outage returns why those with whom the agent shares are not reached.
func (a *Agent) outage() (out dashboard.Outage) {
	companion, ok := a.opts.Companion.(Outage)
	if !ok {
		return out
	}
	if since, why := companion.Outage(); why != nil {
		out = dashboard.Outage{Since: since, Text: why.Error()}
	}
	return out
}

// ailment returns what ails the store that the agent shares with others.
func (a *Agent) ailment() (out dashboard.Outage) {
	companion, ok := a.opts.Companion.(Ailing)
	if !ok {
		return out
	}
	if since, what := companion.Ailment(); what != nil {
		out = dashboard.Outage{Since: since, Text: what.Error()}
	}
	return out
}
