// Package stdstrings has the module strings.
package stdstrings

import (
	"fmt"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module strings.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "strings",
		Doc:  "Functions of strings. Lengths and positions count bytes.",
		Funcs: []*funcs.Function{
			{
				Name: "contains",
				Doc:  "Reports whether substr is in s.",
				Sigs: table.Sig("func(s str, substr str) bool"),
				Pure: table.Pure2(strings.Contains),
			},
			{
				Name: "has_prefix",
				Doc:  "Reports whether s begins with prefix.",
				Sigs: table.Sig("func(s str, prefix str) bool"),
				Pure: table.Pure2(strings.HasPrefix),
			},
			{
				Name: "has_suffix",
				Doc:  "Reports whether s ends with suffix.",
				Sigs: table.Sig("func(s str, suffix str) bool"),
				Pure: table.Pure2(strings.HasSuffix),
			},
			{
				Name: "join_nonempty",
				Doc:  "Joins the elements that are not empty, with sep between them.",
				Sigs: table.Sig("func(s []str, sep str) str"),
				Pure: table.Pure2(joinNonempty),
			},
			{
				Name: "left_pad",
				Doc:  "Puts whole copies of pad before s until it has at least len bytes. An empty pad adds nothing.",
				Sigs: table.Sig("func(s str, pad str, len int) str"),
				Pure: table.Try3(func(s, pad string, length int64) (string, error) {
					p, err := padding(s, pad, length)
					return p + s, err
				}),
			},
			{
				Name: "right_pad",
				Doc:  "Puts whole copies of pad after s until it has at least len bytes. An empty pad adds nothing.",
				Sigs: table.Sig("func(s str, pad str, len int) str"),
				Pure: table.Try3(func(s, pad string, length int64) (string, error) {
					p, err := padding(s, pad, length)
					return s + p, err
				}),
			},
			{
				Name: "replace_all",
				Doc:  "Replaces each old in s by new. An empty old is found before each character and at the end.",
				Sigs: table.Sig("func(s str, old str, new str) str"),
				Pure: table.Pure3(strings.ReplaceAll),
			},
			{
				Name: "split",
				Doc:  "Splits a at each b. An empty b splits it into characters.",
				Sigs: table.Sig("func(a str, b str) []str"),
				Pure: table.Pure2(strings.Split),
			},
			{
				Name: "substr",
				Doc:  "Returns the bytes of s from low up to but without high. Positions outside of s, or in the wrong order, are an error that <|> catches.",
				Sigs: table.Sig("func(s str, low int, high int) str"),
				Pure: table.Try3(substr),
			},
			{
				Name: "to_lower",
				Doc:  "Returns a in lower case.",
				Sigs: table.Sig("func(a str) str"),
				Pure: table.Pure1(strings.ToLower),
			},
			{
				Name: "to_upper",
				Doc:  "Returns a in upper case, character by character.",
				Sigs: table.Sig("func(a str) str"),
				Pure: table.Pure1(strings.ToUpper),
			},
			{
				Name: "trim_space",
				Doc:  "Cuts white space off both ends of a.",
				Sigs: table.Sig("func(a str) str"),
				Pure: table.Pure1(strings.TrimSpace),
			},
		},
	}
}

func joinNonempty(s []string, sep string) string {
	var b strings.Builder
	for _, part := range s {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(part)
	}
	return b.String()
}

// maxPad bounds the memory that a mistake in the length can ask for.
const maxPad = 1 << 30

func padding(s, pad string, length int64) (string, error) {
	missing := length - int64(len(s))
	if length <= 0 || missing <= 0 || pad == "" {
		return "", nil
	}
	if length > maxPad {
		return "", fmt.Errorf("padding to %d bytes: more than %d", length, maxPad)
	}
	size := int64(len(pad))
	return strings.Repeat(pad, int((missing+size-1)/size)), nil
}

func substr(s string, low, high int64) (string, error) {
	if low < 0 || low > high || high > int64(len(s)) {
		return "", types.Catchf("bytes %d to %d are outside of a string of %d bytes", low, high, len(s))
	}
	return s[low:high], nil
}
