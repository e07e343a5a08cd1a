// Package stdworld has the module world: what the hosts of a cluster share.
package stdworld

import (
	"context"
	"errors"
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
	"mgmt/world"
)

// Module returns the module world.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "world",
		Doc:  "What the hosts of a cluster share. A key or namespace is not empty and stays the same while the program runs.",
		Funcs: []*funcs.Function{
			{
				Name:      "getval",
				Doc:       "Returns the string that is stored under the key for the whole cluster, and whether there is one.",
				Sigs:      table.Sig("func(key str) struct{value str; exists bool}"),
				Fixed:     true,
				Source:    getval,
				Publishes: true,
			},
			{
				Name:      "kvlookup",
				Doc:       "Returns the value that each host has in the namespace, by host name. The kv resource writes them.",
				Sigs:      table.Sig("func(namespace str) map{str: str}"),
				Fixed:     true,
				Source:    kvlookup,
				Publishes: true,
			},
			{
				Name:      "exchange",
				Doc:       "Stores value as the one of this host in the namespace, and returns the value of each host, by host name.",
				Sigs:      table.Sig("func(namespace str, value str) map{str: str}"),
				Follow:    true,
				Source:    exchange,
				Publishes: true,
			},
			{
				Name: "schedule",
				Doc: "Returns the hosts that are picked for the namespace, sorted. Without opts, hosts take part by means of the schedule resource. " +
					"With opts, any of the fields strategy (rr or alpha), max (hosts to pick, 1), reuse (keep the offer over a restart) and ttl (seconds after which a silent host is dropped, 10), " +
					"the call itself enters this host for as long as it is needed.",
				Sigs: table.Sig("func(namespace str) []str",
					"func(namespace str, opts struct{strategy str; max int; reuse bool; ttl int}) []str"),
				Infer:     inferSchedule,
				Check:     checkSchedule,
				Fixed:     true,
				Source:    schedule,
				Publishes: true,
			},
		},
	}
}

// name returns the key or namespace of a call.
func name(args []types.Value) (string, error) {
	s := string(args[0].(types.Str))
	if s == "" {
		return "", errors.New("the name is empty")
	}
	return s, nil
}

var getvalNames = []string{"value", "exists"}

func getval(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	key, err := name(args)
	if err != nil {
		return err
	}
	return call.Host.World.WatchString(ctx, key, func(value string, exists bool) {
		emit(&types.Struct{Names: getvalNames, Elems: []types.Value{types.Str(value), types.Bool(exists)}}, nil)
	})
}

func kvlookup(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	namespace, err := name(args)
	if err != nil {
		return err
	}
	return watchValues(ctx, call.Host.World, namespace, emit)
}

// watchValues emits the values of a namespace. Changes are merged into the map before, which in a
// large cluster costs much less than sorting all values anew.
func watchValues(ctx context.Context, w world.Exchange, namespace string, emit func(types.Value, error)) error {
	all := types.NewMap(nil)
	return w.WatchValues(ctx, namespace, func(changed map[string]world.Change) {
		all = withChanges(all, changed)
		emit(all, nil)
	})
}

// withChanges returns values by host as they are after some have changed.
func withChanges(all *types.Map, changed map[string]world.Change) *types.Map {
	entries := make([]types.Entry, 0, len(changed))
	for host, c := range changed {
		e := types.Entry{Key: types.Str(host)}
		if c.Exists {
			e.Value = types.Str(c.Value)
		}
		entries = append(entries, e)
	}
	return all.With(entries)
}

func schedule(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	namespace, err := name(args)
	if err != nil {
		return err
	}
	w := call.Host.World
	watch := func(ctx context.Context) error {
		return w.WatchSchedule(ctx, namespace, func(hosts []string) { emit(types.NewStrs(hosts), nil) })
	}
	if len(args) == 1 {
		return watch(ctx)
	}
	opts, err := scheduleOptions(args[1].(*types.Struct))
	if err != nil {
		return err
	}
	return both(ctx, watch, func(ctx context.Context) error { return w.Offer(ctx, namespace, opts) })
}

// both runs two functions until both have ended. The first that fails ends the other,
// and its error is returned.
func both(ctx context.Context, f, g func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := g(ctx); err != nil {
			cancel(err)
		}
	}()
	if err := f(ctx); err != nil {
		cancel(err)
	}
	<-done
	return context.Cause(ctx)
}

// inferSchedule leaves the type of the options open: any of the fields may be there.
func inferSchedule(site funcs.Site) ([]*types.Type, error) {
	namespace := types.Field{Name: "namespace", Type: types.TStr}
	result := types.ListOf(types.TStr)
	switch site.Args {
	case 1:
		return []*types.Type{types.FuncOf([]types.Field{namespace}, result)}, nil
	case 2:
		return []*types.Type{types.FuncOf([]types.Field{namespace, {Name: "opts", Type: types.Var(1)}}, result)}, nil
	}
	return nil, fmt.Errorf("a namespace and perhaps options are wanted, not %d arguments", site.Args)
}

var optionTypes = map[string]*types.Type{
	"strategy": types.TStr, "max": types.TInt, "reuse": types.TBool, "ttl": types.TInt,
}

func checkSchedule(sig *types.Type) error {
	if len(sig.Fields) < 2 {
		return nil
	}
	opts := sig.Fields[1].Type
	if opts.Kind != types.KindStruct {
		return fmt.Errorf("the options are a struct with any of the fields strategy, max, reuse and ttl, not %v", opts)
	}
	for _, f := range opts.Fields {
		want := optionTypes[f.Name]
		if want == nil {
			return fmt.Errorf("there is no option %s, only strategy, max, reuse and ttl", f.Name)
		}
		if !types.Identical(f.Type, want) {
			return fmt.Errorf("option %s has type %v, not %v", f.Name, want, f.Type)
		}
	}
	return nil
}

func scheduleOptions(s *types.Struct) (world.ScheduleOptions, error) {
	var opts world.ScheduleOptions
	for i, name := range s.Names {
		switch v := s.Elems[i]; name {
		case "strategy":
			opts.Strategy = string(v.(types.Str))
		case "max":
			if opts.Max = int(v.(types.Int)); opts.Max < 1 {
				opts.Max = -1 // which is nobody, where 0 is the default
			}
		case "reuse":
			opts.Persist = bool(v.(types.Bool))
		case "ttl":
			opts.TTL = int(v.(types.Int))
		}
	}
	if opts.TTL < 0 {
		return opts, fmt.Errorf("the ttl is %d; it has to be a number of seconds, or 0 for the default", opts.TTL)
	}
	return opts, nil
}
