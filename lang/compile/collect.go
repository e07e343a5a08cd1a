package compile

import (
	"context"
	"errors"
	"slices"

	"mgmt/lang/flow"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
	"mgmt/world"
)

// exported returns the term of what a collect statement can choose from: the exports that the
// name selects, as a list of structs.
func (c *compiler) exported(s *syntax.Resource, name *term) *term {
	kind, host := s.Kind.Text, c.host
	return nodeTerm(c.graph.Source([]*flow.Node{c.nodeOf(name)}, flow.SourceOptions{
		Label: "collect " + kind + " at " + c.prog.Files.Position(s.Kind.Span.Start).String(),
		Run: func(ctx context.Context, args []types.Value, emit func(types.Value, error)) error {
			if host == nil || host.World == nil {
				return locate(errors.New("there is nothing to collect from"), s.Kind.Span)
			}
			chosen := choiceOf(args[0])
			err := host.World.WatchExports(ctx, kind, func(list []world.Export) {
				emit(exportList(slices.DeleteFunc(list, func(e world.Export) bool { return !chosen.has(e) })), nil)
			})
			if err != nil && ctx.Err() == nil {
				return locate(err, s.Kind.Span)
			}
			return err
		},
	}))
}

// A choice has the names that are collected: from any host, or from certain ones.
type choice struct {
	names map[string]bool
	pairs map[[2]string]bool // of name and host
}

func (c choice) has(e world.Export) bool {
	return c.names[e.Name] || c.pairs[[2]string{e.Name, e.From}]
}

func choiceOf(v types.Value) choice {
	c := choice{map[string]bool{}, map[[2]string]bool{}}
	for _, name := range nameList(v) {
		c.names[name] = true
	}
	if list, ok := v.(*types.List); ok {
		for _, e := range list.Elems {
			if pair, ok := e.(*types.Struct); ok {
				c.pairs[[2]string{text(pair, "name"), text(pair, "host")}] = true
			}
		}
	}
	return c
}

// text returns the string in a field of a struct.
func text(s *types.Struct, field string) string {
	i := slices.Index(s.Names, field)
	if i < 0 {
		return ""
	}
	v, _ := s.Elems[i].(types.Str)
	return string(v)
}

var exportNames = []string{"name", "host", "data"}

func exportList(list []world.Export) types.Value {
	elems := make([]types.Value, len(list))
	for i, e := range list {
		elems[i] = &types.Struct{Names: exportNames, Elems: []types.Value{types.Str(e.Name), types.Str(e.From), types.Str(e.Data)}}
	}
	return &types.List{Elems: elems}
}

// A collected resource is one that a host exported.
type collected struct{ name, host, data string }

// choose evaluates what there is to collect.
func choose(s *syntax.Resource, name types.Value, exported *term) ([]collected, error) {
	if err := checkPairs(name, s.Name.Span()); err != nil {
		return nil, err
	}
	r := exported.code(nil)
	if r.Err() != nil {
		return nil, locate(r.Err(), s.Name.Span())
	}
	list := r.Value.(*types.List)
	out := make([]collected, len(list.Elems))
	for i, e := range list.Elems {
		export := e.(*types.Struct)
		out[i] = collected{text(export, "name"), text(export, "host"), text(export, "data")}
	}
	return out, nil
}

// namesOf lists the names, each once. They come in order.
func namesOf(list []collected) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.name)
	}
	return slices.Compact(out)
}

// collect declares what is collected, with what the body of the statement says.
func collect(body Resource, list []collected) []Resource {
	out := make([]Resource, len(list))
	for i, c := range list {
		out[i] = body
		out[i].Name, out[i].From, out[i].Data = c.name, c.host, c.data
	}
	return out
}

// checkPairs refuses pairs of name and host that can match nothing.
func checkPairs(v types.Value, span syntax.Span) error {
	list, ok := v.(*types.List)
	if !ok {
		return nil
	}
	for _, e := range list.Elems {
		pair, ok := e.(*types.Struct)
		if !ok {
			return nil
		}
		for i, name := range pair.Names {
			if x := pair.Elems[i].String(); x == "" || name == "host" && x == "*" {
				return Refuse(span, "a resource is collected by a name and the host that exported it, and %s is %q", name, x)
			}
		}
	}
	return nil
}
