package engine

import (
	"errors"
	"fmt"
	"slices"

	"mgmt/resource"
)

// validate checks each resource of the delta by itself. It runs beside the loop.
func (e *Engine) validate(d resource.Delta) error {
	var errs []error
	for _, spec := range d.Set {
		if err := e.validateSpec(spec); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (e *Engine) validateSpec(spec *resource.Spec) error {
	if e.opts.Kinds != nil && e.opts.Kinds.Lookup(spec.Key.Kind) == nil {
		return &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: errors.New("there is no such kind")}
	}
	err := guard(spec.Validate)
	if p, panicked := err.(*PanicError); panicked {
		err = &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: p}
	}
	return err
}

// take changes the graph, or returns an error and leaves it as it was.
func (e *Engine) take(d resource.Delta, asked []asked) error {
	if e.stopping {
		return ErrStopped
	}
	t := &taking{engine: e, delta: d, asked: asked, set: make(map[resource.Key]*resource.Spec, len(d.Set))}
	for _, spec := range d.Set {
		t.set[spec.Key] = spec
	}
	if err := t.check(); err != nil {
		return err
	}
	if err := t.reshape(); err != nil {
		return err
	}
	t.commit()
	t.automatic()
	e.converge.loaded = true
	return nil
}

// A taking is one delta on its way into the graph: check looks at what it says,
// reshape changes the graph and can still take that back, commit cannot fail.
type taking struct {
	engine  *Engine
	delta   resource.Delta
	asked   []asked // by delta.Set; nil is nothing
	set     map[resource.Key]*resource.Spec
	remove  map[*vertex]bool
	leaving map[*vertex]bool // to be removed, but not yet
	added   []*vertex        // with a node that reshape made
	undo    []func()
	sources map[*edge]bool // edges that may have lost their reason

	serverCount map[string]int // that there will be, by kind
}

// wanted returns what the graph will hold for the key, or nil.
func (t *taking) wanted(key resource.Key) *resource.Spec {
	if spec := t.set[key]; spec != nil {
		return spec
	}
	if v := t.engine.vertices[key]; v != nil && !t.remove[v] && !t.leaving[v] && !v.leaving && !v.undoing() {
		return v.spec
	}
	return nil
}

// check finds edges to nothing and values that nobody sends.
func (t *taking) check() error {
	t.remove = make(map[*vertex]bool, len(t.delta.Remove))
	for _, key := range t.delta.Remove {
		if v := t.engine.vertices[key]; v != nil && v.spec != nil && !v.leaving && !v.undoing() && t.set[key] == nil {
			t.remove[v] = true
		}
	}
	var errs []error
	for _, edge := range t.delta.SetEdges {
		if err := t.checkEdge(edge); err != nil {
			errs = append(errs, err)
		}
	}
	for _, spec := range t.delta.Set {
		for _, r := range spec.Recv {
			if err := t.checkRecv(spec, r); err != nil {
				errs = append(errs, &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: err})
			}
		}
	}
	for v := range t.remove {
		for _, out := range v.node.Out() {
			child := out.To.Value
			if out.Value.recvs > 0 && !t.remove[child] && !child.leaving && t.set[child.key] == nil {
				errs = append(errs, &resource.SpecError{Key: child.key, Pos: child.pos(),
					Err: fmt.Errorf("it receives from %s, which is to be removed", v.key)})
			}
		}
	}
	errs = append(errs, t.checkServers())
	return errors.Join(errs...)
}

func (t *taking) checkEdge(edge resource.Edge) error {
	from, to := t.wanted(edge.From), t.wanted(edge.To)
	switch {
	case from == nil && to == nil:
		return fmt.Errorf("edge from %s to %s: neither is in the graph", edge.From, edge.To)
	case from == nil:
		return &resource.SpecError{Key: edge.To, Pos: to.Pos, Err: fmt.Errorf("edge from %s: that is not in the graph", edge.From)}
	case to == nil:
		return &resource.SpecError{Key: edge.From, Pos: from.Pos, Err: fmt.Errorf("edge to %s: that is not in the graph", edge.To)}
	}
	return nil
}

func (t *taking) checkRecv(spec *resource.Spec, r resource.Recv) error {
	fail := func(format string, args ...any) error {
		return &resource.ParamError{Param: r.Param, Err: fmt.Errorf(format, args...)}
	}
	sender := t.wanted(resource.Key{ID: r.From})
	if sender == nil {
		return fail("it receives from %s, which is not in the graph", r.From)
	}
	if sender.Meta.Hidden {
		return fail("it receives from %s, which is hidden and never sends", r.From)
	}
	if _, ok := sender.Resource.(resource.Sender); !ok {
		return fail("it receives from %s, which does not send anything", r.From)
	}
	kinds := t.engine.opts.Kinds
	if kinds == nil {
		return nil
	}
	if kind := kinds.Lookup(r.From.Kind); kind != nil && !has(kind.Sends(), r.Output) {
		return fail("%s does not send %s", r.From, r.Output)
	}
	if kind := kinds.Lookup(spec.Key.Kind); kind != nil && !has(kind.Params(), r.Param) {
		return fail("%s has no such parameter", spec.Key.Kind)
	}
	return nil
}

func has(params []resource.Param, name string) bool {
	return slices.ContainsFunc(params, func(p resource.Param) bool { return p.Name == name })
}
