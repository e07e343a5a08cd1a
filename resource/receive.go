package resource

import (
	"fmt"
	"reflect"
)

// Receive sets the parameter to a value that another resource sent, and reports
// whether it was another value before. An unset value unsets an optional parameter and
// is an error for any other.
func Receive(r Resource, param string, sent any) (changed bool, err error) {
	t := tableOf(r)
	index, ok := t.byName[param]
	if !ok {
		return false, &ParamError{param, t.unknown("the receiver", param)}
	}
	field := t.field(reflect.ValueOf(r).Elem(), index)
	incoming := reflect.New(field.Type()).Elem()
	if err := assign(incoming, sent); err != nil {
		return false, &ParamError{param, fmt.Errorf("received: %w", err)}
	}
	if same(field, incoming) {
		return false, nil
	}
	field.Set(incoming)
	return true, nil
}

// Sent returns the value named output of what a resource sent, a struct or a pointer
// to one. It is nil where the sender left it unset.
func Sent(sends any, output string) (any, error) {
	t := structType(sends)
	if t == nil {
		return nil, fmt.Errorf("it sends nothing")
	}
	table := tableFor(t)
	index, ok := table.byName[output]
	if !ok {
		if near := nearest(output, keys(table)); near != "" {
			return nil, fmt.Errorf("it does not send %s; did you mean %s?", output, near)
		}
		return nil, fmt.Errorf("it does not send %s", output)
	}
	x := reflect.ValueOf(sends)
	for x.Kind() == reflect.Pointer {
		if x.IsNil() {
			return nil, nil
		}
		x = x.Elem()
	}
	return plain(table.field(x, index))
}

// Clone returns a copy of r, made while r has not been opened. Lists and maps in its
// parameters are shared; nobody writes to them.
func Clone(r Resource) Resource {
	from := reflect.ValueOf(r).Elem()
	to := reflect.New(from.Type())
	to.Elem().Set(from)
	return to.Interface().(Resource)
}

// CopyParams sets the parameters of to, which has the same type, to those of from.
func CopyParams(to, from Resource) {
	x, y := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	t := tableFor(x.Type())
	for i := range t.paths {
		t.field(x, i).Set(t.field(y, i))
	}
}
