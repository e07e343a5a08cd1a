package server

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mgmt/cluster"
	"mgmt/world/peercred"
)

// A porch is where plain connections of other servers on this machine come in. Who talks to a server
// as one of the others can write everything, and etcd lets nobody look at such connections: so it
// listens at a socket that no other user reaches, and the porch passes on what comes from users who
// may be here. Clients need no porch, as the gate looks at theirs.
type porch struct {
	behind []url.URL // where etcd listens
	fronts []net.Listener
	dir    *os.File // of the socket; nil if there is none
	server http.Server

	serving sync.WaitGroup
}

// peersSocket is the socket, below the directory that only its owner enters.
const (
	peersDir    = "peers"
	peersSocket = "peers.sock"
)

// headerLimit is how long the header of a request may take.
const headerLimit = 10 * time.Second

// newPorch listens at the plain loopback URLs for servers. Others are etcd's own.
func newPorch(cfg cluster.ServerConfig, u users) (*porch, error) {
	all, err := parse(cfg.PeerURLs)
	if err != nil {
		return nil, err
	}
	p := &porch{}
	for _, peer := range everyLocalhost(all, net.DefaultResolver.LookupHost) {
		if !needsPorch(peer) {
			p.behind = append(p.behind, peer)
			continue
		}
		l, err := net.Listen("tcp", peer.Host)
		if err != nil {
			p.Close()
			return nil, err
		}
		p.fronts = append(p.fronts, l)
	}
	if len(p.fronts) == 0 {
		return p, nil
	}
	if err := p.connect(filepath.Join(filepath.Dir(cfg.Dir), peersDir), u); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// needsPorch reports whether only users of this machine reach a URL, and do so without TLS.
func needsPorch(u url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return peercred.Supported && u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// connect makes the directory of the socket and the server that passes on what may pass.
func (p *porch) connect(dir string, u users) error {
	if err := os.RemoveAll(dir); err != nil { // of a server that was killed
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var err error
	if p.dir, err = os.Open(dir); err != nil {
		return err
	}
	socket := fmt.Sprintf("/proc/self/fd/%d/%s", p.dir.Fd(), peersSocket) // paths of sockets have to be short
	p.behind = append(p.behind, url.URL{Scheme: "unix", Host: socket})
	silent := log.New(io.Discard, "", 0)
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "peers" },
		FlushInterval: -1, // messages of raft are not to wait for one another
		ErrorLog:      silent,
		Transport: &http.Transport{
			DisableCompression: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
		},
	}
	p.server = http.Server{
		Handler: admitting(proxy),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, refusalKey{}, u.check(c))
		},
		ErrorLog:          silent,
		ReadHeaderTimeout: headerLimit, // strangers do not keep connections
	}
	return nil
}

// refusalKey has why a connection is not served, in its context.
type refusalKey struct{}

// admitting refuses what comes by a connection that is not served.
func admitting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err, ok := r.Context().Value(refusalKey{}).(error); ok {
			w.Header().Set("Connection", "close")
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve begins to pass on. Those who came before wait.
func (p *porch) serve() {
	for _, l := range p.fronts {
		p.serving.Go(func() { p.server.Serve(l) }) // until it is closed
	}
}

// Close stops listening and ends all connections.
func (p *porch) Close() {
	for _, l := range p.fronts {
		l.Close()
	}
	p.server.Close()
	p.serving.Wait()
}

// forget lets go of the directory, which etcd needs until it is closed.
func (p *porch) forget() {
	if p.dir != nil {
		p.dir.Close()
	}
}
