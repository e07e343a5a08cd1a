package tunnel

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
)

var (
	// ErrHostKey is why a gateway is not believed to be the one that is meant.
	ErrHostKey = errors.New("the host key is not the right one")
	// ErrKeys is why there is nothing to show to a gateway.
	ErrKeys = errors.New("there is no key to log in with")
	// ErrRefused is why a gateway lets nobody in.
	ErrRefused = errors.New("none of the keys is accepted")
	// ErrForward is why a gateway opens no channel: it is not allowed to.
	ErrForward = errors.New("it does not forward connections")
)

// channelError says why a gateway has not opened a channel.
func channelError(g Gateway, addr string, err error) error {
	var refused *ssh.OpenChannelError
	switch {
	case !errors.As(err, &refused):
		return fmt.Errorf("reaching %s through %s: %w", addr, g, err)
	case refused.Reason == ssh.Prohibited:
		return fmt.Errorf("reaching %s through %s: %w there: let its sshd_config have AllowTcpForwarding yes or local, and PermitOpen, if it is set, name %s", addr, g, ErrForward, addr)
	}
	return fmt.Errorf("%s does not reach %s: %s; is something listening there, as seen from that host?", g, addr, refused.Message)
}
