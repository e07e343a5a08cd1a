package types

import (
	"math"
	"strconv"
	"strings"
)

func (v Bool) String() string    { return text(v) }
func (v Str) String() string     { return string(v) }
func (v Int) String() string     { return text(v) }
func (v Float) String() string   { return text(v) }
func (v *List) String() string   { return text(v) }
func (v *Map) String() string    { return text(v) }
func (v *Struct) String() string { return text(v) }
func (v *Func) String() string   { return "func" }

// AppendText appends the text form of v, [Value.String], to b.
func AppendText(b []byte, v Value) []byte { return appendText(b, v, false, math.MaxInt) }

// AppendQuoted is as [AppendText], but a string on its own is quoted too.
func AppendQuoted(b []byte, v Value) []byte { return appendText(b, v, true, math.MaxInt) }

// Brief returns the text form of v, a string on its own quoted, or the beginning of it if it is
// longer than limit bytes. It costs no more than what it returns.
func Brief(v Value, limit int) string {
	b := appendText(nil, v, true, limit)
	if len(b) <= limit {
		return string(b)
	}
	return strings.ToValidUTF8(string(b[:limit]), "") + "…"
}

func text(v Value) string { return string(appendText(nil, v, false, math.MaxInt)) }

// appendText appends the text form of v; strings are quoted when they stand in a
// container. It may stop when b is longer than limit.
func appendText(b []byte, v Value, quoted bool, limit int) []byte {
	switch v := v.(type) {
	case Bool:
		return strconv.AppendBool(b, bool(v))
	case Str:
		if quoted {
			return strconv.AppendQuote(b, string(v[:min(len(v), limit)]))
		}
		return append(b, v...)
	case Int:
		return strconv.AppendInt(b, int64(v), 10)
	case Float:
		return appendFloat(b, float64(v))
	case *List:
		b = append(b, '[')
		for i, e := range v.Elems {
			if len(b) > limit {
				return b
			}
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendText(b, e, true, limit)
		}
		return append(b, ']')
	case *Map:
		b = append(b, '{')
		for i, e := range v.entries {
			if len(b) > limit {
				return b
			}
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendText(b, e.Key, true, limit)
			b = append(b, ": "...)
			b = appendText(b, e.Value, true, limit)
		}
		return append(b, '}')
	case *Struct:
		b = append(b, "struct{"...)
		for i, e := range v.Elems {
			if len(b) > limit {
				return b
			}
			if i > 0 {
				b = append(b, "; "...)
			}
			b = append(b, v.Names[i]...)
			b = append(b, ": "...)
			b = appendText(b, e, true, limit)
		}
		return append(b, '}')
	case *Func:
		return append(b, "func"...)
	}
	return append(b, "<no value>"...)
}

func appendFloat(b []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return strconv.AppendFloat(b, f, 'g', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}
