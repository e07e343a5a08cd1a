package compile

import (
	"context"

	"mgmt/lang/flow"
	"mgmt/lang/funcs"
	"mgmt/lang/infer"
	"mgmt/lang/resolve"
)

// compiler instantiates one program in one flow graph.
type compiler struct {
	prog    *resolve.Program
	types   *infer.Info
	lib     *funcs.Library
	host    *funcs.Host
	graph   *flow.Graph
	pure    *purity
	modules map[*resolve.Scope]*env

	caughtCalls map[int32]bool // by number; nil until asked for
}

// Start instantiates the program and returns its flow graph, which has not been
// stabilised yet. The payloads of its outputs are of type [*Contribution]. Event
// sources run, once the graph is stabilised, until ctx ends.
func Start(ctx context.Context, prog *resolve.Program, info *infer.Info, lib *funcs.Library, host *funcs.Host) *flow.Graph {
	c := &compiler{
		prog:    prog,
		types:   info,
		lib:     lib,
		host:    host,
		graph:   flow.New(ctx),
		pure:    newPurity(prog),
		modules: map[*resolve.Scope]*env{},
	}
	c.stmts(c.module(prog.Main.Scope), prog.Main.Tree.Stmts, c.graph.NewScope())
	return c.graph
}
