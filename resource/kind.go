package resource

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// A Kind describes all resources of one kind.
type Kind struct {
	Name string // as a program writes it: "file", "http:server"
	Doc  string // a few sentences for people who write programs
	// New returns a resource with the defaults of its parameters: a pointer to a
	// struct. It does nothing beyond that.
	New func() Resource
	// Blocking says that checking or applying waits for something outside of this
	// process, such as a command; it then does not take the place of quick work.
	Blocking bool
	// Acts says that a resource does something at each event, rather than keep something
	// so. That it does so again and again is no sign that somebody changes it back.
	Acts bool
	// Publishes says that others can read the parameters, which therefore may not be secret.
	Publishes bool
}

// A Param is a parameter of a kind, or a value that a kind sends.
type Param struct {
	Name string
	Doc  string
	Type reflect.Type // of the field; a pointer where the parameter is optional
	// Secret parameters, whose fields have the tag secret:"true", are those whose values are
	// never shown or written.
	Secret bool
}

// Params are the parameters in the order of the struct's fields. The list is shared;
// do not write to it. Those that only the agent itself gives are not among them.
func (k *Kind) Params() []Param { return tableOf(k.New()).public }

// Sends are the values that resources of this kind send, or nil if they send none.
func (k *Kind) Sends() []Param {
	s, ok := k.New().(Sender)
	if !ok {
		return nil
	}
	t := structType(s.Sends())
	if t == nil {
		return nil
	}
	return tableFor(t).params
}

// A Value is what a program gives a parameter, as plain Go data: bool, string, int64,
// float64, []any, map[string]any for a map with string keys or a struct, and [][2]any,
// pairs of key and value, for any other map.
type Value struct {
	Name  string
	Value any
}

// A ParamError says what is wrong with the value of a parameter.
type ParamError struct {
	Param string
	Err   error
}

func (e *ParamError) Error() string { return e.Param + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ParamError) Unwrap() error { return e.Err }

// Decode makes a resource of that name with the values. It reports everything that is
// wrong with them: each error inside is a [ParamError]. The cost for plain values is a
// map look-up and a store each.
func (k *Kind) Decode(name string, values []Value) (Resource, error) {
	r := k.New()
	fields := reflect.ValueOf(r).Elem()
	table := tableOf(r)
	var errs []error
	for _, v := range values {
		index, ok := table.byName[v.Name]
		if !ok {
			errs = append(errs, &ParamError{v.Name, table.unknown(k.Name, v.Name)})
			continue
		}
		if err := assign(table.field(fields, index), v.Value); err != nil {
			errs = append(errs, &ParamError{v.Name, err})
		}
	}
	switch len(errs) {
	case 0:
	case 1:
		return nil, errs[0]
	default:
		return nil, errors.Join(errs...)
	}
	if n, ok := r.(Named); ok {
		n.SetName(name)
	}
	return r, nil
}

func (t *table) unknown(kind, name string) error {
	if near := nearest(name, keys(t)); near != "" {
		return fmt.Errorf("%s has no such parameter; did you mean %s?", kind, near)
	}
	return fmt.Errorf("%s has no such parameter", kind)
}

// A Registry is the set of kinds that an agent knows.
type Registry struct {
	kinds map[string]*Kind
}

// NewRegistry returns a registry of the kinds. Two kinds of one name are a mistake of
// the program that lists them, for which it panics.
func NewRegistry(kinds ...*Kind) *Registry {
	r := &Registry{kinds: make(map[string]*Kind, len(kinds))}
	for _, k := range kinds {
		if r.kinds[k.Name] != nil {
			panic("resource: two kinds are named " + k.Name)
		}
		r.kinds[k.Name] = k
	}
	return r
}

// Lookup returns the kind of that name, or nil.
func (r *Registry) Lookup(name string) *Kind { return r.kinds[name] }

// Names are the names of all kinds, sorted.
func (r *Registry) Names() []string { return slices.Sorted(maps.Keys(r.kinds)) }
