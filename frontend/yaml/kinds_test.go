package yaml

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/resources"
)

// sample writes a value of a type in YAML, and returns the plain data that it stands for.
func sample(t *testing.T, of reflect.Type) (text string, data any) {
	t.Helper()
	switch of.Kind() {
	case reflect.Pointer:
		return sample(t, of.Elem())
	case reflect.Bool:
		return "yes", true
	case reflect.String:
		return "0755", "0755"
	case reflect.Float32, reflect.Float64:
		return "2.5", 2.5
	case reflect.Interface:
		return "[5]", []any{int64(5)}
	case reflect.Slice:
		elem, v := sample(t, of.Elem())
		return "[" + elem + "]", []any{v}
	case reflect.Map:
		key, k := sample(t, of.Key())
		elem, v := sample(t, of.Elem())
		if s, ok := k.(string); ok {
			return fmt.Sprintf("{%s: %s}", key, elem), map[string]any{s: v}
		}
		return fmt.Sprintf("{%s: %s}", key, elem), [][2]any{{k, v}}
	case reflect.Struct:
		var parts []string
		out := map[string]any{}
		for f := range of.Fields() {
			if name := f.Tag.Get("mgmt"); name != "" {
				elem, v := sample(t, f.Type)
				parts = append(parts, name+": "+elem)
				out[name] = v
			}
		}
		return "{" + strings.Join(parts, ", ") + "}", out
	}
	if k := of.Kind(); k < reflect.Int || k > reflect.Uint64 {
		t.Fatalf("there is no sample of %s", of)
	}
	return "0o17", int64(15)
}

// TestEveryParameter writes every parameter of every kind in YAML, and reads it back.
func TestEveryParameter(t *testing.T) {
	var reports syntax.Reports
	file := (&syntax.Files{}).Add("test", nil)
	b := newBuilder(resources.Kinds(), file, &reports)
	for _, name := range resources.Kinds().Names() {
		kind := resources.Kinds().Lookup(name)
		for _, p := range kind.Params() {
			text, want := sample(t, p.Type)
			b.values = nil
			b.param(kind, &resource.Spec{}, field{&node{text: p.Name}, parsed(t, text)})
			if diags := reports.Diagnostics(); len(diags) > 0 {
				t.Fatalf("%s: %s: %s: %v", name, p.Name, text, diags)
			}
			r, err := kind.Decode("x", b.values)
			if err != nil {
				t.Errorf("%s: %s: %v", name, p.Name, err)
				continue
			}
			given, err := kind.Given(r)
			i := slices.IndexFunc(given, func(v resource.Value) bool { return v.Name == p.Name }) // kinds may set others
			if err != nil || i < 0 || !reflect.DeepEqual(given[i].Value, want) {
				t.Errorf("%s: %s: %s is read as %#v, %v; want %#v", name, p.Name, text, given, err, want)
			}
		}
	}
}

// TestEveryMeta does so with the meta parameters.
func TestEveryMeta(t *testing.T) {
	for _, p := range resource.MetaParams() {
		text, want := sample(t, p.Type)
		if p.Name == "autoedge" || p.Name == "autogroup" {
			text, want = "no", false
		}
		v, verr := value(parsed(t, text), p.Type)
		if verr != nil {
			t.Errorf("%s: %v", p.Name, verr)
			continue
		}
		m := resource.DefaultMeta()
		if err := m.Set(p.Name, v); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		given, err := m.Given()
		if err != nil || len(given) != 1 || given[0].Name != p.Name || !reflect.DeepEqual(given[0].Value, want) {
			t.Errorf("%s: %s is read as %#v, %v; want %#v", p.Name, text, given, err, want)
		}
	}
}

// parsed returns the node of a value.
func parsed(t *testing.T, text string) *node {
	t.Helper()
	var reports syntax.Reports
	n := parse((&syntax.Files{}).Add("test", []byte(text)), &reports)
	if n == nil {
		t.Fatalf("%q: %v", text, reports.Diagnostics())
	}
	return n
}

// TestNumbers compares what is written with the number that an int or a float takes.
func TestNumbers(t *testing.T) {
	for _, x := range []struct {
		text string
		i, f any // nil means that it is none
	}{
		{"0", int64(0), 0.0},
		{"-7", int64(-7), -7.0},
		{"+7", int64(7), 7.0},
		{"0755", int64(0o755), 755.0},
		{"0x_ff", int64(255), 255.0},
		{"0b101", int64(5), 5.0},
		{"1_000", int64(1000), 1000.0},
		{"18446744073709551615", uint64(1<<64 - 1), float64(1 << 64)},
		{"18446744073709551616", nil, float64(1 << 64)},
		{"1e3", nil, 1000.0},
		{".5", nil, 0.5},
		{"1.", nil, 1.0},
		{"_1", nil, nil},
		{"inf", nil, nil},
		{"nan", nil, nil},
		{"0x1p-2", nil, nil},
		{"1:30", nil, nil},
		{"--1", nil, nil},
		{"'5'", nil, nil},
		{"[5]", nil, nil},
	} {
		n := parsed(t, x.text)
		i, ok := n.int()
		if ok != (x.i != nil) || ok && i != x.i {
			t.Errorf("%s is the int %v, %v; want %v", x.text, i, ok, x.i)
		}
		f, ok := n.float()
		if ok != (x.f != nil) || ok && f != x.f {
			t.Errorf("%s is the float %v, %v; want %v", x.text, f, ok, x.f)
		}
	}
}
