// Package stdconvert has the module convert: conversions between the basic types.
package stdconvert

import (
	"math"
	"strconv"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module convert.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "convert",
		Doc:  "Conversions between the basic types.",
		Funcs: []*funcs.Function{
			{
				Name: "format_bool",
				Doc:  "Returns true or false as a string.",
				Sigs: table.Sig("func(a bool) str"),
				Pure: table.Pure1(strconv.FormatBool),
			},
			{
				Name: "int_to_str",
				Doc:  "Returns a in decimal.",
				Sigs: table.Sig("func(a int) str"),
				Pure: table.Pure1(strconv.Itoa),
			},
			{
				Name: "parse_bool",
				Doc:  "Reads 1, t, T, TRUE, true, True as true and 0, f, F, FALSE, false, False as false. Anything else is an error that <|> catches.",
				Sigs: table.Sig("func(a str) bool"),
				Pure: table.Try1(parseBool),
			},
			{
				Name: "str_to_float",
				Doc:  "Reads a number with optional sign, fraction and exponent, also in hexadecimal, with _ between digits, or inf or nan. Anything else, or a number out of range, is an error that <|> catches.",
				Sigs: table.Sig("func(a str) float"),
				Pure: table.Try1(parseFloat),
			},
			{
				Name: "str_to_int",
				Doc:  "Reads a decimal number with optional sign. Anything else, or a number of more than 64 bits, is an error that <|> catches.",
				Sigs: table.Sig("func(a str) int"),
				Pure: table.Try1(parseInt),
			},
			{
				Name: "to_float",
				Doc:  "Returns the float nearest to a. Beyond 2 to the 53rd it may differ from a.",
				Sigs: table.Sig("func(a int) float"),
				Pure: table.Pure1(func(a int64) float64 { return float64(a) }),
			},
			{
				Name: "to_int",
				Doc:  "Cuts the fraction off. What is no number of 64 bits gives -9223372036854775808.",
				Sigs: table.Sig("func(a float) int"),
				Pure: table.Pure1(toInt),
			},
		},
	}
}

func parseBool(s string) (bool, error) {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return false, types.Catchf("%q is no bool", s)
	}
	return b, nil
}

func parseInt(s string) (int64, error) {
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, types.Catchf("%q is no int of 64 bits", s)
	}
	return i, nil
}

func parseFloat(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, types.Catchf("%q is no float of 64 bits", s)
	}
	return f, nil
}

// toInt is spelt out because the result of a conversion out of range depends on the
// processor.
func toInt(f float64) int64 {
	const limit = 1 << 63
	if f >= -limit && f < limit {
		return int64(f)
	}
	return math.MinInt64
}
