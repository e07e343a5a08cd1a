package infer

import (
	"mgmt/lang/types"
)

// maxText is how long a type may be in a message.
const maxText = 120

// quote prints a type for a message. What is not known yet is a question mark.
func quote(t *ty) string { return "`" + t.String() + "`" }

// String prints the term for people, shortened if it is long.
func (t *ty) String() string {
	b := t.print(nil)
	if len(b) > maxText {
		b = append(b[:maxText], "…"...)
	}
	return string(b)
}

// print appends the text of the term, or at least its head when that gets long.
func (t *ty) print(b []byte) []byte {
	if len(b) > maxText {
		return b
	}
	t = find(t)
	switch t.kind {
	case types.KindVar, types.KindInvalid:
		return append(b, '?')
	case types.KindList:
		return t.elem.print(append(b, "[]"...))
	case types.KindMap:
		b = t.key.print(append(b, "map{"...))
		return append(t.elem.print(append(b, ": "...)), '}')
	case types.KindStruct:
		return append(printFields(append(b, "struct{"...), t.fields, "; "), '}')
	case types.KindFunc:
		b = printFields(append(b, "func("...), t.fields, ", ")
		return t.elem.print(append(b, ") "...))
	}
	return append(b, (&types.Type{Kind: t.kind}).String()...)
}

func printFields(b []byte, fields []field, separator string) []byte {
	for i, f := range fields {
		if i > 0 {
			b = append(b, separator...)
		}
		if f.name != "" {
			b = append(append(b, f.name...), ' ')
		}
		b = f.t.print(b)
	}
	return b
}
