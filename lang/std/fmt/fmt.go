// Package stdfmt has the module fmt: formatted strings.
package stdfmt

import (
	"fmt"
	"strconv"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module fmt.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "fmt",
		Doc:  "Formatted strings.",
		Funcs: []*funcs.Function{{
			Name: "printf",
			Doc: "Returns format with its verbs replaced by the arguments in turn: %t a bool, %s a str, %q a str in quotes, " +
				"%d an int, %f a float, %v any value, %T the type of any value, %% a percent sign. " +
				"A verb has neither width nor flags. If the format is known while compiling, the verbs give the types of the arguments; " +
				"otherwise too few arguments or wrong ones are an error at run time, and those too many are ignored.",
			Sigs:     table.Sig("func(format str, a ?1) str"),
			Variadic: true,
			Infer:    infer,
			Typed: func(sig *types.Type) func(args []types.Value) (types.Value, error) {
				return func(args []types.Value) (types.Value, error) { return printf(sig, args) }
			},
		}},
	}
}

// infer derives the signature of a call from its format, or from the number of its
// arguments if the format is not known.
func infer(site funcs.Site) ([]*types.Type, error) {
	if site.Args == 0 {
		return nil, fmt.Errorf("printf needs a format")
	}
	params := make([]types.Field, 1, site.Args)
	params[0] = types.Field{Name: "format", Type: types.TStr}
	for i := range site.Args - 1 {
		params = append(params, types.Field{Name: argName(i), Type: types.Var(i + 1)})
	}
	if format, known := site.Const(0); known {
		if format, ok := format.(types.Str); ok {
			if err := inferVerbs(string(format), params[1:]); err != nil {
				return nil, err
			}
		}
	}
	return []*types.Type{types.FuncOf(params, types.TStr)}, nil
}

// inferVerbs gives the parameters the types that the verbs of the format ask for.
func inferVerbs(format string, params []types.Field) error {
	n := 0
	for rest := format; ; {
		_, verb, after, err := nextVerb(rest)
		if err != nil {
			return err
		}
		rest = after
		if verb == 0 {
			break
		}
		if t := verbType(verb); n < len(params) && t != nil {
			params[n].Type = t
		}
		n++
	}
	if n != len(params) {
		return fmt.Errorf("arguments for the verbs of %q: %d wanted, %d given", format, n, len(params))
	}
	return nil
}

// nextVerb splits a format into the text before the next verb, in which %% still stands
// for a percent sign, the verb, and the rest. The verb is 0 if there is none.
func nextVerb(format string) (text string, verb byte, rest string, err error) {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		if i+1 == len(format) { // a lone % at the end stands for nothing
			return format[:i], 0, "", nil
		}
		switch c := format[i+1]; c {
		case '%':
			i++
		case 't', 's', 'q', 'd', 'f', 'v', 'T':
			return format[:i], c, format[i+2:], nil
		default:
			return "", 0, "", badVerb(format[i+1:])
		}
	}
	return format, 0, "", nil
}

func badVerb(text string) error {
	for _, r := range text {
		return fmt.Errorf("%%%c is no verb; there are %%t %%s %%q %%d %%f %%v %%T and %%%%, without width or flags", r)
	}
	return nil
}

// verbType returns the only type that the verb takes, or nil.
func verbType(verb byte) *types.Type {
	switch verb {
	case 't':
		return types.TBool
	case 's', 'q':
		return types.TStr
	case 'd':
		return types.TInt
	case 'f':
		return types.TFloat
	}
	return nil
}

// argName names argument i after the format: a, b, … z, aa, ab, ….
func argName(i int) string {
	name := string(rune('a' + i%26))
	if i >= 26 {
		return argName(i/26-1) + name
	}
	return name
}

func printf(sig *types.Type, args []types.Value) (types.Value, error) {
	var space [128]byte
	out, rest := space[:0], string(args[0].(types.Str))
	for n := 1; ; n++ {
		text, verb, after, err := nextVerb(rest)
		if err != nil {
			return nil, err
		}
		out, rest = appendText(out, text), after
		if verb == 0 {
			return types.Str(out), nil
		}
		if n >= len(args) {
			return nil, fmt.Errorf("the format %q needs more than the %d arguments that follow it", string(args[0].(types.Str)), len(args)-1)
		}
		if out, err = appendVerb(out, verb, args[n], sig.Fields[n].Type); err != nil {
			return nil, err
		}
	}
}

// appendText appends literal text of a format, where %% stands for %.
func appendText(out []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		out = append(out, text[i])
		if text[i] == '%' {
			i++
		}
	}
	return out
}

func appendVerb(out []byte, verb byte, v types.Value, t *types.Type) ([]byte, error) {
	if want := verbType(verb); want != nil && v.Kind() != want.Kind {
		return nil, fmt.Errorf("%%%c takes a value of type %v, not of %v", verb, want, t)
	}
	switch verb {
	case 'T':
		return append(out, t.String()...), nil
	case 'q':
		return strconv.AppendQuote(out, string(v.(types.Str))), nil
	}
	if t.HasFunc() {
		return nil, fmt.Errorf("a function has no text, but the argument of %%%c has type %v", verb, t)
	}
	return types.AppendText(out, v), nil
}
