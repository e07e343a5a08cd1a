// Package resource says what a resource is.
//
// A [Resource] is one unit of desired state: a file, a command, a service. Its
// [Kind] is a struct type whose exported fields, tagged `mgmt:"name"`, are its
// parameters. A resource implements four methods; what it can do beyond that are
// one-method interfaces that the engine asks for: [Opener], [Subscriber],
// [Updater], [Refresher], [Sender], [Reverser].
//
// [Change] is one difference between the machine and the desired state. Check
// returns changes as data and Apply removes them, so a plan, a dry run, a log line
// and a drift report all show the same.
//
// A [Spec] is a resource as a program wants it, with its [Meta] parameters and what
// it receives; a [Delta] is how a front end tells the engine what to add, replace
// and remove.
package resource

import (
	"cmp"
	"context"
	"log/slog"
	"strconv"
	"strings"

	"mgmt/local"
	"mgmt/watch"
	"mgmt/world"
)

// Resource is one unit of desired state. The engine never calls two of its methods
// at once, except that Watch runs beside the others.
type Resource interface {
	// Validate checks the parameters. It does not touch the system. What is wrong only
	// with the agent that asks is an [AgentError].
	Validate() error
	// Watch calls wake once it is listening, and again after every event that may
	// have moved the system off the desired state, until ctx ends. It then returns
	// nil or ctx.Err().
	Watch(ctx context.Context, wake func()) error
	// Check reports what differs from the desired state; nothing when it holds.
	Check(ctx context.Context) ([]Change, error)
	// Apply removes the differences that Check found.
	Apply(ctx context.Context, changes []Change) error
}

// An Opener is told about the agent before anything else is asked of it, and told
// when it is done.
type Opener interface {
	Open(env *Env) error
	Close() error
}

// A Subscriber gets its events from the shared hub instead of a blocking Watch, so
// that a resource costs no goroutine. wake may be called from any goroutine and
// does not block. Subscribe calls wake once it is listening.
type Subscriber interface {
	Subscribe(hub *watch.Hub, wake func()) (cancel func(), err error)
}

// An Updater can take new parameters while it is watched. Update reports whether
// it did; if not, the resource is replaced. next has the same type.
type Updater interface {
	Update(next Resource) bool
}

// A Refresher reacts to a notification of another resource. Refresh is called after
// a check (and apply) that went well; it counts as work.
type Refresher interface {
	Refresh(ctx context.Context) error
}

// A Sender has values for other resources: a struct whose fields are tagged like
// parameters. A nil pointer field is unset. It is asked after every check or apply
// that went well.
type Sender interface {
	Sends() any
}

// A Receiver is told before each check in which of its parameters values of other resources
// arrive.
type Receiver interface {
	Receives(params []string)
}

// An Interrupter can cut short what it is doing harder than the end of a context
// does. Interrupt is called at most once, beside the other methods, and does not block.
type Interrupter interface {
	Interrupt()
}

// A Comparer decides itself whether it is interchangeable with other, which is of
// the same kind and name. Without it all parameters are compared.
type Comparer interface {
	Equal(other Resource) bool
}

// A Merger can be merged with another declaration of the same kind and name that is
// not equal but compatible.
type Merger interface {
	Merge(other Resource) (Resource, error)
}

// A Reverser knows its opposite: a resource of the same kind, not opened, which brings back
// what there was before this one had ever been applied. It is asked before that, after a
// check that went well. A parameter that only the opposite needs has a name that begins with _,
// and programs cannot give it. nil means that there is nothing to undo.
type Reverser interface {
	Reversed() (Resource, error)
}

// Env is the agent that a resource lives in.
type Env struct {
	ID       ID
	Hostname string
	World    world.World
	Local    *local.Store
	Hub      *watch.Hub
	Log      *slog.Logger
	// StateDir returns a directory of this resource alone, which survives restarts;
	// it is made on the first call.
	StateDir func() (string, error)
	// Server is what a [Served] resource belongs to.
	Server ID
	// Exit asks the agent to shut down in order with the status.
	Exit func(status int)
	// Shared returns the value that all resources of the agent share under key,
	// made by the first one that asks.
	Shared func(key any, make func() any) any
}

// An ID names a resource: there is one of each kind and name.
type ID struct{ Kind, Name string }

// String prints kind[name].
func (id ID) String() string { return id.Kind + "[" + id.Name + "]" }

// A Change is one difference between the system and the desired state of a resource.
type Change struct {
	Param    string        // the parameter that does not hold, such as "mode"
	Old, New string        // present and desired value, or empty where Note says it better
	Note     string        // in place of Old and New: "2 lines differ", "created"
	Diff     func() string // unified diff, or nil
	Secret   bool          // values must not be shown
}

// String says the change in a few words: "mode: 0644 → 0600".
func (c Change) String() string {
	switch {
	case c.Secret:
		return c.Param + ": changed (secret)"
	case c.Note != "":
		return c.Param + ": " + c.Note
	case c.Old == "":
		return c.Param + ": " + c.New
	}
	return c.Param + ": " + c.Old + " → " + c.New
}

// A Key names a vertex. Alt is 0 for the one normal resource of an ID, and counts
// hidden ones from 1.
type Key struct {
	ID
	Alt int
}

// String prints kind[name], and kind[name]#1 for the first hidden one.
func (k Key) String() string {
	if k.Alt == 0 {
		return k.ID.String()
	}
	return k.ID.String() + "#" + strconv.Itoa(k.Alt)
}

// Compare orders keys by kind, name and Alt.
func (k Key) Compare(other Key) int {
	return cmp.Or(strings.Compare(k.Kind, other.Kind), strings.Compare(k.Name, other.Name), cmp.Compare(k.Alt, other.Alt))
}

// A Spec is a resource as a program wants it.
type Spec struct {
	Key      Key
	Resource Resource
	Meta     Meta
	Recv     []Recv
	Secrets  *Secrets // what must not be shown of it
	Pos      string   // file:line:column of the statement, or empty
}

// A Recv wires a parameter to a value that another resource sends.
type Recv struct {
	Param  string // parameter of the receiver
	From   ID     // sender
	Output string // key of the sender
}

// An Edge says that From comes before To.
type Edge struct {
	From, To Key
	Notify   bool // work done by From refreshes To
	Auto     bool // made by the engine rather than by the program
}

// A Delta is a change of the desired graph. It is applied as a whole or refused as a
// whole.
type Delta struct {
	Set         []*Spec // added, or put in place of the one with the same key
	Remove      []Key
	SetEdges    []Edge // added, or put in place of the one with the same ends
	RemoveEdges []Edge // From and To count

	Cause  *Move         // why, or nil
	Causes map[Key]*Move // of those in Set that have another one than Cause
}

// A Move is why a program wants something else than before: what it reads had another
// value, or it was loaded.
type Move struct {
	What     string // "datetime.now() at site.mcl:3:6", "the program was loaded"
	Old, New string // short forms of the values, if What has some
}

// String says the move in one line.
func (m *Move) String() string {
	if m.Old == "" && m.New == "" {
		return m.What
	}
	return m.What + ": " + m.Old + " → " + m.New
}
