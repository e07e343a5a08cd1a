package resource

import "reflect"

// Given returns the parameters of r that are not what they are by default, in the order of
// the kind. Their values are plain data, as [Kind.Decode] takes them.
func (k *Kind) Given(r Resource) ([]Value, error) { return given(r, k.New()) }

// Given returns the meta parameters that are not what they are by default.
func (m Meta) Given() ([]Value, error) {
	usual := DefaultMeta()
	return given(&m, &usual)
}

// given compares two structs of one type by their tagged fields.
func given(have, usual any) ([]Value, error) {
	h, u := reflect.ValueOf(have).Elem(), reflect.ValueOf(usual).Elem()
	t := tableFor(h.Type())
	var out []Value
	for i, p := range t.params {
		field := t.field(h, i)
		if reflect.DeepEqual(field.Interface(), t.field(u, i).Interface()) {
			continue
		}
		v, err := plain(field)
		if err != nil {
			return nil, &ParamError{Param: p.Name, Err: err}
		}
		out = append(out, Value{p.Name, v})
	}
	return out, nil
}
