package tunnel

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// A Gateway is the host that an SSH connection goes to.
type Gateway struct {
	User string
	Addr string // HOST:PORT
	Key  string // its host key, in base64; empty if a known_hosts file is to have it
}

// What a gateway has when nothing is said.
const (
	defaultUser = "root"
	defaultPort = "22"
)

// String returns what ssh calls a destination.
func (g Gateway) String() string { return g.User + "@" + g.Addr }

// ParseGateway reads [ssh://][USER@]HOST[:PORT][?hostkey=BASE64].
func ParseGateway(text string) (Gateway, error) {
	full := text
	if !strings.Contains(text, "://") {
		full = "ssh://" + text
	}
	u, err := url.Parse(full)
	if err != nil {
		return Gateway{}, errors.New("this is not the address of an SSH host, as ssh://USER@HOST:PORT") // it may have a password
	}
	if err := checkGateway(u); err != nil {
		return Gateway{}, fmt.Errorf("%q is not the address of an SSH host, as ssh://USER@HOST:PORT: %w", u.Redacted(), err)
	}
	g := Gateway{User: defaultUser, Addr: net.JoinHostPort(u.Hostname(), defaultPort)}
	if u.Port() != "" {
		g.Addr = net.JoinHostPort(u.Hostname(), u.Port())
	}
	if name := u.User.Username(); name != "" {
		g.User = name
	}
	g.Key = strings.ReplaceAll(u.Query().Get("hostkey"), " ", "+") // a + that nobody escaped
	return g, nil
}

// checkGateway refuses what an address has too much or too little of.
func checkGateway(u *url.URL) error {
	_, hasPassword := u.User.Password()
	switch {
	case u.Scheme != "ssh":
		return fmt.Errorf("it begins with %s://", u.Scheme)
	case u.Hostname() == "":
		return fmt.Errorf("it names no host")
	case hasPassword:
		return fmt.Errorf("it has a password, which others on this machine can read; use a key")
	case u.Path != "" && u.Path != "/":
		return fmt.Errorf("it has a path, %s", u.Path)
	case u.Fragment != "":
		return fmt.Errorf("it has a fragment, #%s", u.Fragment)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("there is no port %s", port)
		}
	}
	for name := range u.Query() {
		if name != "hostkey" {
			return fmt.Errorf("it has a parameter %q, and the only one is hostkey", name)
		}
	}
	return nil
}
