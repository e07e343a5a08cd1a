package lang

import (
	"encoding/json"
	"errors"
	"fmt"

	"mgmt/lang/compile"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
	"mgmt/resource"
)

// builder makes resources of what a program declares.
type builder struct {
	kinds *resource.Registry
	files *syntax.Files
}

// build makes the resource that is declared, and checks it as far as that is possible
// without looking at the machine.
func (b *builder) build(r *compile.Resource) (*resource.Spec, error) {
	kind := b.kinds.Lookup(r.Kind)
	if kind == nil {
		return nil, compile.Refuse(r.Span, "there is no resource kind %s", r.Kind)
	}
	var values []resource.Value
	spec := &resource.Spec{
		Key:  resource.Key{ID: resource.ID{Kind: r.Kind, Name: r.Name}},
		Meta: resource.DefaultMeta(),
		Pos:  b.files.Position(r.Span.Start).String(),
	}
	if r.From != "" {
		var err error
		if values, err = exported(r, &spec.Meta); err != nil {
			return nil, compile.Refuse(r.Span, "%s, collected from %s: %w", spec.Key.ID, r.From, err)
		}
	}
	for _, p := range r.Params {
		values = append(values, resource.Value{Name: p.Name, Value: types.ToGo(p.Value)})
	}
	for _, m := range r.Meta {
		if err := spec.Meta.Set(m.Name, types.ToGo(m.Value)); err != nil {
			return nil, compile.Refuse(m.Span, "%s: %w", spec.Key.ID, err)
		}
	}
	var err error
	if spec.Secrets, err = secrets(kind, r, spec); err != nil {
		return nil, err
	}
	if spec.Resource, err = kind.Decode(r.Name, values); err != nil {
		return nil, b.positioned(r, spec, err)
	}
	if err := spec.Validate(); err != nil {
		return nil, b.positioned(r, spec, err)
	}
	return spec, nil
}

// positioned puts an error at the parameter or meta parameter it is about, or at the
// statement.
func (b *builder) positioned(r *compile.Resource, spec *resource.Spec, err error) error {
	span := r.Span
	var pe *resource.ParamError
	if errors.As(err, &pe) {
		for _, p := range r.Params {
			if p.Name == pe.Param {
				span = p.Span
			}
		}
		for _, m := range r.Meta {
			if "Meta:"+m.Name == pe.Param {
				span = m.Span
			}
		}
	}
	var se *resource.SpecError
	if errors.As(err, &se) {
		err = se.Err
	}
	err = spec.Secrets.HideError(err)
	if span == r.Span && r.From != "" {
		return compile.Refuse(span, "%s, collected from %s: %w", spec.Key.ID, r.From, err)
	}
	return compile.Refuse(span, "%s: %w", spec.Key.ID, err)
}

// secrets returns what is secret in the parameters. Nobody else may be able to read those of a
// resource that has some.
func secrets(kind *resource.Kind, r *compile.Resource, spec *resource.Spec) (*resource.Secrets, error) {
	var params, texts []string
	for _, p := range r.Params {
		if p.Mark == nil {
			continue
		}
		if kind.Publishes {
			return nil, compile.Refuse(p.Span, "%s: the value of %s is secret, and what a %s resource has can be read by others", spec.Key.ID, p.Name, kind.Name)
		}
		if len(spec.Meta.Export) > 0 {
			return nil, compile.Refuse(p.Span, "%s: the value of %s is secret, and an exported resource can be read by all hosts; export the sealed text, and open it where it is used", spec.Key.ID, p.Name)
		}
		params = append(params, p.Name)
		texts = append(texts, p.Mark.Texts(p.Value)...)
	}
	if params == nil {
		return nil, nil
	}
	return resource.NewSecrets(params, texts), nil
}

// exported reads what a host has exported that a resource is collected from. To whom it is
// exported does not come along.
func exported(r *compile.Resource, meta *resource.Meta) ([]resource.Value, error) {
	var rec resource.Record
	if err := json.Unmarshal([]byte(r.Data), &rec); err != nil {
		return nil, fmt.Errorf("what is stored of it makes no sense: %w", err)
	}
	if want := (resource.ID{Kind: r.Kind, Name: r.Name}); rec.ID != want {
		return nil, fmt.Errorf("what is stored of it is %s", rec.ID)
	}
	for _, m := range rec.Meta {
		if err := meta.Set(m.Name, m.Value); err != nil {
			return nil, err
		}
	}
	meta.Export = nil
	return rec.Params, nil
}
