package engine

import (
	"errors"
	"fmt"

	"mgmt/engine/autoedge"
	"mgmt/resource"
)

// A resource may be a member of another one, its server, and that of a third. Members come
// before their server, which begins with all that it has; and what comes after a member comes
// after the server as well, unless it is a member too, because it is the server that makes the
// member work. Both are automatic edges. Of members there are few, so that a change of the edges
// of one may cost all of them.

// membership is what the loop knows of all members.
type membership struct {
	index autoedge.Index[*vertex] // of members that need a server
	kinds map[string]int          // that have members: how many servers there are
	stand map[ends]int            // how many members a server stands for before another vertex
	moved []*vertex               // members whose edges changed
}

// A role is what a vertex has to do with servers.
type role struct {
	party
	wants   resource.ID // what it is a member of; its Name may be empty
	server  *vertex     // that it is a member of; nil is none
	members map[*vertex]bool
	before  map[*vertex]bool // what a server of it comes before on its account
	stood   *vertex          // that server
	serves  bool             // counted in membership.kinds
	moved   bool             // in membership.moved
}

// maxNesting bounds how deep servers are members of servers.
const maxNesting = 16

// serverKinds finds the kinds that others are members of.
func serverKinds(kinds *resource.Registry) map[string]int {
	found := map[string]int{}
	if kinds == nil {
		return found
	}
	for _, name := range kinds.Names() {
		if m, ok := kinds.Lookup(name).New().(resource.Served); ok {
			kind, _ := m.Server()
			found[kind] = 0
		}
	}
	return found
}

// serves reports whether a resource can have members.
func (e *Engine) serves(spec *resource.Spec) bool {
	_, ok := e.members.kinds[spec.Key.Kind]
	return ok && !spec.Meta.Hidden && spec.Key.Alt == 0
}

// checkServers finds members without a server.
func (t *taking) checkServers() error {
	var errs []error
	check := func(spec *resource.Spec, wants resource.ID) {
		if err := t.checkServer(spec.Key.ID, wants); err != nil {
			errs = append(errs, &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: err})
		}
	}
	for i := range t.asked {
		if spec := t.delta.Set[i]; t.set[spec.Key] == spec && t.asked[i].server.Kind != "" {
			check(spec, t.asked[i].server)
		}
	}
	orphans := func(v *vertex) {
		if v == nil || v.role == nil {
			return
		}
		for m := range v.role.members {
			if t.set[m.key] == nil && !t.remove[m] {
				check(m.spec, m.role.wants)
			}
		}
	}
	for v := range t.remove {
		orphans(v)
	}
	for key, spec := range t.set {
		if !t.engine.serves(spec) {
			orphans(t.engine.vertices[key])
		}
	}
	return errors.Join(errs...)
}

func (t *taking) checkServer(id, wants resource.ID) error {
	if wants.Name == "" {
		if t.servers(wants.Kind) > 0 {
			return nil
		}
		return fmt.Errorf("it belongs to a resource of kind %s, and there is none: declare %s %q {}", wants.Kind, wants.Kind, "NAME")
	}
	if wants == id {
		return errors.New("it cannot belong to itself")
	}
	if spec := t.wanted(resource.Key{ID: wants}); spec != nil && t.engine.serves(spec) {
		return nil
	}
	return fmt.Errorf("it belongs to %s, which is not there: declare %s %q {}, or name another %s", wants, wants.Kind, wants.Name, wants.Kind)
}

// servers returns how many of a kind there will be.
func (t *taking) servers(kind string) int {
	if n, known := t.serverCount[kind]; known {
		return n
	}
	e := t.engine
	n := e.members.kinds[kind]
	counted := func(v *vertex) bool { return v != nil && v.role != nil && v.role.serves && v.key.Kind == kind }
	for v := range t.remove {
		if counted(v) {
			n--
		}
	}
	for key, spec := range t.set {
		if key.Kind != kind {
			continue
		}
		if counted(e.vertices[key]) {
			n--
		}
		if e.serves(spec) {
			n++
		}
	}
	if t.serverCount == nil {
		t.serverCount = map[string]int{}
	}
	t.serverCount[kind] = n
	return n
}

// setRole says whether v can have members and what it is a member of.
func (e *Engine) setRole(v *vertex, serves bool, wants resource.ID) {
	if v.role == nil {
		if !serves && wants.Kind == "" {
			return
		}
		v.role = &role{party: party{Key: v.key, Value: v}}
	}
	r := v.role
	if serves != r.serves {
		r.serves = serves
		if serves {
			e.members.kinds[v.key.Kind]++
		} else {
			e.members.kinds[v.key.Kind]--
		}
	}
	r.wants = wants
	var w autoedge.Wishes
	if serves {
		w.Provides = []resource.UID{anyServer(v.key.Kind), namedServer(v.key.ID)}
	}
	switch {
	case wants.Kind == "":
	case wants.Name == "":
		w.Needs = []resource.Need{{Of: anyServer(wants.Kind), Before: true}}
	default:
		w.Needs = []resource.Need{{Of: namedServer(wants), Before: true}}
	}
	e.members.index.Set(&r.party, w)
}

func anyServer(kind string) resource.UID { return resource.UID{Type: kind} }

func namedServer(id resource.ID) resource.UID {
	return resource.UID{Type: id.Kind, Text: "=" + id.Name}
}

// assign gives members the servers that the index found for them.
func (t *taking) assign() {
	e := t.engine
	added, removed := e.members.index.Changes()
	for _, edge := range removed {
		e.unwish(edge.From.Value, edge.To.Value, serving)
		edge.From.Value.role.server = nil
		delete(edge.To.Value.role.members, edge.From.Value)
	}
	for _, edge := range added {
		e.wish(edge.From.Value, edge.To.Value, serving)
		edge.From.Value.role.server = edge.To.Value
		if edge.To.Value.role.members == nil {
			edge.To.Value.role.members = map[*vertex]bool{}
		}
		edge.To.Value.role.members[edge.From.Value] = true
	}
	cause := &Cause{Kind: Wanted, Move: t.delta.Cause}
	for _, edges := range [][]autoedge.Edge[*vertex]{removed, added} {
		for _, edge := range edges {
			m := edge.From.Value
			e.moved(m)
			e.movedBefore(m, 0)
			if m.inst != nil && m.spec != nil && m.inst.server != m.serverID() {
				e.revive(m, cause)
			}
		}
	}
}

// serverID returns the server of v, if it is a member.
func (v *vertex) serverID() resource.ID {
	if v.role == nil || v.role.server == nil {
		return resource.ID{}
	}
	return v.role.server.key.ID
}

// moved notes that the edges of v, or its server, have changed.
func (e *Engine) moved(v *vertex) {
	if r := v.role; r != nil && !r.moved && (r.server != nil || r.stood != nil) {
		r.moved = true
		e.members.moved = append(e.members.moved, v)
	}
}

// movedBefore does that for the members before v, or before a member of v, when it may have come
// to belong to the same server, or ceased to, or is leaving.
func (e *Engine) movedBefore(v *vertex, depth int) {
	if v.node == nil || depth > maxNesting {
		return
	}
	for _, in := range v.node.In() {
		e.moved(in.From.Value)
	}
	if v.role == nil {
		return
	}
	for m := range v.role.members {
		e.movedBefore(m, depth+1)
	}
}

// standIn has servers stand for their members. What that changes for servers that are members
// themselves follows.
func (e *Engine) standIn() {
	for i := 0; i < len(e.members.moved); i++ {
		m := e.members.moved[i]
		m.role.moved = false
		e.standInFor(m)
		e.connectAuto() // which may move others
	}
	clear(e.members.moved)
	e.members.moved = e.members.moved[:0]
}

func (e *Engine) standInFor(m *vertex) {
	r := m.role
	wanted := map[*vertex]bool{}
	if m.node != nil && r.server != nil {
		for _, out := range m.node.Out() {
			if to := out.To.Value; !to.leaving && !to.within(r.server) {
				wanted[to] = true
			}
		}
	}
	for to := range r.before {
		if r.stood != r.server || !wanted[to] {
			e.standing(r.stood, to, -1)
			delete(r.before, to)
		}
	}
	r.stood = r.server
	if m.node == nil || r.server == nil {
		return
	}
	for _, out := range m.node.Out() { // rather than wanted, for its order
		to := out.To.Value
		if wanted[to] && !r.before[to] {
			if r.before == nil {
				r.before = map[*vertex]bool{}
			}
			r.before[to] = true
			e.standing(r.server, to, 1)
		}
	}
}

// within reports whether v is the server, or belongs to it.
func (v *vertex) within(server *vertex) bool {
	for range maxNesting {
		if v == server {
			return true
		}
		if v.role == nil || v.role.server == nil {
			return false
		}
		v = v.role.server
	}
	return false
}

// standing counts that a server comes before another vertex on account of a member.
func (e *Engine) standing(server, to *vertex, by int) {
	if e.members.stand == nil {
		e.members.stand = map[ends]int{}
	}
	at := ends{server, to}
	before := e.members.stand[at]
	e.members.stand[at] = before + by
	switch {
	case before == 0:
		e.wish(server, to, standing)
	case before+by == 0:
		delete(e.members.stand, at)
		e.unwish(server, to, standing)
	}
}
