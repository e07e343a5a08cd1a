package test_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
	"mgmt/resources/test"
)

// decode makes a resource that has been opened, and that logs into a buffer.
func decode(t *testing.T, values ...resource.Value) (*test.Resource, *bytes.Buffer) {
	t.Helper()
	r, err := test.Kind.Decode("a", values)
	if err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	if err := r.(resource.Opener).Open(&resource.Env{Log: slog.New(slog.NewTextHandler(log, nil))}); err != nil {
		t.Fatal(err)
	}
	return r.(*test.Resource), log
}

// parameters has each parameter that holds a value, with a value that is not the default.
var parameters = values(map[string]any{
	"bool": true, "str": "s",
	"int": int64(-1), "int8": int64(-128), "int16": int64(-32768), "int32": int64(-1 << 31), "int64": int64(-1 << 63),
	"uint": int64(1), "uint8": int64(255), "uint16": int64(65535), "uint32": int64(1<<32 - 1), "uint64": int64(1<<63 - 1),
	"byte": int64(255), "rune": int64(-1 << 31), "float32": 0.5, "float64": 1e300,
	"boolptr": false, "stringptr": "", "int64ptr": int64(0), "int8ptr": int64(0), "uint8ptr": int64(0), "int8ptrptrptr": int64(0),
	"slicestring": []any{"a", "b"}, "mapintfloat": [][2]any{{int64(1), 0.5}},
	"mixedstruct": map[string]any{"somebool": true, "somestr": "s", "someint": int64(1), "somefloat": 0.5},
	"interface":   "any", "anotherstr": "t", "comment": "c",
})

func values(params map[string]any) []resource.Value {
	var out []resource.Value
	for name, v := range params {
		out = append(out, resource.Value{Name: name, Value: v})
	}
	return out
}

func TestParameters(t *testing.T) {
	r, _ := decode(t, parameters...)
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	if changes, err := r.Check(t.Context()); len(changes) > 0 || err != nil {
		t.Errorf("Check: %v, %v; it is always right", changes, err)
	}
	given, err := test.Kind.Given(r)
	if err != nil || len(given) != len(parameters) {
		t.Errorf("given are %v, %v; want the %d of %v", given, err, len(parameters), parameters)
	}
}

func TestValidate(t *testing.T) {
	r, _ := decode(t, resource.Value{Name: "validatebool", Value: true})
	if r.Validate() == nil {
		t.Error("validatebool makes no error")
	}
	r, _ = decode(t, resource.Value{Name: "validateerror", Value: "as asked"})
	if err := r.Validate(); err == nil || err.Error() != "as asked" {
		t.Errorf("validateerror: %v", err)
	}
}

func TestSends(t *testing.T) {
	for value, want := range map[string]any{"": nil, "hi": "hi"} {
		r, _ := decode(t, resource.Value{Name: "sendvalue", Value: value})
		if got, err := resource.Sent(r.Sends(), "hello"); got != want || err != nil {
			t.Errorf("sendvalue %q: hello is %v, %v; want %v", value, got, err, want)
		}
		if got, err := resource.Sent(r.Sends(), "answer"); got != int64(42) || err != nil {
			t.Errorf("answer is %v, %v", got, err)
		}
	}
}

func TestCompareFail(t *testing.T) {
	a, _ := decode(t, parameters...)
	b, _ := decode(t, parameters...)
	if !resource.Equal(a, b) {
		t.Error("two of the same parameters differ")
	}
	b.AnotherStr = "other"
	if resource.Equal(a, b) {
		t.Error("two of different parameters are equal")
	}
	c, _ := decode(t, resource.Value{Name: "comparefail", Value: true})
	d, _ := decode(t, resource.Value{Name: "comparefail", Value: true})
	if resource.Equal(c, d) {
		t.Error("comparefail does not keep them apart")
	}
}

func TestExpectRecv(t *testing.T) {
	r, _ := decode(t, resource.Value{Name: "expectrecv", Value: []any{"str", "int"}})
	for _, x := range []struct {
		received []string
		ok       bool
	}{{nil, false}, {[]string{"str"}, false}, {[]string{"int", "str"}, true}, {[]string{"int", "str", "bool"}, false}} {
		r.Receives(x.received)
		if _, err := r.Check(t.Context()); (err == nil) != x.ok {
			t.Errorf("%q received: %v", x.received, err)
		}
	}
	none, _ := decode(t, resource.Value{Name: "expectrecv", Value: []any{}})
	none.Receives([]string{"str"})
	if _, err := none.Check(t.Context()); err == nil {
		t.Error("something is received where nothing is expected")
	}
}

func TestOnlyShow(t *testing.T) {
	r, log := decode(t, append(parameters, resource.Value{Name: "onlyshow", Value: []any{"int8", "slicestring", "sendvalue"}})...)
	if _, err := r.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"int8 is -128", "slicestring is [a b]", "sendvalue is not given"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, log)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 3 {
		t.Errorf("%d lines are logged, want 3:\n%s", n, log)
	}
}

func TestAlwaysGroup(t *testing.T) {
	alone, _ := decode(t)
	grouped, _ := decode(t, resource.Value{Name: "alwaysgroup", Value: true})
	if alone.GroupKey() != "" || grouped.GroupKey() == "" {
		t.Errorf("the keys are %q and, with alwaysgroup, %q", alone.GroupKey(), grouped.GroupKey())
	}
}

func TestWaitForError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := decode(t, resource.Value{Name: "waitforerror", Value: int64(1500)})
		begin := time.Now()
		_, err := r.Check(t.Context())
		if d := time.Since(begin); err == nil || d != 1500*time.Millisecond {
			t.Errorf("error %v after %v", err, d)
		}
	})
}
