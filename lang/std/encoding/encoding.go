// Package stdencoding has the module encoding.
package stdencoding

import (
	"encoding/base64"
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module encoding.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "encoding",
		Doc:  "Values as text: base64 and JSON.",
		Funcs: []*funcs.Function{
			{
				Name: "base64_encode",
				Doc:  "Returns data in base64, the standard alphabet with padding.",
				Sigs: table.Sig("func(data str) str"),
				Pure: table.Pure1(base64.StdEncoding.EncodeToString),
			},
			{
				Name: "base64_decode",
				Doc:  "Reads base64, the standard alphabet with padding; line ends are skipped. Other input is an error.",
				Sigs: table.Sig("func(data str) str"),
				Pure: table.Try1(base64.StdEncoding.DecodeString),
			},
			decodeJSON("decode_json", types.JSON{},
				"Reads a JSON value as a value of the type that the context asks for, or that the second argument names. "+
					"An object for a struct has exactly its fields. Input that does not fit is an error."),
			decodeJSON("decode_json_flexible", types.JSON{Flexible: true},
				"Reads a JSON value as decode_json does, but fields of a struct that are missing get the zero value of their type, and those that are too many are ignored."),
		},
	}
}

func decodeJSON(name string, how types.JSON, doc string) *funcs.Function {
	return &funcs.Function{
		Name:   name,
		Doc:    doc,
		Sigs:   table.Sig("func(data str) ?1", "func(data str, type str) ?1"),
		Infer:  inferJSON,
		Check:  checkJSON,
		NoFold: true,
		Typed: func(sig *types.Type) func([]types.Value) (types.Value, error) {
			return func(args []types.Value) (types.Value, error) {
				if err := checkType(sig.Elem, args[1:]); err != nil {
					return nil, err
				}
				return how.Decode(string(args[0].(types.Str)), sig.Elem)
			}
		},
	}
}

// inferJSON takes the result type from the second argument, when it is known.
func inferJSON(site funcs.Site) ([]*types.Type, error) {
	data := types.Field{Name: "data", Type: types.TStr}
	switch site.Args {
	case 1:
		return []*types.Type{types.FuncOf([]types.Field{data}, types.Var(1))}, nil
	case 2:
		result := types.Var(1)
		if text, known := site.Const(1); known {
			if text, ok := text.(types.Str); ok {
				t, err := types.Parse(string(text))
				if err != nil {
					return nil, err
				}
				result = t
			}
		}
		return []*types.Type{types.FuncOf([]types.Field{data, {Name: "type", Type: types.TStr}}, result)}, nil
	}
	return nil, fmt.Errorf("one or two arguments are wanted, the JSON text and the name of a type, not %d", site.Args)
}

func checkJSON(sig *types.Type) error {
	if !decodable(sig.Elem) {
		return fmt.Errorf("JSON cannot be read as %v", sig.Elem)
	}
	return nil
}

func decodable(t *types.Type) bool {
	switch t.Kind {
	case types.KindFunc, types.KindVariant, types.KindVar, types.KindInvalid:
		return false
	case types.KindList:
		return decodable(t.Elem)
	case types.KindMap:
		return decodable(t.Key) && decodable(t.Elem)
	case types.KindStruct:
		for _, f := range t.Fields {
			if !decodable(f.Type) {
				return false
			}
		}
	}
	return true
}

// checkType compares the type with the one that a second argument names.
func checkType(t *types.Type, args []types.Value) error {
	if len(args) == 0 {
		return nil
	}
	named, err := types.Parse(string(args[0].(types.Str)))
	if err != nil {
		return err
	}
	if !types.Identical(named, t) {
		return fmt.Errorf("type %v is named, but %v is wanted", named, t)
	}
	return nil
}
