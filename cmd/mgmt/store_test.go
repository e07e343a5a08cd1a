package main

import "testing"

func TestWithPort(t *testing.T) {
	for seed, want := range map[string]string{
		"a":              "a:2379",
		"a:1":            "a:1",
		"[::1]":          "[::1]:2379",
		"::1":            "[::1]:2379",
		"https://a":      "https://a:2379",
		"http://[::1]:2": "http://[::1]:2",
		"unix:///a":      "unix:///a",
	} {
		if got := withPort(seed); got != want {
			t.Errorf("%s is %s, not %s", seed, got, want)
		}
	}
}
