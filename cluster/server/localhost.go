package server

import (
	"context"
	"net"
	"net/url"
	"slices"
	"time"
)

// A resolver finds the addresses of a name.
type resolver func(ctx context.Context, host string) ([]string, error)

// resolveLimit is how long localhost may take, which a file tells as a rule.
const resolveLimit = time.Second

// everyLocalhost puts the other addresses of localhost after each plain URL that has this name. Who
// listens at a name listens at the first of its addresses only, and clients may try another one first:
// no other user is to listen there. Addresses that cannot be had are left out.
func everyLocalhost(urls []url.URL, resolve resolver) (out []url.URL) {
	for _, u := range urls {
		out = append(out, u)
		if u.Scheme != "http" || u.Hostname() != "localhost" || u.Port() == "0" {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), resolveLimit)
		addresses, _ := resolve(ctx, u.Hostname())
		cancel()
		out = append(out, others(u, addresses)...)
	}
	return out
}

// others returns a URL at each address of a name that is free when the name itself is listened at.
func others(u url.URL, addresses []string) (out []url.URL) {
	first, err := net.Listen("tcp", u.Host)
	if err != nil {
		return nil
	}
	defer first.Close()
	for _, address := range addresses {
		ip := net.ParseIP(address)
		if ip == nil || !ip.IsLoopback() {
			continue
		}
		other := u
		other.Host = net.JoinHostPort(address, u.Port())
		if l, err := net.Listen("tcp", other.Host); err == nil && !slices.Contains(out, other) {
			l.Close()
			out = append(out, other)
		}
	}
	return out
}
