package types

import (
	"math"
	"strconv"
)

func (v Bool) String() string    { return string(appendText(nil, v, false)) }
func (v Str) String() string     { return string(v) }
func (v Int) String() string     { return string(appendText(nil, v, false)) }
func (v Float) String() string   { return string(appendText(nil, v, false)) }
func (v *List) String() string   { return string(appendText(nil, v, false)) }
func (v *Map) String() string    { return string(appendText(nil, v, false)) }
func (v *Struct) String() string { return string(appendText(nil, v, false)) }
func (v *Func) String() string   { return "func" }

// AppendText appends the text form of v, [Value.String], to b.
func AppendText(b []byte, v Value) []byte { return appendText(b, v, false) }

// AppendQuoted is as [AppendText], but a string on its own is quoted too.
func AppendQuoted(b []byte, v Value) []byte { return appendText(b, v, true) }

// appendText appends the text form of v; strings are quoted when they stand in a
// container.
func appendText(b []byte, v Value, quoted bool) []byte {
	switch v := v.(type) {
	case Bool:
		return strconv.AppendBool(b, bool(v))
	case Str:
		if quoted {
			return strconv.AppendQuote(b, string(v))
		}
		return append(b, v...)
	case Int:
		return strconv.AppendInt(b, int64(v), 10)
	case Float:
		return appendFloat(b, float64(v))
	case *List:
		b = append(b, '[')
		for i, e := range v.Elems {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendText(b, e, true)
		}
		return append(b, ']')
	case *Map:
		b = append(b, '{')
		for i, e := range v.entries {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendText(b, e.Key, true)
			b = append(b, ": "...)
			b = appendText(b, e.Value, true)
		}
		return append(b, '}')
	case *Struct:
		b = append(b, "struct{"...)
		for i, e := range v.Elems {
			if i > 0 {
				b = append(b, "; "...)
			}
			b = append(b, v.Names[i]...)
			b = append(b, ": "...)
			b = appendText(b, e, true)
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
