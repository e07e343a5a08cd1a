package resource

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// plain returns x as the data of a [Value].
func plain(x reflect.Value) (any, error) {
	switch x.Kind() {
	case reflect.Invalid:
		return nil, nil
	case reflect.Bool:
		return x.Bool(), nil
	case reflect.String:
		return x.String(), nil
	case reflect.Float32, reflect.Float64:
		return x.Float(), nil
	case reflect.Interface, reflect.Pointer:
		return plain(x.Elem())
	case reflect.Slice, reflect.Array:
		return plainList(x)
	case reflect.Map:
		return plainMap(x)
	case reflect.Struct:
		return plainStruct(x)
	}
	switch {
	case x.CanInt():
		return x.Int(), nil
	case x.CanUint():
		if u := x.Uint(); int64(u) >= 0 {
			return int64(u), nil
		}
		return nil, fmt.Errorf("%d is out of the range of an int", x.Uint())
	}
	return nil, errors.New(describe(x.Type()) + " cannot be stored")
}

func plainList(x reflect.Value) (any, error) {
	if pairs, ok := x.Interface().([][2]any); ok {
		return pairs, nil
	}
	out := make([]any, x.Len())
	var err error
	for i := range out {
		if out[i], err = plain(x.Index(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func plainMap(x reflect.Value) (any, error) {
	if x.Type().Key().Kind() == reflect.String {
		out := make(map[string]any, x.Len())
		var err error
		for k, v := range x.Seq2() {
			if out[k.String()], err = plain(v); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	out := make([][2]any, 0, x.Len())
	for k, v := range x.Seq2() {
		key, err := plain(k)
		if err != nil {
			return nil, err
		}
		value, err := plain(v)
		if err != nil {
			return nil, err
		}
		out = append(out, [2]any{key, value})
	}
	slices.SortFunc(out, func(a, b [2]any) int {
		return strings.Compare(fmt.Sprint(a[0]), fmt.Sprint(b[0]))
	})
	return out, nil
}

// plainStruct takes the tagged fields. A struct without any is not data.
func plainStruct(x reflect.Value) (any, error) {
	t := tableFor(x.Type())
	if len(t.params) == 0 {
		return nil, errors.New("a " + x.Type().String() + " cannot be stored")
	}
	out := make(map[string]any, len(t.params))
	var err error
	for i, p := range t.params {
		if out[p.Name], err = plain(t.field(x, i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}
