package tunnel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Options say how a gateway is reached.
type Options struct {
	Gateway Gateway
	// Identity is the only key to log in with: the file of a private key, or of a public one that
	// the ssh-agent holds. Without it, all keys of the ssh-agent and of ~/.ssh are tried.
	Identity string
	// KnownHosts are the files with host keys, used if no key was given for the gateway; the
	// default is the file of the user and that of the machine.
	KnownHosts []string
	// Home is where ~ is, and AgentSocket where the ssh-agent listens; the defaults are what the
	// environment says.
	Home, AgentSocket string
	Log               *slog.Logger // is told when the gateway is reached, and when it is lost

	// Pace says how a connection is kept; zero is the usual pace.
	Pace Pace
}

// A Pace is how a connection is kept.
type Pace struct {
	Connect time.Duration // how long connecting and logging in may take
	Ask     time.Duration // how often the gateway is asked whether it is there
	Answer  time.Duration // how long it may take to answer
	Again   time.Duration // how soon to try again after one side has refused the other
}

var usualPace = Pace{Connect: 30 * time.Second, Ask: 3 * time.Second, Answer: 6 * time.Second, Again: 30 * time.Second}

// A Dialer makes channels through a gateway. Its methods are safe for concurrent use.
type Dialer struct {
	opts  Options
	hosts hostKeys
	keys  keyring
	log   *slog.Logger

	life context.Context // ends with Close
	end  context.CancelFunc
	all  sync.WaitGroup // whatever was started

	mu   sync.Mutex // guards what follows
	link *link      // the present one; nil before the first
	deaf string     // why the last channel was not opened, if the log was told

	said string // the last failure that the log was told; belongs to the link that connects
}

// A link is one SSH connection, or the attempt to get it.
type link struct {
	ready  chan struct{} // closed when client or err is there
	client *ssh.Client
	err    error
	over   chan struct{} // closed when the connection is lost, or could not be had
}

// New checks the options and returns a dialer, which connects when somebody dials. Close ends it.
func New(opts Options) (*Dialer, error) {
	if opts.Home == "" {
		opts.Home, _ = os.UserHomeDir()
	}
	if opts.AgentSocket == "" {
		opts.AgentSocket = os.Getenv("SSH_AUTH_SOCK")
	}
	if opts.KnownHosts == nil {
		opts.KnownHosts = knownHostsFiles(opts.Home)
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Pace == (Pace{}) {
		opts.Pace = usualPace
	}
	hosts, err := hostKeysOf(opts.Gateway, opts.KnownHosts)
	if err != nil {
		return nil, err
	}
	d := &Dialer{opts: opts, hosts: hosts, log: opts.Log, keys: keyring{opts.Home, opts.Identity, opts.AgentSocket}}
	_, done, err := d.keys.open()
	if err != nil {
		return nil, fmt.Errorf("logging in at %s: %w", opts.Gateway, err)
	}
	done()
	d.life, d.end = context.WithCancel(context.Background())
	return d, nil
}

// Connect connects to the gateway, if there is no connection.
func (d *Dialer) Connect(ctx context.Context) error {
	_, err := d.client(ctx)
	return err
}

// Dial returns a channel to an address as seen from the gateway: HOST:PORT, or unix:PATH.
func (d *Dialer) Dial(ctx context.Context, addr string) (net.Conn, error) {
	client, err := d.client(ctx)
	if err != nil {
		return nil, err
	}
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", strings.TrimPrefix(path, "//")
	}
	conn, err := client.DialContext(ctx, network, addr)
	if err != nil {
		err = channelError(d.opts.Gateway, addr, err)
	}
	d.tellChannel(ctx, err)
	return conn, err
}

// tellChannel tells the log why a channel was not opened, but not the same again and again.
func (d *Dialer) tellChannel(ctx context.Context, err error) {
	if ctx.Err() != nil || d.life.Err() != nil {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	d.mu.Lock()
	news := text != d.deaf
	d.deaf = text
	d.mu.Unlock()
	if news && err != nil {
		d.log.Warn("the SSH connection is of no use yet", "error", err)
	}
}

// Close ends the connection, and waits until nothing of the dialer is left.
func (d *Dialer) Close() error {
	d.mu.Lock()
	d.end() // nobody begins a link after that
	d.mu.Unlock()
	d.all.Wait()
	return nil
}

// client returns the present connection, or a new one. An attempt goes on when ctx ends, and
// whoever dials next waits for it: logging in may take longer than one dial may.
func (d *Dialer) client(ctx context.Context) (*ssh.Client, error) {
	l, err := d.current()
	if err != nil {
		return nil, err
	}
	select {
	case <-l.ready:
		return l.client, l.err
	case <-ctx.Done():
		return nil, fmt.Errorf("connecting to %s: %w", d.opts.Gateway, ctx.Err())
	}
}

// current returns the present link, or begins a new one.
func (d *Dialer) current() (*link, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.life.Err() != nil {
		return nil, fmt.Errorf("connecting to %s: %w", d.opts.Gateway, net.ErrClosed)
	}
	if d.link != nil {
		select {
		case <-d.link.over:
		default:
			return d.link, nil
		}
	}
	d.link = &link{ready: make(chan struct{}), over: make(chan struct{})}
	l := d.link
	d.all.Go(func() { d.run(l) })
	return l, nil
}

// run is the life of a link.
func (d *Dialer) run(l *link) {
	defer close(l.over)
	l.client, l.err = d.connect()
	d.tell(l.err)
	close(l.ready)
	if l.err != nil {
		d.pause(l.err)
		return
	}
	lost := make(chan error, 1)
	d.all.Go(func() { lost <- l.client.Wait() })
	err := d.keep(l.client, lost)
	l.client.Close()
	if d.life.Err() == nil {
		d.log.Warn("the SSH connection is lost", "to", d.opts.Gateway.String(), "error", err)
	}
}

// pause lets some time pass after a failure that trying again does not cure, so that the gateway
// does not take us for an attacker who tries one key after the other. Meanwhile dialling returns the
// same error.
func (d *Dialer) pause(err error) {
	if !errors.Is(err, ErrRefused) && !errors.Is(err, ErrHostKey) {
		return
	}
	timer := time.NewTimer(d.opts.Pace.Again)
	defer timer.Stop()
	select {
	case <-d.life.Done():
	case <-timer.C:
	}
}

// tell tells the log how an attempt has ended, but not the same failure again and again.
func (d *Dialer) tell(err error) {
	switch {
	case d.life.Err() != nil:
	case err == nil:
		d.said = ""
		d.log.Info("the SSH connection is there", "to", d.opts.Gateway.String())
	case err.Error() != d.said:
		d.said = err.Error()
		d.log.Warn("there is no SSH connection, which is tried again and again", "error", err)
	}
}

// connect connects and logs in.
func (d *Dialer) connect() (*ssh.Client, error) {
	ctx, cancel := context.WithTimeout(d.life, d.opts.Pace.Connect)
	defer cancel()
	keys, done, err := d.keys.open()
	if err != nil {
		return nil, fmt.Errorf("logging in at %s: %w", d.opts.Gateway, err)
	}
	defer done()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.opts.Gateway.Addr)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", d.opts.Gateway, err)
	}
	client, err := d.logIn(ctx, conn, keys)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return client, nil
}

// logIn turns a connection into one of SSH.
func (d *Dialer) logIn(ctx context.Context, conn net.Conn, keys []ssh.Signer) (*ssh.Client, error) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	offered := false
	sc, channels, requests, err := ssh.NewClientConn(conn, d.opts.Gateway.Addr, &ssh.ClientConfig{
		User: d.opts.Gateway.User,
		Auth: []ssh.AuthMethod{ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
			offered = true
			return keys, nil
		})},
		HostKeyCallback:   d.hosts.check,
		HostKeyAlgorithms: d.hosts.algorithms,
		ClientVersion:     "SSH-2.0-mgmt",
	})
	broken, isBroken := errors.AsType[*net.OpError](err)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("logging in at %s: it takes longer than %v", d.opts.Gateway, d.opts.Pace.Connect)
	case errors.Is(err, ErrHostKey):
		return nil, hostKeyCause(err)
	case isBroken: // without the port here, which is another one each time
		return nil, fmt.Errorf("speaking SSH with %s: %w", d.opts.Gateway, broken.Err)
	case err != nil && offered:
		return nil, fmt.Errorf("%w at %s: it was shown %s; add one of their .pub files to the authorized_keys of %s there (%w)",
			ErrRefused, d.opts.Gateway, describeAll(keys), d.opts.Gateway.User, err)
	case err != nil:
		return nil, fmt.Errorf("speaking SSH with %s: %w", d.opts.Gateway, err)
	}
	return ssh.NewClient(sc, channels, requests), nil
}

// hostKeyCause strips what the handshake has wrapped around an ErrHostKey.
func hostKeyCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil || inner == ErrHostKey || !errors.Is(inner, ErrHostKey) {
			return err
		}
		err = inner
	}
}

func describeAll(keys []ssh.Signer) string {
	var out []string
	for _, key := range keys {
		out = append(out, describe(key.PublicKey()))
	}
	return strings.Join(out, ", ")
}

// keep asks the gateway regularly whether it is there, and returns when it is not, or when the
// dialer is closed.
func (d *Dialer) keep(client *ssh.Client, lost <-chan error) error {
	tick := time.NewTicker(d.opts.Pace.Ask)
	defer tick.Stop()
	for {
		select {
		case <-d.life.Done():
			return d.life.Err()
		case err := <-lost:
			return err
		case <-tick.C:
		}
		if err := d.ask(client); err != nil {
			return err
		}
	}
}

// ask asks the gateway whether it is there.
func (d *Dialer) ask(client *ssh.Client) error {
	answered := make(chan error, 1)
	d.all.Go(func() {
		_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
		answered <- err
	})
	limit := time.NewTimer(d.opts.Pace.Answer)
	defer limit.Stop()
	select {
	case <-d.life.Done():
		return d.life.Err()
	case err := <-answered:
		return err
	case <-limit.C:
		return fmt.Errorf("it does not answer within %v", d.opts.Pace.Answer)
	}
}
