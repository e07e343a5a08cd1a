package resource_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"mgmt/resource"
)

var registry = resource.NewRegistry(kind)

func TestRecord(t *testing.T) {
	for _, c := range []struct {
		res  *thing
		want string
	}{
		{&thing{Count: 7}, `{"kind":"thing","name":"n"}`},
		{&thing{Text: "a\"<b", On: true}, `{"kind":"thing","name":"n","params":{"count":0,"on":true,"text":"a\"\u003cb"}}`},
		{&thing{Count: 7, Text: "\xff"}, `{"kind":"thing","name":"n","params":{"text":{"$bytes":"/w=="}}}`},
		{&thing{Count: 7, Ratio: 2}, `{"kind":"thing","name":"n","params":{"ratio":2.0}}`},
		{&thing{Count: 7, Any: math.Inf(-1)}, `{"kind":"thing","name":"n","params":{"any":{"$float":"-Inf"}}}`},
		{&thing{Count: 7, Ports: map[int64]string{9: "i", 8: "h"}}, `{"kind":"thing","name":"n","params":{"ports":{"$pairs":[[8,"h"],[9,"i"]]}}}`},
		{&thing{Count: 7, Env: map[string]int{"$bytes": 1}}, `{"kind":"thing","name":"n","params":{"env":{"$map":{"$bytes":1}}}}`},
		{&thing{Count: 7, At: point{1, -1}, Names: []string{}}, `{"kind":"thing","name":"n","params":{"at":{"x":1,"y":-1},"names":[]}}`},
	} {
		rec, err := registry.Record(resource.ID{Kind: "thing", Name: "n"}, c.res, resource.DefaultMeta())
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(rec)
		if err != nil || string(got) != c.want {
			t.Errorf("%+v is stored as\n%s, %v; want\n%s", c.res, got, err, c.want)
		}
		checkBack(t, got, c.res, resource.DefaultMeta())
	}
}

func TestRecordMeta(t *testing.T) {
	m := resource.DefaultMeta()
	m.Retry, m.Sema, m.Limit, m.Burst, m.AutoEdge = -1, []string{"a", "b:2"}, 0.5, 3, false
	rec, err := registry.Record(resource.ID{Kind: "thing", Name: "n"}, kind.New(), m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(rec)
	want := `{"kind":"thing","name":"n","meta":{"autoedge":false,"burst":3,"limit":0.5,"retry":-1,"sema":["a","b:2"]}}`
	if err != nil || string(got) != want {
		t.Errorf("stored as\n%s, %v; want\n%s", got, err, want)
	}
	checkBack(t, got, &thing{Count: 7}, m)
}

// checkBack checks that what is stored is the resource.
func checkBack(t *testing.T, data []byte, want *thing, meta resource.Meta) {
	t.Helper()
	var rec resource.Record
	if err := json.Unmarshal(data, &rec); err != nil {
		t.Fatalf("reading %s: %v", data, err)
	}
	spec, err := registry.Spec(rec)
	if err != nil {
		t.Fatalf("reading %s: %v", data, err)
	}
	if !resource.Equal(spec.Resource, want) || !spec.Meta.Equal(meta) {
		t.Errorf("%s is read as %+v %+v; want %+v %+v", data, spec.Resource, spec.Meta, want, meta)
	}
}

func TestRecordRandom(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		res := randomThing(r)
		rec, err := registry.Record(resource.ID{Kind: "thing", Name: randomText(r) + "n"}, res, resource.DefaultMeta())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		data, err := json.Marshal(rec)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkBack(t, data, res, resource.DefaultMeta())
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func randomThing(r *rand.Rand) *thing {
	out := &thing{Text: randomText(r), On: r.IntN(2) > 0, Count: r.Int64() - r.Int64(), Small: int8(r.IntN(256) - 128),
		Size: uint16(r.IntN(1 << 16)), Ratio: r.Float32() * 1e9, Any: randomData(r, 4), At: point{r.Int() - r.Int(), 1}}
	if r.IntN(2) > 0 {
		out.Mode = ptr(randomText(r))
	}
	for range r.IntN(3) {
		out.Names = append(out.Names, randomText(r))
		if out.Env == nil {
			out.Env, out.Ports = map[string]int{}, map[int64]string{}
		}
		out.Env["$"+randomName(r)] = r.Int()
		out.Ports[r.Int64()] = randomText(r)
	}
	return out
}

// randomData returns plain data that is at most depth levels deep.
func randomData(r *rand.Rand, depth int) any {
	n := 8
	if depth == 0 {
		n = 5
	}
	switch r.IntN(n) {
	case 0:
		return r.IntN(2) > 0
	case 1:
		return r.Int64() - r.Int64()
	case 2:
		return math.Float64frombits(r.Uint64())
	case 3:
		return float64(r.IntN(5))
	case 4:
		return randomText(r)
	case 5:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = randomData(r, depth-1)
		}
		return list
	case 6:
		pairs := make([][2]any, r.IntN(4))
		for i := range pairs {
			pairs[i] = [2]any{int64(i), randomData(r, depth-1)}
		}
		return pairs
	default:
		members := map[string]any{}
		for range r.IntN(4) {
			members[randomName(r)] = randomData(r, depth-1)
		}
		return members
	}
}

func randomName(r *rand.Rand) string {
	return []string{"a", "b", "$map", "$bytes", "é", "$float", "$pairs", ""}[r.IntN(8)]
}

func randomText(r *rand.Rand) string {
	b := make([]byte, r.IntN(6))
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	return string(b)
}

func TestRecordBad(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, "kind: is missing"},
		{`{"kind":3,"name":"n"}`, "kind: is no text"},
		{`{"kind":"thing","name":""}`, "name: is no text"},
		{`{"kind":"nothing","name":"n"}`, `there is no kind "nothing"`},
		{`{"kind":"thing","name":"n","params":{"texd":"a"}}`, "did you mean text?"},
		{`{"kind":"thing","name":"n","params":{"count":"a"}}`, "count: is a str, but an int is wanted"},
		{`{"kind":"thing","name":"n","params":{"count":99999999999999999999}}`, "out of range"},
		{`{"kind":"thing","name":"n","params":{"any":{"$x":1}}}`, "member $x is not understood"},
		{`{"kind":"thing","name":"n","params":{"any":{"$x":1,"y":2}}}`, "begins with $ beside others"},
		{`{"kind":"thing","name":"n","params":{"any":{"$pairs":[[1]]}}}`, "element 0 is no pair"},
		{`{"kind":"thing","name":"n","params":{"any":{"$bytes":"!"}}}`, "illegal base64"},
		{`{"kind":"thing","name":"n","meta":{"retry":true}}`, "retry"},
	} {
		var rec resource.Record
		err := json.Unmarshal([]byte(c.in), &rec)
		if err == nil {
			_, err = registry.Spec(rec)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want %q in it", c.in, err, c.want)
		}
	}
}

// What can be read has one form in which it is written, whatever it was read from.
func FuzzRecord(f *testing.F) {
	for _, seed := range []string{
		`{"kind":"thing","name":"n","params":{"text":"a","any":{"$pairs":[[1,2.5],["x",null]]}}}`,
		`{"kind":"thing","name":{"$bytes":"/w=="},"params":{"any":{"$map":{"$map":{"$float":"NaN"}}},"mode":null}}`,
		`{"kind":"thing","name":"n","meta":{"retry":-1,"sema":["a"]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var rec, again resource.Record
		if json.Unmarshal(data, &rec) != nil {
			return
		}
		first, err := json.Marshal(rec)
		if err != nil {
			t.Fatalf("%q was read but cannot be written: %v", data, err)
		}
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("%s was written but cannot be read: %v", first, err)
		}
		second, err := json.Marshal(again)
		if err != nil || string(first) != string(second) || again.ID != rec.ID {
			t.Fatalf("%s is written as %s the second time, %v", first, second, err)
		}
		if spec, err := registry.Spec(rec); err == nil && !reflect.DeepEqual(spec.Key.ID, rec.ID) {
			t.Fatalf("%v became %v", rec.ID, spec.Key.ID)
		}
	})
}
