package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/spf13/cobra"

	"mgmt"
	"mgmt/console"
	"mgmt/deploy"
	"mgmt/engine"
	"mgmt/frontend"
	"mgmt/frontend/deploys"
	"mgmt/lang/funcs"
	"mgmt/lang/std"
	"mgmt/resources"
)

// A follow ties an agent to the front end that follows deploys: the one knows the state of its resources, the
// other one tells the cluster.
type follow struct {
	front atomic.Pointer[deploys.Frontend] // nil if the agent follows no deploys
	agent *mgmt.Agent
	rest  bool // nothing is left to do; it belongs to the loop of the engine
}

// event is told what happens in the agent.
func (f *follow) event(e engine.Event) {
	front := f.front.Load()
	if front == nil {
		return
	}
	switch rest := e.Settled == e.Total; {
	case e.Kind == engine.Failed, e.Kind == engine.Removed && f.rest:
		front.Poke() // a graph of nothing is at rest, but may have others that are still going
	case e.Kind == engine.Progress && rest != f.rest:
		f.rest = rest
		front.Poke()
	}
}

// connected is told whether the cluster can be reached.
func (f *follow) connected(yes bool) {
	if front := f.front.Load(); front != nil {
		front.Connected(yes)
	}
}

// inspect says whether all is done, and what is not as it should be.
func (f *follow) inspect(ctx context.Context) deploy.Condition {
	s, err := f.agent.Inquire(ctx, engine.Inquiry{Pick: func(s *engine.Status) bool { return s.Err != nil }})
	if err != nil {
		return deploy.Condition{}
	}
	out := deploy.Condition{
		Settled: s.Settled == s.Total && s.Going == 0,
		Failed:  s.Count(engine.StateFailed) + s.Count(engine.StateBlocked),
	}
	if len(s.Vertices) > 0 {
		out.Trouble = fmt.Sprintf("%s: %v", s.Vertices[0].Key, s.Vertices[0].Err)
	}
	return out
}

// deployed returns what makes the front end that follows deploys.
func (f *runFlags) deployed(cmd *cobra.Command, out *console.Console) (func(*funcs.Host) frontend.Frontend, error) {
	trust, err := readTrust(f.trust)
	if err != nil {
		return nil, err
	}
	return func(host *funcs.Host) frontend.Frontend {
		front := deploys.New(deploys.Options{
			Library: std.Library(), Kinds: resources.Kinds(), Host: host, Log: out.Log(), Report: out.Diagnostics,
			Trust: trust, Dir: f.deployDir, Next: f.waitDeploy, Once: f.noDeployWatch, Inspect: f.follow.inspect,
		})
		f.follow.front.Store(front)
		return front
	}, nil
}
