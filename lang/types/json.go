package types

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// JSON says how [JSON.Decode] treats objects that stand for structs.
type JSON struct {
	// Flexible gives fields that an object lacks the zero value of their type and
	// ignores those it has too many. Otherwise they have to be the same.
	Flexible bool
}

// Decode reads the first JSON value of text as a value of type t and ignores what
// follows it. Nothing is converted: an int is a number without fraction and exponent,
// and null fits no type. Objects are maps with string keys, or structs; of a key that
// comes twice the last one counts.
func (j JSON) Decode(text string, t *Type) (Value, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var data any
	if err := d.Decode(&data); err != nil {
		if err == io.EOF {
			return nil, fmt.Errorf("there is no JSON value in the text")
		}
		return nil, fmt.Errorf("bad JSON: %w", err)
	}
	return j.value(data, t)
}

func (j JSON) value(data any, t *Type) (Value, error) {
	switch data := data.(type) {
	case bool:
		if t.Kind == KindBool {
			return Bool(data), nil
		}
	case string:
		if t.Kind == KindStr {
			return Str(data), nil
		}
	case json.Number:
		return number(data, t)
	case []any:
		if t.Kind == KindList {
			return j.list(data, t)
		}
	case map[string]any:
		switch t.Kind {
		case KindMap:
			return j.mapping(data, t)
		case KindStruct:
			return j.structure(data, t)
		}
	}
	return nil, fmt.Errorf("JSON has %s where %v is wanted", describe(data), t)
}

// describe names a JSON value for a message.
func describe(data any) string {
	switch data := data.(type) {
	case nil:
		return "null"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	case string:
		return strconv.Quote(rest(data))
	}
	return fmt.Sprint(data)
}

func number(n json.Number, t *Type) (Value, error) {
	switch t.Kind {
	case KindInt:
		i, err := strconv.ParseInt(string(n), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("JSON number %s is no int", n)
		}
		return Int(i), nil
	case KindFloat:
		f, err := strconv.ParseFloat(string(n), 64)
		if err != nil || math.IsInf(f, 0) {
			return nil, fmt.Errorf("JSON number %s is out of the range of a float", n)
		}
		return Float(f), nil
	}
	return nil, fmt.Errorf("JSON has %s where %v is wanted", n, t)
}

func (j JSON) list(data []any, t *Type) (Value, error) {
	out := &List{Elems: make([]Value, len(data))}
	for i, x := range data {
		v, err := j.value(x, t.Elem)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		out.Elems[i] = v
	}
	return out, nil
}

func (j JSON) mapping(data map[string]any, t *Type) (Value, error) {
	if t.Key.Kind != KindStr {
		return nil, fmt.Errorf("a JSON object has keys of type str, where %v is wanted", t)
	}
	entries := make([]Entry, 0, len(data))
	for k, x := range data {
		v, err := j.value(x, t.Elem)
		if err != nil {
			return nil, fmt.Errorf("at key %q: %w", k, err)
		}
		entries = append(entries, Entry{Str(k), v})
	}
	return NewMap(entries), nil
}

func (j JSON) structure(data map[string]any, t *Type) (Value, error) {
	out := &Struct{Names: t.FieldNames(), Elems: make([]Value, len(t.Fields))}
	found := 0
	for i, f := range t.Fields {
		x, ok := data[f.Name]
		if !ok {
			if !j.Flexible {
				return nil, fmt.Errorf("field %s of %v is missing", f.Name, t)
			}
			out.Elems[i] = Zero(f.Type)
			continue
		}
		found++
		v, err := j.value(x, f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		out.Elems[i] = v
	}
	if found < len(data) && !j.Flexible {
		return nil, fmt.Errorf("the object has fields that %v lacks", t)
	}
	return out, nil
}
