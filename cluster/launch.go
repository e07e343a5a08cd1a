package cluster

import (
	"context"
	"errors"

	"mgmt/cluster/pki"
	"mgmt/world/peercred"
)

// ServerConfig is what a server is started with. It travels to its process as JSON.
type ServerConfig struct {
	Name string // of the member: that of its host
	Dir  string // of its data

	ClientURLs          []string // where it listens for clients
	PeerURLs            []string // where it listens for peers; none if it is always alone
	AdvertiseClientURLs []string // where clients reach it; the default is ClientURLs
	AdvertisePeerURLs   []string // where peers reach it; the default is PeerURLs

	// Members are the peer URLs of all members by name, itself included, and New says that
	// they begin a cluster. Both count for nothing when there is data.
	Members map[string][]string
	New     bool

	Quota int64 // how large its store may become, in bytes; 0 is etcd's own limit

	TLS *TLSFiles // for https URLs
	// LocalUsers reach the plain loopback URLs, besides root and the user of the server.
	LocalUsers peercred.Users `json:",omitempty"`
	// Fast makes elections and changes of members quick, and writes unsafe, for tests.
	Fast bool
}

// TLSFiles are the certificate of a host, and those that it trusts. Both sides of a connection
// show theirs.
type TLSFiles = pki.Files

// A Launcher starts servers.
type Launcher interface {
	// Launch starts a server and returns when it listens. The server runs until it is stopped
	// or ends by itself.
	Launch(ctx context.Context, cfg ServerConfig) (Server, error)
}

// A Server runs.
type Server interface {
	// Clients are the addresses where it listens for clients, as URLs.
	Clients() []string
	// Done is closed when it has ended, and Err then says why; nil if it was stopped.
	Done() <-chan struct{}
	Err() error
	// Stop ends it and waits for that. It hands on the lead if it has it.
	Stop()
}

var (
	// ErrBusy is why a server does not start when another program listens at its address.
	ErrBusy = errors.New("the address is in use")
	// ErrListen is why a server does not start when its address is none of this host, or not for it.
	ErrListen = errors.New("it cannot listen")
	// ErrRemoved is why a server ends whose member was removed from the cluster.
	ErrRemoved = errors.New("the member was removed from the cluster")
	// ErrNoServer is why no server starts when there is no program for it.
	ErrNoServer = errors.New("this agent runs no server")
)

// Kinds of errors of a server, as they travel.
var kinds = map[string]error{"busy": ErrBusy, "listen": ErrListen, "removed": ErrRemoved}

// A Report is what a server in another process says, as a line of JSON.
type Report struct {
	Clients []string `json:",omitempty"` // it listens there
	Ended   bool     `json:",omitempty"`
	Error   string   `json:",omitempty"`
	Kind    string   `json:",omitempty"` // of the error, if it is one that callers know
}

// Ended returns the last report of a server.
func Ended(err error) Report {
	r := Report{Ended: true}
	if err == nil {
		return r
	}
	r.Error = err.Error()
	for kind, known := range kinds {
		if errors.Is(err, known) {
			r.Kind = kind
		}
	}
	return r
}

// err returns the error that a report tells of.
func (r Report) err() error {
	known := kinds[r.Kind]
	switch {
	case r.Error == "":
		return nil
	case known != nil:
		return &reported{r.Error, known}
	}
	return errors.New(r.Error)
}

// reported is an error of another process.
type reported struct {
	text string
	kind error
}

func (e *reported) Error() string { return e.text }
func (e *reported) Unwrap() error { return e.kind }
