package resource

import (
	"errors"
	"fmt"
	"reflect"
)

// assign stores x in a field. x is a [Value]'s data or anything that another resource
// sends: sizes of numbers and levels of pointers may differ as long as nothing is lost.
func assign(field reflect.Value, x any) error {
	switch x := x.(type) { // nearly all values, without reflection on x
	case string:
		if field.Kind() == reflect.String {
			field.SetString(x)
			return nil
		}
	case bool:
		if field.Kind() == reflect.Bool {
			field.SetBool(x)
			return nil
		}
	case int64:
		if field.CanInt() && !field.OverflowInt(x) {
			field.SetInt(x)
			return nil
		}
	}
	return assignValue(field, reflect.ValueOf(x))
}

// assignValue is assign for the rest of the values.
func assignValue(field, x reflect.Value) error {
	for x.Kind() == reflect.Interface || x.Kind() == reflect.Pointer && !x.IsNil() {
		x = x.Elem()
	}
	if unset(x) {
		if !optional(field.Type()) {
			return errors.New("no value, and the parameter is not optional")
		}
		field.SetZero()
		return nil
	}
	switch field.Kind() {
	case reflect.Pointer:
		target := reflect.New(field.Type().Elem())
		if err := assignValue(target.Elem(), x); err != nil {
			return err
		}
		field.Set(target)
		return nil
	case reflect.Interface:
		return assignAny(field, x)
	case reflect.Slice, reflect.Array:
		return assignList(field, x)
	case reflect.Map:
		return assignMap(field, x)
	case reflect.Struct:
		return assignStruct(field, x)
	}
	return assignBasic(field, x)
}

func unset(x reflect.Value) bool { return !x.IsValid() || x.Kind() == reflect.Pointer }

func optional(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface
}

// assignBasic stores a bool, string or number.
func assignBasic(field, x reflect.Value) error {
	switch {
	case field.Kind() == reflect.Bool && x.Kind() == reflect.Bool:
		field.SetBool(x.Bool())
	case field.Kind() == reflect.String && x.Kind() == reflect.String:
		field.SetString(x.String())
	case field.CanFloat() && x.CanFloat():
		if field.OverflowFloat(x.Float()) {
			return fmt.Errorf("%v is out of the range of a %s", x.Float(), field.Kind())
		}
		field.SetFloat(x.Float())
	case (field.CanInt() || field.CanUint()) && (x.CanInt() || x.CanUint()):
		return assignInt(field, x)
	default:
		return mismatch(field, x)
	}
	return nil
}

func assignInt(field, x reflect.Value) error {
	fits := false
	switch {
	case field.CanInt() && x.CanInt():
		if fits = !field.OverflowInt(x.Int()); fits {
			field.SetInt(x.Int())
		}
	case field.CanInt():
		u := x.Uint()
		if fits = int64(u) >= 0 && !field.OverflowInt(int64(u)); fits {
			field.SetInt(int64(u))
		}
	case x.CanInt():
		i := x.Int()
		if fits = i >= 0 && !field.OverflowUint(uint64(i)); fits {
			field.SetUint(uint64(i))
		}
	default:
		if fits = !field.OverflowUint(x.Uint()); fits {
			field.SetUint(x.Uint())
		}
	}
	if fits {
		return nil
	}
	low, high := intRange(field.Type())
	return fmt.Errorf("%v is out of range, which is %s to %s", x.Interface(), low, high)
}

// intRange returns the least and the greatest value of an integer type.
func intRange(t reflect.Type) (low, high string) {
	bits := t.Bits()
	if t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uintptr {
		return "0", fmt.Sprint(^uint64(0) >> (64 - bits))
	}
	return fmt.Sprint(int64(-1) << (bits - 1)), fmt.Sprint(int64(^uint64(0) >> (65 - bits)))
}

func assignList(field, x reflect.Value) error {
	if x.Kind() != reflect.Slice && x.Kind() != reflect.Array {
		return mismatch(field, x)
	}
	if field.Kind() == reflect.Array && field.Len() != x.Len() {
		return fmt.Errorf("%d elements, but %d are wanted", x.Len(), field.Len())
	}
	out := reflect.New(field.Type()).Elem()
	if field.Kind() == reflect.Slice {
		out = reflect.MakeSlice(field.Type(), x.Len(), x.Len())
	}
	for i := range x.Len() {
		if err := assignValue(out.Index(i), x.Index(i)); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	field.Set(out)
	return nil
}

func assignMap(field, x reflect.Value) error {
	t := field.Type()
	out := reflect.MakeMap(t)
	put := func(k, v reflect.Value) error {
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if err := assignValue(key, k); err != nil {
			return fmt.Errorf("key %v: %w", k.Interface(), err)
		}
		if err := assignValue(value, v); err != nil {
			return fmt.Errorf("value of %v: %w", k.Interface(), err)
		}
		out.SetMapIndex(key, value)
		return nil
	}
	switch {
	case x.Kind() == reflect.Map:
		for k, v := range x.Seq2() {
			if err := put(k, v); err != nil {
				return err
			}
		}
	case x.Type() == reflect.TypeFor[[][2]any]():
		for _, pair := range x.Interface().([][2]any) {
			if err := put(reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1])); err != nil {
				return err
			}
		}
	case x.Kind() == reflect.Slice && x.Len() == 0: // an empty map of unknown key type
	default:
		return mismatch(field, x)
	}
	field.Set(out)
	return nil
}

// assignStruct takes a map by the names of the tags, or a struct with the same tags.
func assignStruct(field, x reflect.Value) error {
	if field.Type() == x.Type() {
		field.Set(x)
		return nil
	}
	data, err := plain(x)
	if err != nil {
		return err
	}
	members, ok := data.(map[string]any)
	if !ok {
		return mismatch(field, x)
	}
	t := tableFor(field.Type())
	out := reflect.New(field.Type()).Elem()
	for name, v := range members {
		i, ok := t.byName[name]
		if !ok {
			return fmt.Errorf("there is no field %s", name)
		}
		if err := assign(t.field(out, i), v); err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
	}
	for _, p := range t.params {
		if _, ok := members[p.Name]; !ok {
			return fmt.Errorf("field %s is missing", p.Name)
		}
	}
	field.Set(out)
	return nil
}

// assignAny stores the plain form of x, so that it does not matter whether a program
// wrote the value or a resource sent it.
func assignAny(field, x reflect.Value) error {
	data, err := plain(x)
	if err != nil {
		return err
	}
	v := reflect.ValueOf(data)
	if !v.Type().AssignableTo(field.Type()) {
		return mismatch(field, x)
	}
	field.Set(v)
	return nil
}

// mismatch is the error for a value of the wrong type.
func mismatch(field, x reflect.Value) error {
	return fmt.Errorf("is %s, but %s is wanted", describe(x.Type()), describe(field.Type()))
}

// describe names a type as programs do.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "a bool"
	case reflect.String:
		return "a str"
	case reflect.Float32, reflect.Float64:
		return "a float"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map:
		return "a map or struct"
	case reflect.Struct:
		return "a struct"
	case reflect.Func:
		return "a function"
	case reflect.Pointer:
		return describe(t.Elem())
	}
	if k := t.Kind(); k >= reflect.Int && k <= reflect.Uintptr {
		return "an int"
	}
	return t.String()
}
