// Package deploys is the front end of agents that run what is deployed to their cluster. It also
// packs programs into deploys.
//
// A [Frontend] follows the deploys of a cluster (package deploy). Each deploy is a program for
// another front end, which this one runs. A program replaces the one before at the moment when it
// has its first graph, and resources that are the same in both are left alone. A program that yields
// no graph, because it does not compile or the engine refuses it, changes nothing.
//
// [PackLang] and [PackYAML] collect the files that a program needs; [Check] examines the result in
// the way in which an agent will see it.
package deploys

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"mgmt/deploy"
	"mgmt/deploy/sign"
	"mgmt/frontend"
	"mgmt/frontend/empty"
	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/world"
)

// Options describe what an agent follows, and what programs run in.
type Options struct {
	Library *funcs.Library
	Kinds   *resource.Registry
	Host    *funcs.Host  // in whose world the deploys are
	Log     *slog.Logger // nil discards
	// Report shows the diagnostics of a program.
	Report func(files *syntax.Files, list syntax.Diagnostics)

	// Trust is who may deploy; nil is everyone who can write to the store of the cluster.
	Trust *sign.Trust
	// Dir is where the last good deploy is kept for a start without the cluster; empty keeps none.
	Dir string
	// Next ignores the deploys that are there at first; Once keeps the first one.
	Next, Once bool
	// Inspect reports the condition of the resources that the program in force asks for.
	Inspect func(ctx context.Context) deploy.Condition
}

// A Frontend runs what is deployed.
type Frontend struct {
	opts     Options
	follower *deploy.Follower // nil if the world has no store for deploys

	refusal frontend.Standing
	refused atomic.Int64 // the newest deploy that was refused
	origin  atomic.Pointer[string]
}

// New returns a front end.
func New(opts Options) *Frontend {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Report == nil {
		opts.Report = func(*syntax.Files, syntax.Diagnostics) {}
	}
	f := &Frontend{opts: opts}
	if keyed, ok := opts.Host.World.(world.Keyed); ok {
		f.follower = deploy.NewFollower(deploy.Options{
			Store: keyed.KV(), Host: opts.Host.Hostname, Trust: opts.Trust, Dir: opts.Dir,
			Next: opts.Next, Once: opts.Once, Log: opts.Log, Inspect: opts.Inspect,
			Refused: f.refuse,
		})
	}
	return f
}

// Poke says that what Inspect returns may have changed. It does not block.
func (f *Frontend) Poke() {
	if f.follower != nil {
		f.follower.Poke()
	}
}

// Connected says whether the cluster can be reached. It does not block.
func (f *Frontend) Connected(yes bool) {
	if f.follower != nil {
		f.follower.Connected(yes)
	}
}

// Run implements frontend.Frontend.
func (f *Frontend) Run(ctx context.Context, submit func(context.Context, resource.Delta) error) error {
	if f.follower == nil {
		return empty.Frontend{}.Run(ctx, submit)
	}
	g := &gate{submit: submit}
	var current *run
	defer func() { current.stop() }()
	return f.follower.Run(ctx, func(deliver context.Context, d *deploy.Delivery) error {
		if d.Record == nil {
			f.announce(d) // which is so in any case
		}
		next, err := f.start(ctx, deliver, g, d)
		if err != nil {
			return err
		}
		current.stop()
		current = next
		if d.Record != nil {
			f.announce(d)
		}
		return nil
	})
}

// refuse notes that a deploy is not taken.
func (f *Frontend) refuse(id int64, why error) {
	if id >= f.refused.Load() {
		f.refused.Store(id)
		f.refusal.Refuse(why.Error())
	}
}

// Refusal implements frontend.Refuser.
func (f *Frontend) Refusal() (frontend.Refusal, bool) { return f.refusal.Refusal() }

// Origin implements frontend.Originator.
func (f *Frontend) Origin() string {
	if text := f.origin.Load(); text != nil {
		return *text
	}
	return ""
}

// describe says which deploy is in force.
func describe(d *deploy.Delivery) string {
	if d.Record == nil {
		return "nothing is deployed to this host"
	}
	text := fmt.Sprintf("deploy %d of %s", d.ID, d.By)
	if d.Signer != "" {
		text += ", signed by " + d.Signer
	}
	return text
}

func (f *Frontend) announce(d *deploy.Delivery) {
	origin := describe(d)
	f.origin.Store(&origin)
	if d.Record != nil && d.ID >= f.refused.Load() {
		f.refusal.Accept()
	}
	switch {
	case d.Record == nil:
		f.opts.Log.Info("nothing is deployed to this host")
	case d.Kept:
		f.opts.Log.Info(fmt.Sprintf("deploy %d, which is on disk, is in force", d.ID), "by", d.By)
	case d.Signer != "":
		f.opts.Log.Info(fmt.Sprintf("deploy %d is in force", d.ID), "by", d.By, "signed", d.Signer)
	default:
		f.opts.Log.Info(fmt.Sprintf("deploy %d is in force", d.ID), "by", d.By)
	}
}

var (
	_ frontend.Frontend   = (*Frontend)(nil)
	_ frontend.Refuser    = (*Frontend)(nil)
	_ frontend.Originator = (*Frontend)(nil)
)
