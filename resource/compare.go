package resource

import "reflect"

// Equal reports whether b can stand in for a without anybody noticing. Both are of
// the same kind and name.
func Equal(a, b Resource) bool {
	if a == b {
		return true
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	if c, ok := a.(Comparer); ok {
		return c.Equal(b)
	}
	return EqualParams(a, b)
}

// EqualParams compares all parameters of two resources of one type. It is what Equal does
// for those that have no opinion of their own.
func EqualParams(a, b Resource) bool {
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	t := tableFor(x.Type())
	for i := range t.paths {
		if !same(t.field(x, i), t.field(y, i)) {
			return false
		}
	}
	return true
}

// same compares two values of one type: pointers by what they point to, and empty
// lists and maps as equal to missing ones.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Bool:
		return a.Bool() == b.Bool()
	case reflect.String:
		return a.String() == b.String()
	case reflect.Float32, reflect.Float64:
		x, y := a.Float(), b.Float()
		return x == y || x != x && y != y
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		a, b = a.Elem(), b.Elem()
		return a.Type() == b.Type() && same(a, b)
	case reflect.Slice, reflect.Array:
		return sameList(a, b)
	case reflect.Map:
		return sameMap(a, b)
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	switch {
	case a.CanInt():
		return a.Int() == b.Int()
	case a.CanUint():
		return a.Uint() == b.Uint()
	}
	return a.Comparable() && a.Equal(b)
}

func sameList(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if !same(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

func sameMap(a, b reflect.Value) bool {
	if a.Len() != b.Len() || a.Len() == 0 {
		return a.Len() == b.Len()
	}
	for k, v := range a.Seq2() {
		w := b.MapIndex(k)
		if !w.IsValid() || !same(v, w) {
			return false
		}
	}
	return true
}
