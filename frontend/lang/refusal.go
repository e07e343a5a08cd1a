package lang

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mgmt/graph"
	"mgmt/lang/compile"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// A conflict is an error in which several places take part.
type conflict struct {
	error
	code    syntax.Code
	related []syntax.Related
}

func (c *conflict) Unwrap() error { return c.error }

// A dangling is an error about an edge to a resource that is not declared.
type dangling struct {
	error
	id resource.ID
}

func (d *dangling) Unwrap() error { return d.error }

// maxSuggested is how many errors get a suggestion: each looks at all resources.
const maxSuggested = 20

// suggest adds to an error about an undeclared resource what may have been meant: a declared
// one of the same kind.
func (c *collector) suggest(err error) error {
	var d *dangling
	if !errors.As(err, &d) {
		return err
	}
	var names []string
	for id, n := range c.nodes {
		if id.Kind == d.id.Kind && len(n.decls) > 0 {
			names = append(names, id.Name)
		}
	}
	slices.Sort(names)
	if s := syntax.Suggest(d.id.Name, names); s != "" {
		return fmt.Errorf("%w; did you mean %s?", err, resource.ID{Kind: d.id.Kind, Name: s})
	}
	return err
}

// locate says where in the program the reasons stand for which a graph was refused.
func (c *collector) locate(err error) []error {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, err := range list.Unwrap() {
			out = append(out, c.locate(err)...)
		}
		return out
	}
	var loop *graph.CycleError[resource.Key]
	var spec *resource.SpecError
	switch {
	case errors.As(err, &loop):
		return []error{c.locateCycle(loop.Nodes)}
	case errors.As(err, &spec):
		if n := c.nodes[spec.Key.ID]; n != nil && len(n.decls) > 0 {
			return []error{compile.Refuse(n.decls[0].res.Span, "%s: %w", spec.Key, spec.Err)}
		}
	}
	return []error{err}
}

// maxSteps bounds how many edges of a cycle are shown.
const maxSteps = 10

// locateCycle shows each edge of a cycle. It begins with the one that comes first in the
// program.
func (c *collector) locateCycle(keys []resource.Key) error {
	spans := make([]syntax.Span, len(keys))
	for i, k := range keys {
		spans[i] = c.placeOf(resource.Edge{From: k, To: keys[(i+1)%len(keys)]})
	}
	first := 0
	for i, s := range spans {
		if s.Start < spans[first].Start {
			first = i
		}
	}
	keys = slices.Concat(keys[first:], keys[:first])
	spans = slices.Concat(spans[first:], spans[:first])
	out := &conflict{code: "edge-cycle"}
	var names []string
	for i, k := range keys {
		if names = append(names, k.String()); i == maxSteps {
			names[i] = fmt.Sprintf("… %d more …", len(keys)-maxSteps)
			break
		}
		if i > 0 {
			next := keys[(i+1)%len(keys)]
			out.related = append(out.related, syntax.Related{Span: spans[i], Message: k.String() + " → " + next.String()})
		}
	}
	names = append(names, keys[0].String())
	out.error = compile.Refuse(spans[0], "the edges make a cycle: %s", strings.Join(names, " → "))
	return out
}

// diagnose makes diagnostics of errors of the running program.
func diagnose(errs []error) syntax.Diagnostics {
	var out syntax.Reports
	for _, err := range errs {
		var span syntax.Span
		if e, ok := errors.AsType[*compile.Error](err); ok {
			span = e.Span
		}
		var code syntax.Code
		var related []syntax.Related
		out.Phase, code, related = classify(err)
		out.Add(code, span, "%s", err).Related = related
	}
	return out.Diagnostics()
}

// classify tells mistakes in what a program declares from those in how it computes that.
func classify(err error) (syntax.Phase, syntax.Code, []syntax.Related) {
	c, conflicting := errors.AsType[*conflict](err)
	_, placed := errors.AsType[*compile.Error](err)
	_, refused := errors.AsType[*compile.Refusal](err)
	switch {
	case conflicting:
		return syntax.PhaseInterpret, c.code, c.related
	case errors.Is(err, compile.ErrPanic):
		return syntax.PhaseStream, "panic", nil
	case placed && !refused:
		return syntax.PhaseStream, "uncaught-error", nil
	}
	return syntax.PhaseInterpret, "refused-resource", nil
}
