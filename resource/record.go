package resource

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Record is a resource as data: what is stored of it on disk or shared with other agents. It
// has only what differs from the defaults of the kind, so that agents which know more
// parameters can read it.
//
// As JSON it is an object {"kind", "name", "params", "meta"}. Values look as one would write
// them by hand: a number is an int unless it has a point or an exponent. What JSON has no form
// for is an object with one member whose name begins with $:
//
//	{"$bytes": "base64"}          a string that is not valid UTF-8
//	{"$float": "NaN"}             also +Inf and -Inf
//	{"$pairs": [[key, value], …]} a map whose keys are not strings
//	{"$map": {…}}                 a map with keys that begin with $
type Record struct {
	ID     ID
	Params []Value
	Meta   []Value
}

// Record returns the resource as data. Values that it has received are part of it.
func (r *Registry) Record(id ID, res Resource, meta Meta) (Record, error) {
	kind := r.Lookup(id.Kind)
	if kind == nil {
		return Record{}, fmt.Errorf("there is no kind %q", id.Kind)
	}
	params, err := kind.Given(res)
	if err != nil {
		return Record{}, fmt.Errorf("%s cannot be stored: %w", id, err)
	}
	given, err := meta.Given()
	if err != nil {
		return Record{}, fmt.Errorf("%s cannot be stored: %w", id, err)
	}
	return Record{id, params, given}, nil
}

// Spec makes a resource of a record. It is not validated.
func (r *Registry) Spec(rec Record) (*Spec, error) {
	kind := r.Lookup(rec.ID.Kind)
	if kind == nil {
		return nil, fmt.Errorf("there is no kind %q", rec.ID.Kind)
	}
	spec := &Spec{Key: Key{ID: rec.ID}, Meta: DefaultMeta()}
	for _, m := range rec.Meta {
		if err := spec.Meta.Set(m.Name, m.Value); err != nil {
			return nil, &SpecError{Key: spec.Key, Err: err}
		}
	}
	var err error
	if spec.Resource, err = kind.Decode(rec.ID.Name, rec.Params); err != nil {
		return nil, &SpecError{Key: spec.Key, Err: err}
	}
	return spec, nil
}

// MarshalJSON implements json.Marshaler. Equal records have equal encodings.
func (r Record) MarshalJSON() ([]byte, error) {
	b := append([]byte(nil), `{"kind":`...)
	b = appendString(b, r.ID.Kind)
	b = append(b, `,"name":`...)
	b = appendString(b, r.ID.Name)
	for _, part := range []struct {
		label  string
		values []Value
	}{{`,"params":`, r.Params}, {`,"meta":`, r.Meta}} {
		if len(part.values) == 0 {
			continue
		}
		var err error
		if b, err = appendValues(append(b, part.label...), part.values); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValues(b []byte, values []Value) ([]byte, error) {
	members := make(map[string]any, len(values))
	for _, v := range values {
		members[v.Name] = v.Value
	}
	return appendObject(b, members)
}

// appendData appends the data of a [Value].
func appendData(b []byte, x any) (_ []byte, err error) {
	switch x := x.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, x), nil
	case int64:
		return strconv.AppendInt(b, x, 10), nil
	case float64:
		return appendFloat(b, x), nil
	case string:
		return appendString(b, x), nil
	case []any:
		return appendList(b, len(x), func(b []byte, i int) ([]byte, error) { return appendData(b, x[i]) })
	case [][2]any:
		b, err = appendList(append(b, `{"$pairs":`...), len(x), func(b []byte, i int) ([]byte, error) {
			return appendList(b, 2, func(b []byte, j int) ([]byte, error) { return appendData(b, x[i][j]) })
		})
		return append(b, '}'), err
	case map[string]any:
		if !hasReserved(x) {
			return appendObject(b, x)
		}
		b, err = appendObject(append(b, `{"$map":`...), x)
		return append(b, '}'), err
	}
	return nil, fmt.Errorf("a %T cannot be stored", x)
}

func hasReserved(members map[string]any) bool {
	for name := range members {
		if strings.HasPrefix(name, "$") || !utf8.ValidString(name) {
			return true
		}
	}
	return false
}

func appendList(b []byte, n int, element func(b []byte, i int) ([]byte, error)) ([]byte, error) {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = element(b, i); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, members map[string]any) ([]byte, error) {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("the key %q is not valid UTF-8", name)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		var err error
		if b, err = appendData(b, members[name]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		b = append(b, `{"$bytes":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(s))
		return append(b, `"}`...)
	}
	text, _ := json.Marshal(s) // of a string, this cannot fail
	return append(b, text...)
}

func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		b = append(b, `{"$float":"`...)
		b = strconv.AppendFloat(b, f, 'g', -1, 64)
		return append(b, `"}`...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	if !bytes.ContainsAny(b[start:], ".e") {
		b = append(b, ".0"...)
	}
	return b
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Record) UnmarshalJSON(data []byte) error {
	var raw struct {
		Kind, Name   json.RawMessage
		Params, Meta map[string]json.RawMessage
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	var out Record
	var err error
	if out.ID.Kind, err = parseText(raw.Kind); err != nil {
		return fmt.Errorf("kind: %w", err)
	}
	if out.ID.Name, err = parseText(raw.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if out.Params, err = parseValues(raw.Params); err != nil {
		return fmt.Errorf("%s: %w", out.ID, err)
	}
	if out.Meta, err = parseValues(raw.Meta); err != nil {
		return fmt.Errorf("%s: meta: %w", out.ID, err)
	}
	*r = out
	return nil
}

func parseText(data json.RawMessage) (string, error) {
	x, err := parseData(data)
	if err != nil {
		return "", err
	}
	s, ok := x.(string)
	if !ok || s == "" {
		return "", errors.New("is no text")
	}
	return s, nil
}

func parseValues(raw map[string]json.RawMessage) ([]Value, error) {
	var out []Value
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		x, err := parseData(raw[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, Value{name, x})
	}
	return out, nil
}

func parseData(data json.RawMessage) (any, error) {
	if len(data) == 0 {
		return nil, errors.New("is missing")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		return nil, err
	}
	return fromJSON(x)
}

// fromJSON turns what encoding/json makes of a value into the data of a [Value].
func fromJSON(x any) (any, error) {
	switch x := x.(type) {
	case json.Number:
		if strings.ContainsAny(x.String(), ".eE") {
			return x.Float64()
		}
		return x.Int64()
	case []any:
		for i := range x {
			var err error
			if x[i], err = fromJSON(x[i]); err != nil {
				return nil, err
			}
		}
		return x, nil
	case map[string]any:
		return fromObject(x)
	}
	return x, nil // nil, bool or string
}

func fromObject(x map[string]any) (any, error) {
	if len(x) == 1 {
		for name, member := range x {
			if strings.HasPrefix(name, "$") {
				return fromReserved(name, member)
			}
		}
	}
	if hasReserved(x) {
		return nil, errors.New("an object has a member whose name begins with $ beside others")
	}
	return fromMembers(x)
}

func fromMembers(x map[string]any) (any, error) {
	for name, member := range x {
		v, err := fromJSON(member)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		x[name] = v
	}
	return x, nil
}

// fromReserved reads the forms that JSON does not have.
func fromReserved(name string, x any) (any, error) {
	switch x := x.(type) {
	case string:
		switch name {
		case "$bytes":
			b, err := base64.StdEncoding.DecodeString(x)
			return string(b), err
		case "$float":
			f, err := strconv.ParseFloat(x, 64)
			if err != nil {
				return nil, fmt.Errorf("%q is no float", x)
			}
			return f, nil
		}
	case map[string]any:
		if name == "$map" {
			return fromMembers(x)
		}
	case []any:
		if name == "$pairs" {
			return fromPairs(x)
		}
	}
	return nil, fmt.Errorf("an object with the member %s is not understood", name)
}

func fromPairs(list []any) (any, error) {
	out := make([][2]any, len(list))
	for i, e := range list {
		pair, ok := e.([]any)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("element %d is no pair", i)
		}
		for j, x := range pair {
			var err error
			if out[i][j], err = fromJSON(x); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
