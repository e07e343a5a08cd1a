package yaml

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"mgmt/lang/syntax"
)

// A valueError says which node is not what a parameter needs.
type valueError struct {
	at   *node
	text string
	near string // what the key was probably meant to be
}

func (e *valueError) Error() string { return e.text }

func mismatch(n *node, want string) *valueError {
	return &valueError{at: n, text: fmt.Sprintf("is %s, but %s is wanted", n, want)}
}

// value returns what a node is for a parameter of type t, as plain data (see resource.Value).
// The type decides: 0644 is text for a str and a number for an int, and yes is true only for
// a bool.
func value(n *node, t reflect.Type) (any, *valueError) {
	switch t.Kind() {
	case reflect.Pointer:
		return value(n, t.Elem())
	case reflect.String:
		return textOf(n)
	case reflect.Bool:
		if b, ok := n.bool(); ok {
			return b, nil
		}
		return nil, mismatch(n, "a bool")
	case reflect.Float32, reflect.Float64:
		if f, ok := n.float(); ok {
			return f, nil
		}
		return nil, mismatch(n, "a float")
	case reflect.Slice, reflect.Array:
		return listOf(n, t)
	case reflect.Map:
		return mapOf(n, t)
	case reflect.Struct:
		return structOf(n, t)
	case reflect.Interface:
		return anyOf(n)
	}
	if k := t.Kind(); k >= reflect.Int && k <= reflect.Uint64 {
		if i, ok := n.int(); ok {
			return i, nil
		}
		return nil, mismatch(n, "an int")
	}
	return nil, &valueError{at: n, text: "cannot be written in YAML"}
}

// textOf takes any single value for its text, quoted or not.
func textOf(n *node) (any, *valueError) {
	if n.shape != scalar || n.null() {
		return nil, mismatch(n, "a str")
	}
	if !n.binary {
		return n.text, nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.text), ""))
	if err != nil {
		return nil, &valueError{at: n, text: "is tagged as binary, but is no base64"}
	}
	return string(data), nil
}

func listOf(n *node, t reflect.Type) (any, *valueError) {
	if n.shape != list {
		return nil, mismatch(n, "a list")
	}
	out := make([]any, len(n.items))
	for i, item := range n.items {
		v, err := value(item, t.Elem())
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func mapOf(n *node, t reflect.Type) (any, *valueError) {
	if n.shape != mapping {
		return nil, mismatch(n, "a map")
	}
	if t.Key().Kind() != reflect.String {
		return pairsOf(n, t)
	}
	out := make(map[string]any, len(n.fields))
	for _, f := range n.fields {
		v, err := value(f.value, t.Elem())
		if err != nil {
			return nil, err
		}
		out[f.key.text] = v
	}
	return out, nil
}

func pairsOf(n *node, t reflect.Type) (any, *valueError) {
	out := make([][2]any, len(n.fields))
	for i, f := range n.fields {
		k, err := value(f.key, t.Key())
		if err != nil {
			return nil, err
		}
		v, err := value(f.value, t.Elem())
		if err != nil {
			return nil, err
		}
		out[i] = [2]any{k, v}
	}
	return out, nil
}

// structOf takes a map with some of the fields of a struct. The others are zero.
func structOf(n *node, t reflect.Type) (any, *valueError) {
	if n.shape != mapping {
		return nil, mismatch(n, "a map")
	}
	out := make(map[string]any, t.NumField())
	types := make(map[string]reflect.Type, t.NumField())
	var names []string
	for f := range t.Fields() {
		if name := f.Tag.Get("mgmt"); name != "" {
			names = append(names, name)
			types[name] = f.Type
			out[name] = reflect.Zero(f.Type).Interface()
		}
	}
	for _, f := range n.fields {
		ft := types[f.key.text]
		if ft == nil {
			return nil, &valueError{at: f.key, text: fmt.Sprintf("there is no key %s", f.key), near: syntax.Suggest(f.key.text, names)}
		}
		if f.value.null() {
			continue
		}
		v, err := value(f.value, ft)
		if err != nil {
			return nil, err
		}
		out[f.key.text] = v
	}
	return out, nil
}

// anyOf takes a value for what it looks like.
func anyOf(n *node) (any, *valueError) {
	anything := reflect.TypeFor[any]()
	switch n.shape {
	case list:
		return listOf(n, reflect.SliceOf(anything))
	case mapping:
		for _, f := range n.fields {
			if f.key.looksLike() != reflect.String {
				return pairsOf(n, reflect.MapOf(anything, anything))
			}
		}
		return mapOf(n, reflect.MapOf(reflect.TypeFor[string](), anything))
	}
	switch n.looksLike() {
	case reflect.Invalid:
		return nil, mismatch(n, "a value")
	case reflect.Bool:
		b, _ := n.bool()
		return b, nil
	case reflect.Int64:
		i, _ := n.int()
		return i, nil
	case reflect.Float64:
		f, _ := n.float()
		return f, nil
	}
	return textOf(n)
}

// looksLike returns the kind of value that a scalar is where nothing else tells; Invalid
// means that there is none.
func (n *node) looksLike() reflect.Kind {
	if n.null() {
		return reflect.Invalid
	}
	if n.quoted || n.binary {
		return reflect.String
	}
	if _, ok := n.bool(); ok && len(n.text) > 1 { // y and n are more often names
		return reflect.Bool
	}
	if _, ok := n.int(); ok {
		return reflect.Int64
	}
	if _, ok := n.float(); ok {
		return reflect.Float64
	}
	return reflect.String
}

func (n *node) bool() (b, ok bool) {
	if n.shape != scalar || n.quoted {
		return false, false
	}
	switch n.text {
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y":
		return true, true
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N":
		return false, true
	}
	return false, false
}

// int returns an int64, or a uint64 for what is larger. A leading 0 or 0o makes it octal.
func (n *node) int() (i any, ok bool) {
	if n.shape != scalar || n.quoted || n.text == "" || n.text[0] == '_' {
		return nil, false
	}
	digits := strings.ReplaceAll(n.text, "_", "")
	if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return i, true
	}
	if u, err := strconv.ParseUint(strings.TrimPrefix(digits, "+"), 0, 64); err == nil {
		return u, true
	}
	return nil, false
}

func (n *node) float() (f float64, ok bool) {
	if n.shape != scalar || n.quoted || n.text == "" || n.text[0] == '_' {
		return 0, false
	}
	switch sign, word := n.text[:1], strings.TrimLeft(n.text, "+-"); word {
	case ".inf", ".Inf", ".INF":
		if sign == "-" {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	case ".nan", ".NaN", ".NAN":
		return math.NaN(), true
	}
	if strings.Trim(n.text, "+-.0123456789eE_") != "" { // a hexadecimal, or a word such as inf
		i, ok := n.int()
		if i, small := i.(int64); ok && small {
			return float64(i), true
		}
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(n.text, "_", ""), 64)
	return f, err == nil
}
