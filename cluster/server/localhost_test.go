package server

import (
	"context"
	"net"
	"net/url"
	"slices"
	"testing"
)

func TestEveryLocalhost(t *testing.T) {
	port, err := freePort("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	busy, err := net.Listen("tcp", "127.0.0.3:"+port)
	if err != nil {
		t.Skipf("there is one loopback address here: %v", err)
	}
	defer busy.Close()
	resolve := func(context.Context, string) ([]string, error) {
		// itself, one that is free, one that is not, one beyond this machine, and none at all
		return []string{"127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.3", "192.0.2.1", "x"}, nil
	}
	for given, want := range map[string][]string{
		"http://localhost:" + port:  {"http://localhost:" + port, "http://127.0.0.2:" + port},
		"http://127.0.0.1:" + port:  {"http://127.0.0.1:" + port},
		"https://localhost:" + port: {"https://localhost:" + port},
		"http://localhost:0":        {"http://localhost:0"},
	} {
		u, err := url.Parse(given)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, u := range everyLocalhost([]url.URL{*u}, resolve) {
			got = append(got, u.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", given, got, want)
		}
	}
}

// freePort returns a port at which nobody listens.
func freePort(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
