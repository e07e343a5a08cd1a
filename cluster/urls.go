package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"
)

// addresses completes the addresses of the options, and refuses those that cannot be.
func (o *Options) addresses() error {
	if o.NoNetwork {
		if len(slices.Concat(o.Seeds, o.ClientURLs, o.ServerURLs, o.AdvertiseClientURLs, o.AdvertiseServerURLs)) > 0 {
			return errors.New("--no-network goes with none of --seeds, --client-urls, --server-urls, --advertise-client-urls and --advertise-server-urls")
		}
		dir, err := filepath.Abs(o.Dir)
		if err != nil {
			return err
		}
		socket := filepath.Join(dir, "clients.sock")
		if err := checkSocket(socket); err != nil {
			return err
		}
		o.ClientURLs = []string{"unix://" + socket}
		return nil
	}
	o.Seeds = slices.Clone(o.Seeds) // which are the caller's
	for i, seed := range o.Seeds {
		o.Seeds[i] = completeSeed(seed, o.TLS != nil)
	}
	o.findAddresses()
	if !slices.ContainsFunc(o.ClientURLs, isLocal) && !slices.ContainsFunc(o.ClientURLs, isEverywhere) {
		o.besides = len(o.ClientURLs) > 0
		o.ClientURLs = append([]string{DefaultClientURL}, o.ClientURLs...)
	}
	if len(o.ServerURLs) == 0 && len(o.Seeds) == 0 {
		o.ServerURLs = []string{DefaultServerURL}
	}
	if err := o.checkAdvertised(); err != nil {
		return err
	}
	for flag, urls := range map[string][]string{
		"--seeds": o.Seeds, "--client-urls": o.ClientURLs, "--server-urls": o.ServerURLs,
		"--advertise-client-urls": o.AdvertiseClientURLs, "--advertise-server-urls": o.AdvertiseServerURLs,
	} {
		for _, u := range urls {
			if err := o.checkURL(u); err != nil {
				return fmt.Errorf("%s: %w", flag, err)
			}
		}
	}
	return o.checkListening()
}

// checkListening refuses addresses at which a server cannot listen, or not for both clients and
// servers.
func (o *Options) checkListening() error {
	for flag, urls := range map[string][]string{"client": o.ClientURLs, "server": o.ServerURLs} {
		for _, u := range urls {
			if host := hostOf(u); !isSocket(u) && host != "localhost" && !isAddress(host) {
				return fmt.Errorf("--%s-urls: %s: a server listens at an address, and %s is a name; give the address here, and the name to others by --advertise-%s-urls", flag, u, host, flag)
			}
		}
	}
	for _, u := range o.ClientURLs {
		if slices.ContainsFunc(o.ServerURLs, func(v string) bool { return collide(u, v) }) {
			return fmt.Errorf("%s is given for clients and for servers; they need one each", u)
		}
	}
	return nil
}

// collide reports whether a server cannot listen at both of two URLs.
func collide(a, b string) bool {
	port := func(text string) string { u, _ := url.Parse(text); return u.Port() }
	if isSocket(a) || isSocket(b) {
		return a == b
	}
	if port(a) != port(b) || port(a) == "0" {
		return false
	}
	ip := func(text string) net.IP {
		if host := hostOf(text); host != "localhost" {
			return net.ParseIP(host)
		}
		return net.IPv4(127, 0, 0, 1)
	}
	return ip(a).Equal(ip(b)) || isEverywhere(a) || isEverywhere(b)
}

// hostOf returns the host in a URL that has been checked.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// isAddress reports whether a host is named by its IP address.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func isSocket(u string) bool { return strings.HasPrefix(u, "unix:") }

// findAddresses gives addresses to a host that has the certificate of its cluster and was given none:
// those at the default ports of the interface which leads to the other hosts, if nobody listens there.
// A host that others do not reach there finds that out by its certificate ([Node.heed]).
func (o *Options) findAddresses() {
	given := len(o.ClientURLs) + len(o.ServerURLs) + len(o.AdvertiseClientURLs) + len(o.AdvertiseServerURLs)
	m := memory{o.Dir}
	if !o.managed || o.NoServer || given > 0 {
		return
	}
	ip := interfaceTo(slices.Concat(o.Seeds, m.endpoints()))
	if ip == nil && m.hasData() { // the network is not there yet
		ip = m.address()
	}
	if ip == nil {
		return
	}
	client, server := "https://"+net.JoinHostPort(ip.String(), "2379"), "https://"+net.JoinHostPort(ip.String(), "2380")
	if !m.hasData() && !(isFree(client) && isFree(server)) {
		return
	}
	o.ClientURLs, o.ServerURLs, o.found = []string{client}, []string{server}, ip
}

// interfaceTo returns the address of this host from which it reaches the first of some URLs that is
// on another one; nil if none is.
func interfaceTo(urls []string) net.IP {
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Scheme == "unix" || isLocal(text) {
			continue
		}
		conn, err := net.Dial("udp", u.Host) // which sends nothing
		if err != nil {
			continue
		}
		conn.Close()
		if ip := conn.LocalAddr().(*net.UDPAddr).IP; !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			return ip
		}
	}
	return nil
}

// isFree reports whether nobody listens at a URL, and this host could.
func isFree(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	l, err := net.Listen("tcp", u.Host)
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// maxSocket is the length of a path that every system takes for a socket.
const maxSocket = 103

// checkSocket refuses a path that the server could not listen at: systems limit its length, and
// it has to be the same when it is read as a URL.
func checkSocket(path string) error {
	if len(path) > maxSocket {
		return fmt.Errorf("the socket %s of --no-network has %d bytes, and a system takes %d; name a shorter --prefix", path, len(path), maxSocket)
	}
	if u, err := url.Parse("unix://" + path); err != nil || u.Path != path || !utf8.ValidString(path) {
		return fmt.Errorf("the socket %q of --no-network cannot be written as a URL; name a --prefix with none of %%, # and ?, and in UTF-8", path)
	}
	return nil
}

// checkAdvertised refuses to tell others an address that is none.
func (o *Options) checkAdvertised() error {
	for flag, urls := range map[string][2][]string{
		"--advertise-client-urls": {o.ClientURLs, o.AdvertiseClientURLs},
		"--advertise-server-urls": {o.ServerURLs, o.AdvertiseServerURLs},
	} {
		i := slices.IndexFunc(urls[0], isEverywhere)
		if i >= 0 && len(urls[1]) == 0 {
			return fmt.Errorf("%s listens at all addresses of this host; say by which others reach it: %s", urls[0][i], flag)
		}
	}
	return nil
}

// isEverywhere reports whether a URL names all addresses of a host.
func isEverywhere(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsUnspecified()
}

// through completes the options of a host that reaches the store in another way.
func (o *Options) through() error {
	if len(o.Seeds) == 0 {
		return errors.New("a store over SSH is one of others: give --seeds, its addresses as seen from the host of --ssh-url")
	}
	for i, seed := range o.Seeds {
		if slices.Contains(o.Seeds[:i], seed) {
			return fmt.Errorf("--seeds: %s is given twice", seed)
		}
	}
	o.NoServer = true
	return nil
}

// completeSeed makes HOST, HOST:PORT or a URL without a port a URL with one.
func completeSeed(seed string, secure bool) string {
	scheme, address, found := strings.Cut(seed, "://")
	if found && scheme != "http" && scheme != "https" {
		return seed
	}
	if !found {
		address = seed
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), "2379")
	}
	switch {
	case found:
	case secure && !isLocal("http://"+address):
		scheme = "https"
	default:
		scheme = "http"
	}
	return scheme + "://" + address
}

// checkURL refuses what is no address of a store, and what is not safe.
func (o *Options) checkURL(text string) error {
	u, err := parseAddress(text)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "http":
		if !o.Insecure && !isLocal(text) {
			return fmt.Errorf("%s is reached beyond this machine without TLS; write https, or allow it by --insecure", text)
		}
	case "https":
		if o.TLS == nil {
			return fmt.Errorf("%s needs a certificate", text)
		}
	}
	return nil
}

// CheckSeed refuses what is no address of a store: HOST, HOST:PORT, or a URL.
func CheckSeed(seed string) error {
	_, err := parseAddress(completeSeed(seed, false))
	return err
}

func parseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, notAddress(text)
	case u.Scheme == "unix":
		return u, nil
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, notAddress(text)
	case u.Port() == "" || u.Hostname() == "":
		return nil, fmt.Errorf("%s lacks a host or a port", text)
	}
	if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil {
		return nil, fmt.Errorf("%s: there is no port %s; they go up to 65535", text, u.Port())
	}
	return u, nil
}

func notAddress(text string) error {
	return fmt.Errorf("%q is no address: it is to be HOST, HOST:PORT, https://HOST:PORT or http://HOST:PORT", text)
}

// isLocal reports whether only this machine reaches a URL.
func isLocal(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "unix" || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// isSecure reports whether a URL is reached by TLS.
func isSecure(u string) bool { return strings.HasPrefix(u, "https:") }

// public returns the URLs that are reached beyond this machine; all if there are none, for then all
// agents are on it.
func public(urls []string) []string {
	if out := slices.DeleteFunc(slices.Clone(urls), isLocal); len(out) > 0 {
		return out
	}
	return urls
}

// onMachine reports whether the host begins a cluster that only this machine reaches.
func (o *Options) onMachine() bool {
	beyond := func(u string) bool { return !isLocal(u) }
	all := slices.Concat(o.ClientURLs, o.ServerURLs, o.AdvertiseClientURLs, o.AdvertiseServerURLs)
	return len(o.Seeds) == 0 && !slices.ContainsFunc(all, beyond)
}

// peers are the peer URLs that others are told.
func (o *Options) peers() []string {
	if len(o.AdvertiseServerURLs) > 0 {
		return o.AdvertiseServerURLs
	}
	return o.ServerURLs
}

// free returns ErrBusy if another program listens where the server is to.
func (o *Options) free(ctx context.Context) error {
	for _, u := range slices.Concat(o.ClientURLs, o.ServerURLs) {
		if err := listenable(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// listenable returns ErrBusy if another program listens at a URL.
func listenable(ctx context.Context, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "unix" {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", u.Host)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listening at %s: %w", text, ErrBusy)
	case err == nil:
		l.Close()
	}
	return nil
}
