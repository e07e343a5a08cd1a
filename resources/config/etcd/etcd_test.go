package etcd_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mgmt/resource"
	"mgmt/resource/resourcetest"
	"mgmt/resources/config/etcd"
	"mgmt/world"
	"mgmt/world/mem"
)

// decode makes the resource with names and values in turn.
func decode(t *testing.T, pairs ...any) *etcd.Resource {
	t.Helper()
	return resourcetest.Make[*etcd.Resource](t, etcd.Kind, "size", pairs...)
}

func TestValidate(t *testing.T) {
	for _, x := range []struct {
		given []any
		want  string
	}{
		{nil, "idealclustersize: is not given"},
		{[]any{"idealclustersize", int64(0)}, "idealclustersize: is 0, which shuts the cluster down"},
		{[]any{"allow_size_shutdown", true}, "idealclustersize: is not given"},
	} {
		if err := decode(t, x.given...).Validate(); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("of %v the error is %v, want %q", x.given, err, x.want)
		}
	}
	if _, err := etcd.Kind.Decode("size", []resource.Value{{Name: "idealclustersize", Value: int64(-1)}}); err == nil {
		t.Error("it takes a negative size")
	}
}

func TestSets(t *testing.T) {
	w := mem.New().Host("a")
	kv := w.(world.Keyed).KV()
	r := decode(t, "idealclustersize", int64(3))
	if err := r.Open(&resource.Env{World: w}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "this agent is alone") {
		t.Errorf("without a cluster the error is %v", err)
	}
	if err := r.Apply(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "this agent is alone") {
		t.Errorf("without a cluster the error is %v", err)
	}
	if _, err := kv.Commit(t.Context(), world.Txn{Put: map[string]string{world.SizeKey: "5\n"}}); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		given []any
		want  string
		size  string
	}{
		{[]any{"idealclustersize", int64(3)}, "idealclustersize: 5\n → 3", "3"},
		{[]any{"idealclustersize", int64(3)}, "", "3"},
		{[]any{"idealclustersize", int64(0), "allow_size_shutdown", true}, "idealclustersize: 3 → 0, allow_size_shutdown: false → true", "0"},
		{[]any{"idealclustersize", int64(7)}, "idealclustersize: 0 → 7, allow_size_shutdown: true → false", "7"},
	} {
		r.Update(decode(t, x.given...))
		if got := resourcetest.Converge(t, r); got != x.want {
			t.Errorf("of %v the change is %q, want %q", x.given, got, x.want)
		}
		have, err := kv.Get(t.Context(), world.SizeKey, world.ShutdownKey)
		if err != nil || have[world.SizeKey] != x.size || (have[world.ShutdownKey] == "true") != (x.size == "0") {
			t.Errorf("of %v there is %v, %v", x.given, have, err)
		}
	}
}

// plain is a world without keys.
type plain struct{ world.World }

// forbidden is a store in which this host may not write.
type forbidden struct{ world.KV }

func (forbidden) Commit(context.Context, world.Txn) (bool, error) {
	return false, errors.New("a is not allowed to change that")
}

// keyed is a world with keys.
type keyed struct {
	world.World
	kv world.KV
}

func (w keyed) KV() world.KV { return w.kv }

func TestWithoutTheMeans(t *testing.T) {
	w := mem.New().Host("a")
	r := decode(t, "idealclustersize", int64(3))
	if err := r.Open(&resource.Env{World: plain{w}}); err == nil || !strings.Contains(err.Error(), "this agent is alone") {
		t.Errorf("without keys the error is %v", err)
	}
	if err := r.Open(&resource.Env{World: keyed{w, forbidden{w.(world.Keyed).KV()}}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Apply(t.Context(), nil); err == nil || err.Error() != "setting the wanted size of the cluster: a is not allowed to change that" {
		t.Errorf("without the right the error is %v", err)
	}
}
