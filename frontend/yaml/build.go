package yaml

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"mgmt/lang/syntax"
	"mgmt/resource"
)

// A builder makes resources of the entries of a document.
type builder struct {
	kinds   *resource.Registry
	file    *syntax.File
	reports *syntax.Reports

	short  map[string]string                          // kinds by their names without colons
	types  map[*resource.Kind]map[string]reflect.Type // of the parameters
	meta   map[string]reflect.Type
	values []resource.Value // of the present resource; used again for the next
}

func newBuilder(kinds *resource.Registry, file *syntax.File, reports *syntax.Reports) *builder {
	return &builder{
		kinds: kinds, file: file, reports: reports,
		short: withoutColons(kinds),
		types: map[*resource.Kind]map[string]reflect.Type{},
		meta:  typesOf(resource.MetaParams()),
	}
}

func typesOf(params []resource.Param) map[string]reflect.Type {
	out := make(map[string]reflect.Type, len(params))
	for _, p := range params {
		out[p.Name] = p.Type
	}
	return out
}

// kind returns the kind that a document names, or reports that there is none.
func (b *builder) kind(n *node) *resource.Kind {
	if k := lookup(b.kinds, n.text); k != nil {
		return k
	}
	d := b.reports.Add("unknown-kind", n.span, "there is no resource kind %s", n)
	suggest(d, n, b.nearestKind(n.text))
	return nil
}

// mentioned returns the kind that an edge or a collect names, in any case and perhaps without
// the colons.
func (b *builder) mentioned(n *node) *resource.Kind {
	name := strings.ToLower(n.text)
	if k := lookup(b.kinds, name); k != nil {
		return k
	}
	if k := b.kinds.Lookup(b.short[name]); k != nil {
		return k
	}
	return b.kind(n)
}

func (b *builder) nearestKind(name string) string {
	names := slices.DeleteFunc(b.kinds.Names(), func(n string) bool { return lookup(b.kinds, n) == nil })
	return nearest(name, names)
}

// build makes the resource of an entry, and checks it as far as that is possible without
// looking at the machine. It returns nil if something is wrong, which is reported.
func (b *builder) build(kind *resource.Kind, e entry) *resource.Spec {
	name, exported := strings.CutPrefix(e.name.text, "@@")
	spec := &resource.Spec{
		Key:  resource.Key{ID: resource.ID{Kind: kind.Name, Name: name}},
		Meta: resource.DefaultMeta(),
		Pos:  e.body.place(b.file),
	}
	before := b.reports.Added
	b.values = b.values[:0]
	for _, f := range e.body.fields {
		switch {
		case f.value.null() || f.key.text == "name":
		case f.key.text == "meta":
			b.metas(spec, f.value)
		default:
			b.param(kind, spec, f)
		}
	}
	if exported {
		spec.Meta.Hidden = true
		if len(spec.Meta.Export) == 0 {
			spec.Meta.Export = []string{"*"}
		}
	}
	if fileExists(kind, e) {
		b.values = append(b.values, resource.Value{Name: "state", Value: "exists"})
	}
	if b.reports.Added > before {
		return nil
	}
	var err error
	if spec.Resource, err = kind.Decode(name, b.values); err == nil {
		err = b.validate(spec)
	}
	if err != nil {
		b.refuse(spec, e, err)
		return nil
	}
	return spec
}

// validate is that of the resource, in the terms of this format.
func (b *builder) validate(spec *resource.Spec) error {
	if strings.HasPrefix(spec.Key.Name, "$") && !spec.Meta.Dollar {
		return errors.New("the name begins with $; write `meta: {dollar: true}` if it is meant")
	}
	return spec.Validate()
}

// param takes in the value of a parameter.
func (b *builder) param(kind *resource.Kind, spec *resource.Spec, f field) {
	name := f.key.text
	types := b.types[kind]
	if types == nil {
		types = typesOf(kind.Params())
		b.types[kind] = types
	}
	t := types[name]
	if renamed, ok := renamedParams[former{kind.Name, name}]; t == nil && ok {
		name, t = renamed, types[renamed]
	}
	if t == nil {
		b.former(kind, spec, f)
		return
	}
	v, err := value(f.value, t)
	if err != nil {
		b.mistyped(spec, name, err)
		return
	}
	b.values = append(b.values, resource.Value{Name: name, Value: v})
}

// former takes in a parameter that the kind does not have, if it once had it.
func (b *builder) former(kind *resource.Kind, spec *resource.Spec, f field) {
	old, ok := formerParams[former{kind.Name, f.key.text}]
	if !ok {
		d := b.reports.Add("unknown-field", f.key.span, "a %s resource has no parameter %s", kind.Name, f.key)
		if b.meta[f.key.text] != nil {
			d.Hint = fmt.Sprintf("meta parameters go below meta: `meta: {%s: …}`", f.key.text)
			return
		}
		names := append(slices.Sorted(maps.Keys(b.types[kind])), "name", "meta")
		suggest(d, f.key, nearest(f.key.text, names))
		return
	}
	if old.meta == "" {
		return
	}
	i, ok := f.value.int()
	n, small := i.(int64)
	if !ok || !small {
		b.mistyped(spec, f.key.text, mismatch(f.value, "an int"))
		return
	}
	if n > 0 {
		b.setMeta(spec, old.meta, n*old.factor, f.value)
	}
}

func (b *builder) mistyped(spec *resource.Spec, param string, err *valueError) {
	if err.near != "" {
		d := b.reports.Add(codeKey, err.at.span, "%s: %s: %s", spec.Key.ID, param, err)
		suggest(d, err.at, err.near)
		return
	}
	b.reports.Add("type-mismatch", err.at.span, "%s: %s %s", spec.Key.ID, param, err)
}

// metas takes in the meta parameters.
func (b *builder) metas(spec *resource.Spec, n *node) {
	if n.shape != mapping {
		b.reports.Add(codeShape, n.span, "meta is %s; it has to be a map", n)
		return
	}
	for _, f := range n.fields {
		t := b.meta[f.key.text]
		if t == nil {
			d := b.reports.Add("unknown-meta", f.key.span, "there is no meta parameter %s", f.key)
			suggest(d, f.key, nearest(f.key.text, resource.MetaNames))
			continue
		}
		if f.value.null() {
			continue
		}
		v, err := value(f.value, t)
		if err != nil {
			b.mistyped(spec, "meta parameter "+f.key.text, err)
			continue
		}
		b.setMeta(spec, f.key.text, v, f.value)
	}
}

func (b *builder) setMeta(spec *resource.Spec, name string, v any, at *node) {
	err := spec.Meta.Set(name, v)
	var pe *resource.ParamError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if err != nil {
		b.reports.Add("refused-resource", at.span, "%s: meta parameter %s: %s", spec.Key.ID, name, err)
	}
}

// refuse reports what a kind says of its parameters, each at its place.
func (b *builder) refuse(spec *resource.Spec, e entry, err error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range many.Unwrap() {
			b.refuse(spec, e, err)
		}
		return
	}
	at := e.name
	var pe *resource.ParamError
	if errors.As(err, &pe) {
		if meta, ok := strings.CutPrefix(pe.Param, "Meta:"); ok {
			at = metaOf(e, meta)
			err = fmt.Errorf("meta parameter %s: %w", meta, pe.Err)
		} else if v := e.body.get(pe.Param); v != nil {
			at = v
		}
	}
	var se *resource.SpecError
	if errors.As(err, &se) {
		err = se.Err
	}
	b.reports.Add("refused-resource", at.span, "%s: %s", spec.Key.ID, err)
}

// metaOf returns the place of a meta parameter or, if it is missing, of all of them.
func metaOf(e entry, name string) *node {
	meta := e.body.get("meta")
	if meta == nil {
		return e.name
	}
	if v := meta.get(name); v != nil {
		return v
	}
	return meta
}
