package etcd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What is stored is summed up by who uses it, over many pages.
func TestUsage(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	w := New(c, Options{Host: "a"})
	put := func(key string, size int) {
		t.Helper()
		_, err := c.Put(t.Context(), key, strings.Repeat("x", size-len(key)))
		must(t, err)
	}
	for i := range 50 {
		put(fmt.Sprintf("%s/storage/%04d", namespace, i), 100_000)
	}
	for i := range 1000 {
		put(fmt.Sprintf("%s%04d", stringsPrefix, i), 1000)
	}
	put(namespace+"/fs/deploy/1", 1000)
	put("/registry/a", 600)
	put("zzz", 100)
	_, err := c.Delete(t.Context(), stringsPrefix+"0001")
	must(t, err)
	got, err := w.Usage(t.Context())
	must(t, err)
	want := []Use{{"deploys", 51, 5_001_000}, {"shared values", 999, 999_000}, {others, 2, 700}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// No key is counted twice, or by nobody who is known.
func TestUsersAreApart(t *testing.T) {
	for i, a := range users {
		if !strings.HasPrefix(a.prefix, namespace+"/") || !strings.HasSuffix(a.prefix, "/") {
			t.Errorf("%s is no prefix below the namespace", a.prefix)
		}
		for _, b := range users[i+1:] {
			if strings.HasPrefix(a.prefix, b.prefix) || strings.HasPrefix(b.prefix, a.prefix) {
				t.Errorf("%s and %s overlap", a.prefix, b.prefix)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for n, want := range map[Size]string{0: "0.0 KiB", 1536: "1.5 KiB", 15_000_000: "14.3 MiB", 5 << 29: "2.5 GiB"} {
		if got := n.String(); got != want {
			t.Errorf("%d is %s, want %s", int64(n), got, want)
		}
	}
}

// BenchmarkUsage is what it costs to sum up a store of 64 MiB.
func BenchmarkUsage(b *testing.B) {
	s := serve(b)
	c := s.client(b)
	for i := range 64 {
		if _, err := c.Put(b.Context(), fmt.Sprint(namespace, "/storage/", i), strings.Repeat("x", 1<<20)); err != nil {
			b.Fatal(err)
		}
	}
	w := New(c, Options{Host: "a"})
	b.SetBytes(64 << 20)
	for b.Loop() {
		if _, err := w.Usage(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
