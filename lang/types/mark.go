package types

import (
	"slices"
	"strings"
)

// A Mark says which parts of a value are secret: the whole of it, or some elements of a list,
// fields of a struct or values of a map. nil is the mark of a value in which nothing is.
//
// A mark stands beside its value, not in it: functions work on plain values, and whoever
// evaluates a program computes the mark of a result from those of the arguments. Marks are
// immutable.
type Mark struct {
	whole   bool
	parts   []*Mark  // by position, when it is not the whole; maps in the order of their keys
	secrets []string // the texts that the program read as secrets; what is marked was made of them
}

// Secret returns the mark of a value that is secret as a whole, and that is, or was made of,
// the text.
func Secret(text string) *Mark {
	return &Mark{whole: true, secrets: texts(text)}
}

func texts(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// Derived returns the mark of what a function makes of marked arguments: secret as a whole, if
// one of them has a secret in it.
func Derived(marks ...*Mark) *Mark {
	var out *Mark
	for _, m := range marks {
		switch {
		case m == nil || m == out:
		case out == nil && m.whole:
			out = m
		default:
			next := &Mark{whole: true, secrets: m.secrets}
			if out != nil {
				next.secrets = union(out.secrets, m.secrets)
			}
			out = next
		}
	}
	return out
}

// union returns the texts of both lists, each once, in order.
func union(a, b []string) []string {
	if slices.Equal(a, b) {
		return a
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// MarkParts returns the mark of a list, struct or map with these marks of its elements, fields
// or values.
func MarkParts(parts []*Mark) *Mark {
	var secrets []string
	marked := false
	for _, m := range parts {
		if m != nil {
			marked = true
			secrets = union(secrets, m.secrets)
		}
	}
	if !marked {
		return nil
	}
	return &Mark{parts: parts, secrets: secrets}
}

// Part returns the mark of the element, field or value at the position.
func (m *Mark) Part(i int) *Mark {
	switch {
	case m == nil || m.whole:
		return m
	case i < 0 || i >= len(m.parts):
		return nil
	}
	return m.parts[i]
}

// Whole returns the mark itself if it covers the whole value, and nil otherwise: the mark of what
// the value is made up of, such as the keys of a map.
func (m *Mark) Whole() *Mark {
	if m == nil || !m.whole {
		return nil
	}
	return m
}

// SameMark reports whether two marks say the same.
func SameMark(a, b *Mark) bool {
	if a == b {
		return true
	}
	return a != nil && b != nil && a.whole == b.whole &&
		slices.EqualFunc(a.parts, b.parts, SameMark) && slices.Equal(a.secrets, b.secrets)
}

// Texts lists what must not be shown of a marked value: the secrets that it was made of, and the
// texts in the parts of v that are secret.
func (m *Mark) Texts(v Value) []string {
	if m == nil {
		return nil
	}
	out := slices.Clone(m.secrets)
	m.collect(v, &out)
	slices.Sort(out)
	return slices.Compact(out)
}

func (m *Mark) collect(v Value, out *[]string) {
	if m == nil {
		return
	}
	switch v := v.(type) {
	case *List:
		for i, e := range v.Elems {
			m.Part(i).collect(e, out)
		}
	case *Struct:
		for i, e := range v.Elems {
			m.Part(i).collect(e, out)
		}
	case *Map:
		for i, e := range v.entries {
			m.Whole().collect(e.Key, out)
			m.Part(i).collect(e.Value, out)
		}
	case Bool, *Func: // too short to be told from other text; has none
	default:
		if text := v.String(); strings.TrimSpace(text) != "" {
			*out = append(*out, text)
		}
	}
}

// hidden takes the place of an error that may quote a secret.
type hidden struct{ error }

func (h hidden) Error() string { return "an error about a secret value, so its text is not shown" }

// Unwrap lets callers ask what kind of error it is.
func (h hidden) Unwrap() error { return h.error }

// HideError returns an error that <|> treats like err, but whose text tells nothing.
func HideError(err error) error {
	if err == nil {
		return nil
	}
	if _, done := err.(hidden); done {
		return err
	}
	return hidden{err}
}
