package lang

import (
	"errors"
	"fmt"
	"slices"

	"mgmt/frontend"
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
	out := frontend.Errors(err)
	for i, err := range out {
		if loop, ok := errors.AsType[*graph.CycleError[resource.Key]](err); ok {
			d := frontend.CycleDiagnostic(loop.Nodes, c.placeOf)
			out[i] = &conflict{compile.Refuse(d.Span, "%s", d.Message), d.Code, d.Related}
		} else if spec, ok := errors.AsType[*resource.SpecError](err); ok {
			if n := c.nodes[spec.Key.ID]; n != nil && len(n.decls) > 0 {
				out[i] = compile.Refuse(n.decls[0].res.Span, "%s: %w", spec.Key, spec.Err)
			}
		}
	}
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
