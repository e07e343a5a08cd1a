package resource_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"mgmt/resource"
)

type point struct {
	X int  `mgmt:"x"`
	Y int8 `mgmt:"y"`
}

// thing has a parameter of every shape.
type thing struct {
	Text   string           `mgmt:"text" doc:"some text"`
	On     bool             `mgmt:"on"`
	Count  int64            `mgmt:"count"`
	Small  int8             `mgmt:"small"`
	Size   uint16           `mgmt:"size"`
	Ratio  float32          `mgmt:"ratio"`
	Mode   *string          `mgmt:"mode"`
	Names  []string         `mgmt:"names"`
	Ports  map[int64]string `mgmt:"ports"`
	Env    map[string]int   `mgmt:"env"`
	At     point            `mgmt:"at"`
	Any    any              `mgmt:"any"`
	hidden int
	bad    bool
}

func (t *thing) Validate() error {
	if t.Text == "bad" {
		return errors.New("text is bad")
	}
	return nil
}
func (*thing) Watch(context.Context, func()) error                  { return nil }
func (*thing) Check(context.Context) ([]resource.Change, error)     { return nil, nil }
func (*thing) Apply(ctx context.Context, c []resource.Change) error { return nil }
func (*thing) Sends() any                                           { return sent{} }

type sent struct {
	Out  *string `mgmt:"out" doc:"what it printed"`
	Code uint8   `mgmt:"code"`
}

var kind = &resource.Kind{Name: "thing", New: func() resource.Resource { return &thing{Count: 7} }}

func ptr[T any](v T) *T { return &v }

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		param string
		value any
		want  thing
		err   string
	}{
		{"text", "a", thing{Text: "a"}, ""},
		{"text", int64(1), thing{}, "text: is an int, but a str is wanted"},
		{"on", true, thing{On: true}, ""},
		{"count", int64(math.MinInt64), thing{Count: math.MinInt64}, ""},
		{"small", int64(-128), thing{Small: -128}, ""},
		{"small", int64(128), thing{}, "small: 128 is out of range, which is -128 to 127"},
		{"size", int64(65535), thing{Size: 65535}, ""},
		{"size", int64(-1), thing{}, "size: -1 is out of range, which is 0 to 65535"},
		{"ratio", 0.5, thing{Ratio: 0.5}, ""},
		{"ratio", 1e300, thing{}, "ratio: 1e+300 is out of the range of a float32"},
		{"ratio", int64(1), thing{}, "ratio: is an int, but a float is wanted"},
		{"mode", "", thing{Mode: ptr("")}, ""},
		{"mode", nil, thing{}, ""},
		{"text", nil, thing{}, "text: no value, and the parameter is not optional"},
		{"names", []any{"a", "b"}, thing{Names: []string{"a", "b"}}, ""},
		{"names", []any{"a", int64(1)}, thing{}, "names: element 1: is an int, but a str is wanted"},
		{"ports", [][2]any{{int64(80), "http"}}, thing{Ports: map[int64]string{80: "http"}}, ""},
		{"ports", map[string]any{}, thing{Ports: map[int64]string{}}, ""},
		{"env", map[string]any{"A": int64(1)}, thing{Env: map[string]int{"A": 1}}, ""},
		{"env", map[string]any{"A": "x"}, thing{}, "env: value of A: is a str, but an int is wanted"},
		{"at", map[string]any{"x": int64(1), "y": int64(2)}, thing{At: point{1, 2}}, ""},
		{"at", map[string]any{"x": int64(1)}, thing{}, "at: field y is missing"},
		{"at", map[string]any{"x": int64(1), "y": int64(300)}, thing{}, "at: field y: 300 is out of range, which is -128 to 127"},
		{"any", []any{int64(1)}, thing{Any: []any{int64(1)}}, ""},
		{"any", func() {}, thing{}, "any: a function cannot be stored"},
		{"txt", "a", thing{}, "txt: thing has no such parameter; did you mean text?"},
		{"hidden", "a", thing{}, "hidden: thing has no such parameter"},
	} {
		r, err := kind.Decode("a", []resource.Value{{Name: c.param, Value: c.value}})
		if c.err != "" {
			var param *resource.ParamError
			if err == nil || err.Error() != c.err || !errors.As(err, &param) || param.Param != c.param {
				t.Errorf("%s => %v: error %v, want %s", c.param, c.value, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s => %v: %v", c.param, c.value, err)
			continue
		}
		if c.param != "count" {
			c.want.Count = 7 // the default
		}
		if got := *r.(*thing); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s => %v: got %+v, want %+v", c.param, c.value, got, c.want)
		}
	}
}

func TestDecodeReportsAll(t *testing.T) {
	_, err := kind.Decode("a", []resource.Value{{"small", int64(1000)}, {"text", "a"}, {"size", "x"}})
	if err == nil || !strings.Contains(err.Error(), "small: ") || !strings.Contains(err.Error(), "size: ") {
		t.Errorf("got %v, want both errors", err)
	}
}

func TestParams(t *testing.T) {
	params := kind.Params()
	if len(params) != 12 || params[0].Name != "text" || params[0].Doc != "some text" || params[6].Type != reflect.TypeFor[*string]() {
		t.Errorf("got %v", params)
	}
	sends := kind.Sends()
	if len(sends) != 2 || sends[0].Name != "out" || sends[0].Doc != "what it printed" {
		t.Errorf("got %v", sends)
	}
}

func TestEqual(t *testing.T) {
	base := thing{Text: "a", Mode: ptr("x"), Names: []string{"b"}, Ports: map[int64]string{1: "c"}, Any: []any{"d"}}
	for name, c := range map[string]struct {
		change func(*thing)
		want   bool
	}{
		"nothing":      {func(*thing) {}, true},
		"state":        {func(x *thing) { x.hidden = 3; x.bad = true }, true},
		"same pointee": {func(x *thing) { x.Mode = ptr("x") }, true},
		"empty map":    {func(x *thing) { x.Env = map[string]int{} }, true},
		"not a number": {func(x *thing) { x.Ratio = float32(math.NaN()) }, false},
		"text":         {func(x *thing) { x.Text = "b" }, false},
		"pointee":      {func(x *thing) { x.Mode = ptr("y") }, false},
		"unset":        {func(x *thing) { x.Mode = nil }, false},
		"list":         {func(x *thing) { x.Names = []string{"c"} }, false},
		"map value":    {func(x *thing) { x.Ports = map[int64]string{1: "d"} }, false},
		"map key":      {func(x *thing) { x.Ports = map[int64]string{2: "c"} }, false},
		"any":          {func(x *thing) { x.Any = []any{int64(1)} }, false},
		"struct":       {func(x *thing) { x.At.X = 3 }, false},
	} {
		other := base
		c.change(&other)
		if got := resource.Equal(&base, &other); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestReceive(t *testing.T) {
	for _, c := range []struct {
		param   string
		sent    any
		changed bool
		err     string
	}{
		{"mode", ptr("x"), true, ""},
		{"mode", "x", true, ""},
		{"mode", (*string)(nil), false, ""},
		{"text", ptr(""), false, ""},
		{"text", (*string)(nil), false, "text: received: no value, and the parameter is not optional"},
		{"text", 1, false, "text: received: is an int, but a str is wanted"},
		{"small", uint64(127), true, ""},
		{"small", uint64(128), false, "small: received: 128 is out of range, which is -128 to 127"},
		{"size", int8(-1), false, "size: received: -1 is out of range, which is 0 to 65535"},
		{"names", []string{"a"}, true, ""},
		{"any", ptr(uint8(3)), true, ""},
		{"txt", "a", false, "txt: the receiver has no such parameter; did you mean text?"},
	} {
		r := &thing{}
		changed, err := resource.Receive(r, c.param, c.sent)
		if changed != c.changed || err == nil && c.err != "" || err != nil && err.Error() != c.err {
			t.Errorf("%s <- %v: got %v, %v, want %v, %s", c.param, c.sent, changed, err, c.changed, c.err)
		}
		if again, err := resource.Receive(r, c.param, c.sent); again && err == nil {
			t.Errorf("%s <- %v: changed a second time", c.param, c.sent)
		}
	}
}

func TestSent(t *testing.T) {
	out := "hello"
	for _, c := range []struct {
		sends  any
		output string
		want   any
		err    string
	}{
		{sent{Out: &out}, "out", "hello", ""},
		{&sent{Code: 3}, "code", int64(3), ""},
		{sent{}, "out", nil, ""},
		{(*sent)(nil), "out", nil, ""},
		{nil, "out", nil, "it sends nothing"},
		{sent{}, "cod", nil, "it does not send cod; did you mean code?"},
	} {
		got, err := resource.Sent(c.sends, c.output)
		if got != c.want || err == nil && c.err != "" || err != nil && err.Error() != c.err {
			t.Errorf("%s of %v: got %v, %v, want %v, %s", c.output, c.sends, got, err, c.want, c.err)
		}
	}
}

func TestMetaSet(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		err   string
	}{
		{"noop", true, ""},
		{"noop", int64(1), "Meta:noop: is int64, but a bool is wanted"},
		{"retry", int64(-1), ""},
		{"retry", int64(32768), "Meta:retry: 32768 is out of range, which is -1 to 32767"},
		{"delay", int64(-1), "Meta:delay: -1 is out of range, which is 0 to 9223372036854"},
		{"poll", int64(-1), ""},
		{"poll", int64(1 << 31), "Meta:poll: 2147483648 is out of range, which is -2147483648 to 2147483647"},
		{"limit", 0.5, ""},
		{"sema", []any{"a", "b:2"}, ""},
		{"sema", []any{int64(1)}, "Meta:sema: element 0 is int64, but a str is wanted"},
		{"retrys", int64(1), "Meta:retrys: there is no such meta parameter; did you mean retry?"},
	} {
		m := resource.DefaultMeta()
		err := m.Set(c.name, c.value)
		if err == nil && c.err != "" || err != nil && err.Error() != c.err {
			t.Errorf("%s => %v: got %v, want %s", c.name, c.value, err, c.err)
		}
	}
}

// Every meta parameter can be set, has a tag of its name, and counts for Equal.
func TestMetaNames(t *testing.T) {
	fields := reflect.TypeFor[resource.Meta]()
	if fields.NumField() != len(resource.MetaNames) {
		t.Fatalf("%d fields and %d names", fields.NumField(), len(resource.MetaNames))
	}
	for i, name := range resource.MetaNames {
		if tag := fields.Field(i).Tag.Get("mgmt"); tag != name {
			t.Errorf("field %d is %s, want %s", i, tag, name)
		}
		base := resource.DefaultMeta()
		value := map[reflect.Kind]any{reflect.Bool: true, reflect.Float64: 2.5, reflect.Slice: []any{"x"}}[fields.Field(i).Type.Kind()]
		if value == nil {
			value = int64(3)
		}
		if strings.HasPrefix(name, "auto") {
			value = false
		}
		changed := resource.DefaultMeta()
		if err := changed.Set(name, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if changed.Equal(base) {
			t.Errorf("a change of %s goes unnoticed", name)
		}
	}
}

func TestMetaEqualIgnoresOrder(t *testing.T) {
	a, b := resource.DefaultMeta(), resource.DefaultMeta()
	a.Sema, b.Sema = []string{"x", "y", "x"}, []string{"y", "x"}
	if !a.Equal(b) {
		t.Errorf("%v and %v are the same semaphores", a.Sema, b.Sema)
	}
}

func TestSpecValidate(t *testing.T) {
	for _, c := range []struct {
		kind, name string
		text       string
		meta       func(*resource.Meta)
		err        string
	}{
		{"thing", "a", "", nil, ""},
		{"", "a", "", nil, "f:1:2: [a]: the kind is empty"},
		{"thing", "", "", nil, "f:1:2: thing[]: the name is empty"},
		{"thing", "a\x00b", "", nil, `f:1:2: thing[a\x00b]: the name "a\x00b" has a NUL byte in it`},
		{"thing", "$a", "", func(m *resource.Meta) { m.Dollar = true }, ""},
		{"thing", "$a", "", nil, "f:1:2: thing[$a]: the name begins with $, as if a variable were in quotes; write Meta:dollar => true if it is meant"},
		{"thing", "a", "bad", nil, "f:1:2: thing[a]: text is bad"},
		{"thing", "a", "bad", func(m *resource.Meta) { m.Hidden = true }, ""},
		{"thing", "a", "", func(m *resource.Meta) { m.Limit = 0 }, "f:1:2: thing[a]: Meta:burst: must be at least 1 where limit is set"},
		{"thing", "a", "", func(m *resource.Meta) { m.Sema = []string{"3"} }, `f:1:2: thing[a]: Meta:sema: "3" is a number; write a name, or a name and :3`},
		{"thing", "a", "", func(m *resource.Meta) { m.Export = []string{""} }, "f:1:2: thing[a]: Meta:export: a host is empty"},
	} {
		m := resource.DefaultMeta()
		if c.meta != nil {
			c.meta(&m)
		}
		s := &resource.Spec{Key: resource.Key{ID: resource.ID{Kind: c.kind, Name: c.name}}, Resource: &thing{Text: c.text}, Meta: m, Pos: "f:1:2"}
		err := s.Validate()
		if err == nil && c.err != "" || err != nil && err.Error() != c.err {
			t.Errorf("%s[%s]: got %v, want %s", c.kind, c.name, err, c.err)
		}
	}
}

func TestDiff(t *testing.T) {
	if got, want := resource.Diff("f", "a\nb\nc\n", "a\nx\nc\n"), "--- f\n+++ f\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, c := range []struct{ old, new, want string }{
		{"a\nb\n", "a\nc\n", "1 line differs"},
		{"", "a\nb", "2 lines differ"},
		{"a", "a\n", "1 line differs"},
		{"a\x00", "b", "2 → 1 bytes"},
		{strings.Repeat("x\n", 1<<20), "", "2097152 → 0 bytes"},
	} {
		if got := resource.DiffSummary(c.old, c.new); got != c.want {
			t.Errorf("%.20q to %.20q: got %s, want %s", c.old, c.new, got, c.want)
		}
	}
	huge := resource.Diff("f", "", strings.Repeat("line\n", 100_000))
	if len(huge) > 70_000 || !strings.HasSuffix(huge, "more lines)\n") {
		t.Errorf("a long diff has %d bytes and ends with %q", len(huge), huge[len(huge)-30:])
	}
}

func BenchmarkDecode(b *testing.B) {
	values := []resource.Value{{"text", "a"}, {"on", true}, {"count", int64(3)}, {"mode", "0644"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kind.Decode("a", values); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEqual(b *testing.B) {
	x, y := &thing{Text: "a", Mode: ptr("b")}, &thing{Text: "a", Mode: ptr("b")}
	b.ReportAllocs()
	for b.Loop() {
		if !resource.Equal(x, y) {
			b.Fatal("not equal")
		}
	}
}
