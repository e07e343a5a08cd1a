package local

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestValuesSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	for key, v := range map[string]any{
		"b": true, "i": int64(-7), "f": 1.5, "s": "\xff not text", "../odd/key": "x",
		"l": []any{int64(1), "two"}, "m": map[string]any{"k": []any{}}, "p": [][2]any{{int64(1), "x"}, {true, []any{}}},
	} {
		s := New(dir)
		if changed, err := s.SetValue(key, v); !changed || err != nil {
			t.Errorf("SetValue(%q): %v, %v; want a change", key, changed, err)
		}
		if changed, err := s.SetValue(key, v); changed || err != nil {
			t.Errorf("SetValue(%q) again: %v, %v; want no change", key, changed, err)
		}
		got, err := New(dir).Value(key)
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("Value(%q) after a restart: %#v, %v; want %#v", key, got, err, v)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "odd")); err == nil {
		t.Error("a key led out of the directory of values")
	}
}

func TestWatchValue(t *testing.T) {
	s := New(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan any, 10)
	done := make(chan error)
	go func() { done <- s.WatchValue(ctx, "k", func(v any) { got <- v }) }()
	if v := <-got; v != nil {
		t.Errorf("first value %v, want none", v)
	}
	for _, v := range []any{"a", int64(2), nil} {
		if _, err := s.SetValue("k", v); err != nil {
			t.Fatal(err)
		}
		if g := <-got; g != v {
			t.Errorf("got %v, want %v", g, v)
		}
	}
	cancel()
	if err := <-done; err != context.Canceled {
		t.Errorf("WatchValue returned %v, want that it was cancelled", err)
	}
}

func TestDamagedValue(t *testing.T) {
	dir := t.TempDir()
	s := New(dir)
	if _, err := s.SetValue("k", "v"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.valuePath("k"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := New(dir).Value("k"); err == nil {
		t.Errorf("a damaged file gave %v and no error", v)
	}
}

func TestPool(t *testing.T) {
	dir := t.TempDir()
	for _, x := range []struct {
		uid  string
		want int
	}{{"a", 1}, {"b", 2}, {"a", 1}, {"c", 3}} {
		if n, err := New(dir).Pool("n", x.uid); n != x.want || err != nil {
			t.Errorf("Pool(%q): %d, %v; want %d", x.uid, n, err, x.want)
		}
	}
	for _, bad := range []string{"", "x/y", ".."} {
		if _, err := New(dir).Pool("n", bad); err == nil {
			t.Errorf("Pool(%q): no error", bad)
		}
	}
}

func TestVarDir(t *testing.T) {
	dir := t.TempDir()
	got, err := New(dir).VarDir("functions/x/")
	if want := filepath.Join(dir, "local/vardir/functions/x") + "/"; got != want || err != nil {
		t.Errorf("VarDir: %q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"", "/x/", "../x/", "a/../../x"} {
		if got, err := New(dir).VarDir(bad); err == nil {
			t.Errorf("VarDir(%q) = %q, want an error", bad, got)
		}
	}
}
