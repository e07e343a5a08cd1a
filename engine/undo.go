package engine

import (
	"context"
	"fmt"
	"log/slog"

	"mgmt/engine/reverse"
	"mgmt/graph"
	"mgmt/resource"
)

// Resources with Meta:reverse are undone when they leave the graph. Before the first run of
// such a resource applies anything, a note of its opposite is on the disk, since the same job
// sees to both. When it is removed, its vertex goes on with an undo in place of the resource,
// until that has succeeded, which also removes the note. So if the resource comes back before,
// it simply takes its place again, and the note stays.
//
// What an earlier run of the agent has left is taken up with the first delta. Undoing goes the
// other way round than doing: resources come before those that they came after.

// A trail is what the loop knows of the note of a vertex: that there may be one, and which
// vertices with a note came before.
type trail struct{ after []resource.ID }

// leaveTrail returns the trail of v, which is about to be run and may have to be undone one
// day, or nil.
func (e *Engine) leaveTrail(v *vertex) *trail {
	if v.trail != nil || e.notes == nil || !v.meta.Reverse || v.meta.Noop || v.meta.Hidden {
		return v.trail
	}
	if _, ok := v.spec.Resource.(resource.Reverser); !ok {
		return nil
	}
	v.trail = &trail{}
	for _, in := range v.node.In() {
		if p := in.From.Value; p.trail != nil {
			v.trail.after = append(v.trail.after, p.key.ID)
		}
	}
	return v.trail
}

// takeNote sees to it that there is a note of how to undo the resource, or that there is none
// if that is not wanted any more.
func (j *job) takeNote() error {
	if j.trail == nil || j.noop {
		return nil
	}
	notes, id := j.engine.notes, j.spec.Key.ID
	if _, undoes := j.inst.res.(*undo); undoes {
		return nil
	}
	if !j.spec.Meta.Reverse {
		j.inst.noted = false
		return notes.Drop(id)
	}
	if j.inst.noted {
		return nil
	}
	has, err := notes.Has(id)
	if err == nil && !has {
		err = j.writeNote(id)
	}
	j.inst.noted = err == nil
	return err
}

func (j *job) writeNote(id resource.ID) error {
	opposite, err := j.inst.res.(resource.Reverser).Reversed()
	if err != nil {
		return fmt.Errorf("finding out how to undo it: %w", err)
	}
	n := reverse.Note{Resource: resource.Record{ID: id}, After: j.trail.after, Nothing: opposite == nil, Secret: j.secrets != nil}
	if opposite != nil {
		if n.Resource, err = j.engine.opts.Kinds.Record(id, opposite, undoMeta(j.spec.Meta)); err != nil {
			return fmt.Errorf("finding out how to undo it: %w", err)
		}
	}
	return j.engine.notes.Keep(n)
}

// undoMeta returns the meta parameters with which a resource is undone.
func undoMeta(m resource.Meta) resource.Meta {
	m.Reverse, m.Hidden, m.Noop, m.Realize, m.AutoEdge, m.AutoGroup = false, false, false, false, false, false
	m.Export = nil
	return m
}

// An undo is the resource in the place of one that is to be undone: it becomes what the note
// says, and removes the note when nothing is left to do.
type undo struct {
	notes    *reverse.Store
	kinds    *resource.Registry
	forget   bool // what the note says is not wanted any more
	env      *resource.Env
	opposite resource.Resource // nil if there is nothing to undo
	secret   bool              // what it changes must not be shown
}

func (e *Engine) undoSpec(id resource.ID, meta resource.Meta) *resource.Spec {
	return &resource.Spec{Key: resource.Key{ID: id}, Meta: undoMeta(meta), Resource: &undo{notes: e.notes, kinds: e.opts.Kinds}}
}

// Validate implements resource.Resource.
func (u *undo) Validate() error { return nil }

// Open implements resource.Opener.
func (u *undo) Open(env *resource.Env) error {
	u.env = env
	if u.forget {
		return nil
	}
	n, err := u.notes.Load(env.ID)
	if err != nil || n == nil || n.Nothing {
		return err
	}
	u.secret = n.Secret
	spec, err := u.kinds.Spec(n.Resource)
	if err != nil {
		return err
	}
	if err := spec.Resource.Validate(); err != nil {
		return err
	}
	u.opposite = spec.Resource
	if o, ok := u.opposite.(resource.Opener); ok {
		return o.Open(env)
	}
	return nil
}

// Close implements resource.Opener.
func (u *undo) Close() error {
	if o, ok := u.opposite.(resource.Opener); ok {
		return o.Close()
	}
	return nil
}

// Watch implements resource.Resource.
func (u *undo) Watch(ctx context.Context, wake func()) error {
	switch r := u.opposite.(type) {
	case nil:
		wake()
	case resource.Subscriber:
		cancel, err := r.Subscribe(u.env.Hub, wake)
		if err != nil {
			return err
		}
		defer cancel()
	default:
		return r.Watch(ctx, wake)
	}
	<-ctx.Done()
	return nil
}

// Check implements resource.Resource.
func (u *undo) Check(ctx context.Context) ([]resource.Change, error) {
	if u.opposite != nil {
		changes, err := u.opposite.Check(ctx)
		for i := range changes {
			changes[i].Secret = changes[i].Secret || u.secret
		}
		if err != nil || len(changes) > 0 {
			return changes, err
		}
	}
	return nil, u.notes.Drop(u.env.ID)
}

// Apply implements resource.Resource.
func (u *undo) Apply(ctx context.Context, changes []resource.Change) error {
	if err := u.opposite.Apply(ctx, changes); err != nil {
		return err
	}
	return u.notes.Drop(u.env.ID)
}

// undoing reports whether v is there to be undone.
func (v *vertex) undoing() bool {
	if v.spec == nil {
		return false
	}
	_, ok := v.spec.Resource.(*undo)
	return ok
}

// undo has v, which is not wanted any more and has no edges, go on with an undo if it has a
// note. It reports whether it does.
func (e *Engine) undo(v *vertex, cause *Cause) bool {
	if v.trail == nil {
		return false
	}
	spec := e.undoSpec(v.key.ID, v.spec.Meta)
	spec.Resource.(*undo).forget = !v.spec.Meta.Reverse
	e.undos[v] = true
	e.adopt(v, spec, cause)
	return true
}

// lookBack reads what an earlier run of the agent noted. It runs beside the loop.
func (e *Engine) lookBack() {
	if e.notes == nil {
		return
	}
	left, err := e.notes.All()
	if err != nil {
		e.opts.Log.Warn("not everything of an earlier run can be undone", slog.Any("error", err))
	}
	e.box.call(func() { e.left = left })
}

// recall makes what an earlier run of the agent noted known to the graph, once.
func (e *Engine) recall() {
	left := e.left
	e.left = nil
	for _, n := range left {
		id := n.Resource.ID
		v := e.vertices[resource.Key{ID: id}]
		if v != nil && v.spec != nil {
			v.trail = &trail{after: n.After}
			continue
		}
		if !n.Nothing && e.opts.Kinds.Lookup(id.Kind) == nil {
			e.opts.Log.Warn("a resource cannot be undone, as this agent does not know its kind", slog.String("resource", id.String()))
			continue
		}
		e.undoLeft(id, n)
	}
}

// undoLeft undoes a resource of an earlier run that the graph does not have any more.
func (e *Engine) undoLeft(id resource.ID, n reverse.Note) {
	meta := resource.DefaultMeta()
	for _, m := range n.Resource.Meta {
		if err := meta.Set(m.Name, m.Value); err != nil {
			e.opts.Log.Warn("a meta parameter of a resource that is undone is left out", slog.String("resource", id.String()), slog.Any("error", err))
		}
	}
	key := resource.Key{ID: id}
	v := e.vertices[key]
	if v == nil {
		v = &vertex{key: key}
		e.vertices[key] = v
	}
	v.node = e.graph.Add(v)
	v.trail = &trail{after: n.After}
	e.undos[v] = true
	e.adopt(v, e.undoSpec(id, meta), &Cause{Kind: Unwanted})
}

// orderUndos puts edges between the vertices that are to be undone.
func (e *Engine) orderUndos() {
	var links []graph.Link[*vertex, *link]
	for v := range e.undos {
		if v.trail == nil {
			continue // its note goes in any case
		}
		for _, id := range v.trail.after {
			if p := e.vertices[resource.Key{ID: id}]; p != nil && p.undoing() && e.graph.Find(v.node, p.node) == nil {
				links = append(links, graph.Link[*vertex, *link]{From: v.node, To: p.node, Value: &link{undo: true}})
			}
		}
	}
	made, err := e.graph.Connect(links)
	if err != nil { // the notes are of different times
		for i := range links {
			one, err := e.graph.Connect(links[i : i+1])
			if err == nil {
				made = append(made, one...)
			}
		}
	}
	for _, edge := range made {
		e.count(edge, 1)
	}
}

// undone takes v, whose undo has succeeded, out of the graph.
func (e *Engine) undone(v *vertex) {
	e.disconnectAll(v)
	e.graph.Remove(v.node)
	e.dismiss(v)
	delete(e.undos, v)
}
