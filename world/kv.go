package world

import "context"

// A KV is the store below a world, with keys and values of any meaning. It holds what agents
// share that programs do not see, such as deploys. Keys begin with a slash.
type KV interface {
	// Get returns the values of those keys that exist.
	Get(ctx context.Context, keys ...string) (map[string]string, error)
	// Missing returns those keys that do not exist, in their order.
	Missing(ctx context.Context, keys ...string) ([]string, error)
	// List returns all that is below a prefix, by full key.
	List(ctx context.Context, prefix string) (map[string]string, error)
	// Commit carries out a transaction as a whole if its conditions hold, and reports whether
	// they did. After an error it is unknown whether it was carried out.
	Commit(ctx context.Context, t Txn) (done bool, err error)
	// Follow calls changed with everything that is below a prefix, at once even if that is
	// nothing, and then with each change, until ctx ends. It returns ctx.Err(). All calls come
	// from one goroutine, and the map is the receiver's. A key that changes several times between
	// two calls is reported once, with its latest value.
	Follow(ctx context.Context, prefix string, changed func(map[string]Change)) error
	// Hold puts a key that is removed when this agent goes, and waits until the store has it.
	Hold(ctx context.Context, key, value string) error
}

// Ailing is implemented by a KV that can say what keeps it from taking writes.
type Ailing interface {
	// Ails returns nil if nothing does, or err if that is not known.
	Ails(ctx context.Context) (what, err error)
}

// Keyed is implemented by worlds that have a KV.
type Keyed interface{ KV() KV }

// A Change is what a key has become.
type Change struct {
	Value  string
	Exists bool
}

// Apply makes changes to the values that were known before.
func Apply(all map[string]string, changed map[string]Change) {
	for key, c := range changed {
		if c.Exists {
			all[key] = c.Value
		} else {
			delete(all, key)
		}
	}
}

// A Txn is a transaction. It may touch up to about 100 keys and hold about a MiB of values.
type Txn struct {
	If     []Condition
	Put    map[string]string
	Delete []string // no key that is put
	// Mark is a key of Put whose value no other transaction has, nor will have. By that a transaction
	// is recognized whose answer was lost: so it is carried out once, however often it has to be sent.
	// Empty is none.
	Mark string
}

// A Condition is what a key has to be: to have a value, or to exist or not with any.
type Condition struct {
	Key    string
	Value  *string // nil is any
	Absent bool
}

// Exists is the condition that there is a key.
func Exists(key string) Condition { return Condition{Key: key} }

// Absent is the condition that there is no such key.
func Absent(key string) Condition { return Condition{Key: key, Absent: true} }

// Equals is the condition that a key has a value.
func Equals(key, value string) Condition { return Condition{Key: key, Value: &value} }

// Holds reports whether the condition is met by a key as it is.
func (c Condition) Holds(value string, exists bool) bool {
	return exists != c.Absent && (c.Value == nil || exists && *c.Value == value)
}
