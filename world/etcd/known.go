package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc/credentials"

	"mgmt/world/peercred"
)

// known are credentials for connections without TLS, which at a loopback address go to programs of
// known users only.
type known struct {
	credentials.TransportCredentials
	users peercred.Users
}

// lastSystemUser is the highest number of a user who is a service, such as the etcd of the distribution,
// and no person: SYS_UID_MAX of login.defs(5).
const lastSystemUser = 999

// acceptLimit is how long a server may take to accept a connection.
const acceptLimit = 2 * time.Second

// ClientHandshake implements credentials.TransportCredentials.
func (k *known) ClientHandshake(ctx context.Context, address string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if err := k.check(ctx, conn); err != nil {
		return nil, nil, err
	}
	return k.TransportCredentials.ClientHandshake(ctx, address, conn)
}

// Clone implements credentials.TransportCredentials.
func (k *known) Clone() credentials.TransportCredentials { return k }

// check returns why what has accepted a connection is not taken for the cluster.
func (k *known) check(ctx context.Context, conn net.Conn) error {
	here, there := conn.LocalAddr(), conn.RemoteAddr()
	if !peercred.Supported || !peercred.IsLocal(here, there) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, acceptLimit)
	defer cancel()
	uid, err := peercred.Acceptor(ctx, here, there)
	switch {
	case errors.Is(err, peercred.ErrElsewhere):
		return nil // only root has the kernel forward connections
	case errors.Is(err, peercred.ErrNoOwner) && ctx.Err() == nil:
		return errors.New(hangsUp)
	case err != nil:
		return fmt.Errorf("what listens at %s is not used, as it is not known which user of this machine it is of: %w", there, err)
	case uid <= lastSystemUser || k.users.Has(uid):
		return nil
	}
	name := peercred.Name(uid)
	return fmt.Errorf("what listens at %s is not used: it is of the user %s, and not of %s or a service; if that is the cluster, say so by --local-users %s or MGMT_LOCAL_USERS=%[4]s", there, name, peercred.Trusted(), name)
}
