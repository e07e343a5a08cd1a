package server

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"mgmt/cluster"
	"mgmt/world/peercred"
)

// users are those of this machine whose connections need no certificate.
type users struct {
	host    string // of the server
	allowed peercred.Users
}

func usersOf(cfg cluster.ServerConfig) users { return users{cfg.Name, cfg.LocalUsers} }

// check returns why a plain connection is not served, if it stays on this machine. Others are there
// because somebody wants them to be.
func (u users) check(conn net.Conn) error {
	here, there := conn.LocalAddr(), conn.RemoteAddr()
	if !peercred.Supported || !peercred.IsLocal(here, there) {
		return nil
	}
	uid, err := peercred.Owner(here, there)
	switch {
	case err != nil:
		return fmt.Errorf("the agent of %s does not know which user of its machine this connection is of, and refuses it: %w; connect with a certificate, or let that agent listen on a socket, with --no-network", u.host, err)
	case u.allowed.Has(uid):
		return nil
	}
	name := peercred.Name(uid)
	return fmt.Errorf("the user %s is not allowed to use what the agent of %s shares; do it as %s, connect with a certificate, or start that agent with --local-users %s", name, u.host, peercred.Trusted(), name)
}

// plain takes connections without TLS. It looks once at each whose it is; etcd takes those with TLS
// itself, and what is not plain does not work here.
type plain struct {
	credentials.TransportCredentials // for the rest of the interface, which a server does not use
	users                            users
}

// ServerHandshake implements credentials.TransportCredentials. What it finds out stays with the
// address of the client: etcd takes all else that could have it for a certificate.
func (p *plain) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if err := p.users.check(conn); err != nil {
		return &refusedConn{conn, refusedAddr{conn.RemoteAddr(), err}}, nil, nil
	}
	return conn, nil, nil
}

// Clone implements credentials.TransportCredentials.
func (p *plain) Clone() credentials.TransportCredentials { return p }

// Info implements credentials.TransportCredentials.
func (p *plain) Info() credentials.ProtocolInfo { return credentials.ProtocolInfo{} }

// A refusedConn is one whose requests are all refused: so the client is told why.
type refusedConn struct {
	net.Conn
	remote refusedAddr
}

// RemoteAddr implements net.Conn.
func (c *refusedConn) RemoteAddr() net.Addr { return c.remote }

// A refusedAddr is where a client is that is not served.
type refusedAddr struct {
	net.Addr
	why error
}

// refusal returns why a client is not served, whatever it asks for.
func refusal(ctx context.Context) error {
	if p, ok := peer.FromContext(ctx); ok {
		if a, ok := p.Addr.(refusedAddr); ok {
			return a.why
		}
	}
	return nil
}
