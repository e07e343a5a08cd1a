// Package faults breaks a cluster of real agents, on hosts that are network namespaces, and sees
// that it mends. It has nothing but tests, which take root and some minutes:
//
//	go test ./internal/faults           # run them
//	go test ./internal/faults -update   # and write docs/reliability.md
//	go test -short ./internal/faults    # run none
//
// A [lab] has three [host]s with an agent each, which got into the cluster as those of a user do: the
// first one makes the authority, the others have tokens. rows lists what is done to them. After each
// row, [lab.check] holds that no acknowledged value is lost, that all agents run the newest deploy,
// that exports and schedules are right, and that nothing listens without TLS.
package faults

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// patience is how long a test waits for what has to happen.
const patience = 90 * time.Second

// A lab has three hosts on one bridge.
type lab struct {
	t       *testing.T
	dir     string
	bridge  string // the namespace of the bridge
	hosts   []*host
	made    int // how many hosts there have been
	version int // of the newest deploy
}

// A host is a network namespace with an agent.
type host struct {
	lab     *lab
	name    string
	space   string
	address string
	dir     string // what is here for programs on the host
	cmd     *exec.Cmd
	done    chan struct{}
}

func newLab(t *testing.T) *lab {
	if noSpaces != "" {
		t.Skip(noSpaces)
	}
	dir, err := os.MkdirTemp("/tmp", "mf") // the paths of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l := &lab{t: t, dir: dir, bridge: "sw"}
	build := exec.Command("go", "build", "-o", l.program(), "mgmt/cmd/mgmt")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l.key("key", "trust")
	l.mkdir("here")
	l.space(l.bridge)
	l.ip("-n", l.bridge, "link", "add", "br0", "type", "bridge")
	l.ip("-n", l.bridge, "link", "set", "br0", "up")
	t.Cleanup(func() {
		for _, h := range l.hosts {
			h.kill()
		}
	})
	for range 3 {
		l.connect()
	}
	return l
}

func (l *lab) program() string         { return filepath.Join(l.dir, "mgmt") }
func (l *lab) here() string            { return filepath.Join(l.dir, "here") }
func (l *lab) prefix() string          { return filepath.Join(l.here(), "mgmt") }
func (l *lab) file(name string) string { return filepath.Join(l.dir, name) }

func (l *lab) mkdir(name string) string {
	l.t.Helper()
	dir := l.file(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		l.t.Fatal(err)
	}
	return dir
}

// key writes a key to sign deploys with, and the list of keys that has just that one.
func (l *lab) key(private, public string) {
	l.t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		l.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		l.t.Fatal(err)
	}
	line, err := ssh.NewPublicKey(pub)
	if err != nil {
		l.t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		private: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		public:  ssh.MarshalAuthorizedKey(line),
	} {
		if err := os.WriteFile(l.file(name), text, 0o600); err != nil {
			l.t.Fatal(err)
		}
	}
}

// space makes a network namespace.
func (l *lab) space(name string) {
	l.t.Helper()
	l.ip("netns", "add", name)
}

// connect adds a host, without an agent, to the lab.
func (l *lab) connect() *host {
	l.t.Helper()
	l.made++
	n := strconv.Itoa(l.made)
	h := &host{lab: l, name: "h" + n, space: "h" + n, address: "10.77.0." + n}
	h.dir = l.mkdir(h.name)
	l.space(h.space)
	l.ip("-n", h.space, "link", "set", "lo", "up")
	l.ip("-n", l.bridge, "link", "add", "p"+n, "type", "veth", "peer", "name", "eth0", "netns", h.space)
	l.ip("-n", l.bridge, "link", "set", "p"+n, "master", "br0", "up")
	l.ip("-n", h.space, "addr", "add", h.address+"/24", "dev", "eth0")
	l.ip("-n", h.space, "link", "set", "eth0", "up")
	l.hosts = append(l.hosts, h)
	return h
}

func (l *lab) ip(args ...string) {
	l.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		l.t.Fatalf("ip %v: %v\n%s", args, err, out)
	}
}

// cut takes a host off the bridge, and join puts it back.
func (h *host) cut()  { h.lab.ip("-n", h.lab.bridge, "link", "set", "p"+h.name[1:], "down") }
func (h *host) join() { h.lab.ip("-n", h.lab.bridge, "link", "set", "p"+h.name[1:], "up") }

// at returns a command that runs on the host. It has the directory of the host where every host has
// its own.
func (h *host) at(args ...string) *exec.Cmd {
	const bind = `mount --bind "$0" "$1" && shift && exec "$@"`
	line := []string{"netns", "exec", h.space, "sh", "-c", bind, h.dir, h.lab.here()}
	cmd := exec.Command("ip", append(line, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+h.lab.here())
	return cmd
}

// mgmt returns a command of the program on the host.
func (h *host) mgmt(args ...string) *exec.Cmd {
	return h.at(append([]string{h.lab.program()}, args...)...)
}

func (h *host) client() string { return "https://" + h.address + ":2379" }
func (h *host) server() string { return "https://" + h.address + ":2380" }

// read returns a file that the agent of the host has written.
func (h *host) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(h.dir, name))
	return string(text)
}

func (h *host) value() string { return h.read("value") }
func (h *host) log() string   { return h.read("log") }

// run are the arguments of the agent of the host.
func (h *host) run() []string {
	args := []string{
		"run", "--hostname", h.name, "--prefix", h.lab.prefix(), "--trust", h.lab.file("trust"),
	}
	if h != h.lab.hosts[len(h.lab.hosts)-1] { // the last one finds its addresses by itself
		args = append(args, "--client-urls", h.client(), "--server-urls", h.server())
	}
	if first := h.lab.hosts[0]; h != first {
		args = append(args, "--seeds", first.client())
	}
	return append(args, "empty")
}

// start starts the agent of the host.
func (h *host) start(env ...string) {
	h.lab.t.Helper()
	h.launch(h.mgmt(h.run()...), env...)
}

// launch starts a command that is the agent of the host.
func (h *host) launch(cmd *exec.Cmd, env ...string) {
	h.lab.t.Helper()
	log, err := os.OpenFile(filepath.Join(h.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		h.lab.t.Fatal(err)
	}
	defer log.Close()
	h.cmd, h.done = cmd, make(chan struct{})
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		h.lab.t.Fatal(err)
	}
	go func(done chan struct{}) {
		defer close(done)
		cmd.Wait()
	}(h.done)
}

// kill ends the agent of the host and its server at once.
func (h *host) kill() {
	if h.cmd != nil {
		syscall.Kill(-h.cmd.Process.Pid, syscall.SIGKILL)
		<-h.done
		h.cmd = nil
	}
}

// ends waits until the agent of the host has ended by itself.
func (h *host) ends() {
	h.lab.t.Helper()
	select {
	case <-h.done:
		h.cmd = nil
	case <-time.After(patience):
		h.lab.t.Fatalf("the agent of %s runs on:\n%s", h.name, h.log())
	}
}

// token returns a token of the cluster, which the first host prints.
func (l *lab) token(flags ...string) string {
	l.t.Helper()
	var out []byte
	l.eventually("a token is printed", func() (ok bool) {
		var err error
		out, err = l.hosts[0].mgmt(append([]string{"cluster", "token", "--prefix", l.prefix()}, flags...)...).Output()
		return err == nil
	})
	return strings.TrimSpace(string(out))
}

// begin starts all agents, which have never run before, and deploys to them.
func (l *lab) begin() {
	l.t.Helper()
	for i, h := range l.hosts {
		if i == 0 {
			h.start()
		} else {
			h.start("MGMT_TOKEN=" + l.token("--deploy"))
		}
		l.eventually(h.name+" is ready", func() bool { return h.members() != nil })
	}
	l.whole()
	l.hosts[0].set("begin")
	l.deploy(l.hosts[0])
	l.sees("begin", l.hosts...)
}

// set shares a value through a host, trying until that is acknowledged.
func (h *host) set(value string) {
	h.lab.t.Helper()
	h.lab.eventually(h.name+" sets "+value, func() bool { return h.share("v", value) == nil })
}

// sees waits until hosts have a value.
func (l *lab) sees(value string, hosts ...*host) {
	l.t.Helper()
	for _, h := range hosts {
		l.eventually(h.name+" sees "+value, func() bool { return h.value() == value })
	}
}

func (l *lab) eventually(what string, ok func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.fatalf("this does not come true: %s", what)
		}
	}
}

// fatalf ends the test and says what helps to find out why.
func (l *lab) fatalf(format string, args ...any) {
	l.t.Helper()
	for _, h := range l.hosts {
		l.t.Logf("%s:\n%s", h.name, h.log())
	}
	for _, h := range l.hosts {
		if h.cmd == nil {
			continue
		}
		n := len(h.log())
		syscall.Kill(-h.cmd.Process.Pid, syscall.SIGQUIT)
		time.Sleep(2 * time.Second)
		l.t.Logf("%s:\n%s", h.name, h.log()[n:])
	}
	out, _ := l.hosts[0].mgmt("cluster", "members", "--prefix", l.prefix()).CombinedOutput()
	l.t.Fatalf(format+"\n%s", append(args, out)...)
}

// members returns the states of the servers by host, as one host sees them.
func (h *host) members() map[string]string {
	out, err := h.mgmt("cluster", "members", "--json", "--prefix", h.lab.prefix()).Output()
	var standing struct {
		Members []struct{ Host, State string }
	}
	if err != nil || json.Unmarshal(out, &standing) != nil {
		return nil
	}
	states := map[string]string{}
	for _, m := range standing.Members {
		states[m.Host] = m.State
	}
	return states
}

// whole waits until all hosts run a server, and returns the one that leads, and the others, the
// first host before the second.
func (l *lab) whole() (leader *host, others []*host) {
	l.t.Helper()
	l.eventually("three servers answer, and one leads", func() bool {
		leader, others = nil, nil
		states := l.hosts[0].members()
		for _, h := range l.hosts {
			switch states[h.name] {
			case "leads":
				leader = h
			case "follows":
				others = append(others, h)
			}
		}
		return leader != nil && len(others) == len(l.hosts)-1 && len(states) == len(l.hosts)
	})
	return leader, others
}

// without returns the hosts but for one.
func (l *lab) without(h *host) []*host {
	return slices.DeleteFunc(slices.Clone(l.hosts), func(x *host) bool { return x == h })
}

// aside runs f with a host that is in the lab for as long as that takes.
func (l *lab) aside(f func(h *host)) {
	h := l.connect()
	l.hosts = l.without(h)
	defer func() {
		h.kill()
		l.ip("netns", "del", h.space)
		os.RemoveAll(h.dir)
	}()
	f(h)
}

// self returns the path of the test program.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
