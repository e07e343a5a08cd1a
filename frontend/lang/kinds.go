package lang

import (
	"reflect"
	"strings"

	"mgmt/lang/infer"
	"mgmt/lang/types"
	"mgmt/resource"
)

// Kinds shows the resource kinds of a registry to the language.
func Kinds(registry *resource.Registry) infer.Kinds {
	return &kinds{registry: registry, cache: map[string]*infer.Kind{}}
}

type kinds struct {
	registry *resource.Registry
	cache    map[string]*infer.Kind
}

// Names lists the kinds that programs can write.
func (k *kinds) Names() []string {
	var out []string
	for _, name := range k.registry.Names() {
		if !strings.HasPrefix(name, "_") {
			out = append(out, name)
		}
	}
	return out
}

// Kind implements infer.Kinds.
func (k *kinds) Kind(name string) *infer.Kind {
	if kind := k.cache[name]; kind != nil {
		return kind
	}
	kind := k.registry.Lookup(name)
	if kind == nil {
		return nil
	}
	out := &infer.Kind{Name: name, Optional: map[string]bool{}, Widths: map[string]string{}, SendsOptional: map[string]bool{}}
	out.Fields = fields(kind.Params(), out.Optional, out.Widths)
	out.Sends = fields(kind.Sends(), out.SendsOptional, map[string]string{})
	k.cache[name] = out
	return out
}

func fields(params []resource.Param, optional map[string]bool, widths map[string]string) []types.Field {
	var out []types.Field
	for _, p := range params {
		t := p.Type
		for t.Kind() == reflect.Pointer {
			optional[p.Name] = true
			t = t.Elem()
		}
		lt := languageType(t)
		if lt == nil {
			continue
		}
		widths[p.Name] = t.Kind().String()
		out = append(out, types.Field{Name: p.Name, Type: lt})
	}
	return out
}

// languageType returns the type that a program gives a Go type, or nil if it has none.
func languageType(t reflect.Type) *types.Type {
	switch t.Kind() {
	case reflect.Bool:
		return types.TBool
	case reflect.String:
		return types.TStr
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return types.TInt
	case reflect.Float32, reflect.Float64:
		return types.TFloat
	case reflect.Interface:
		return types.TVariant
	case reflect.Pointer:
		return languageType(t.Elem())
	case reflect.Slice, reflect.Array:
		if elem := languageType(t.Elem()); elem != nil {
			return types.ListOf(elem)
		}
	case reflect.Map:
		key, elem := languageType(t.Key()), languageType(t.Elem())
		if key != nil && elem != nil {
			return types.MapOf(key, elem)
		}
	case reflect.Struct:
		return structType(t)
	}
	return nil
}

func structType(t reflect.Type) *types.Type {
	out := &types.Type{Kind: types.KindStruct}
	for f := range t.Fields() {
		name := f.Tag.Get("mgmt")
		if name == "" {
			continue
		}
		ft := languageType(f.Type)
		if ft == nil {
			return nil
		}
		out.Fields = append(out.Fields, types.Field{Name: name, Type: ft})
	}
	return out
}
