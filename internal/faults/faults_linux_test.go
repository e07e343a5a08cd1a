// Package faults breaks clusters of real agents, on hosts that are network namespaces, and sees
// that they mend. It has nothing but tests, which take root and are asked for by MGMT_FAULTS:
//
//	MGMT_FAULTS=1 go test ./internal/faults           # run them
//	MGMT_FAULTS=1 go test ./internal/faults -update   # and write docs/reliability.md
package faults

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mgmt/world/etcd"
)

var update = flag.Bool("update", false, "write docs/reliability.md")

// patience is how long a test waits for what has to happen.
const patience = 90 * time.Second

// TestMain makes the test program one that sets shared values, or carries frames, for that is to
// be done on a host.
func TestMain(m *testing.M) {
	var err error
	switch args := append(os.Args[1:], ""); {
	case args[0] == "share" && len(args) == 5:
		err = share(args[1], args[2], args[3])
	case args[0] == "shareMany" && len(args) == 5:
		err = shareMany(args[1], args[2], args[3])
	case args[0] == "carry" && len(args) == 6:
		err = carry(args[1], args[2], args[3], args[4])
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func share(url, key, value string) error {
	client, err := etcd.Dial([]string{url}, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return etcd.New(client, etcd.Options{Host: "test"}).SetString(ctx, key, value)
}

// shareMany sets a value so many times, and has the store forget all but the last.
func shareMany(url, key, times string) error {
	n, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	client, err := etcd.Dial([]string{url}, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w := etcd.New(client, etcd.Options{Host: "test"})
	for i := 1; i <= n; i++ {
		if err := w.SetString(ctx, key, strconv.Itoa(i)); err != nil {
			return err
		}
	}
	last, err := client.Get(ctx, "none")
	if err != nil {
		return err
	}
	_, err = client.Compact(ctx, last.Header.Revision)
	return err
}

// A lab has three hosts on one bridge.
type lab struct {
	t       *testing.T
	dir     string
	program string // mgmt
	bridge  string // the namespace of the bridge
	hosts   []*host
}

// A host is a network namespace with an agent.
type host struct {
	lab     *lab
	name    string
	space   string
	address string
	cmd     *exec.Cmd
	done    chan struct{}
}

func newLab(t *testing.T) *lab {
	switch {
	case runtime.GOOS != "linux" || os.Geteuid() != 0:
		t.Skip("network namespaces take root on Linux")
	case os.Getenv("MGMT_FAULTS") == "":
		t.Skip("it takes minutes; ask for it by MGMT_FAULTS=1")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("the program ip of iproute2 is missing")
	}
	dir := t.TempDir()
	l := &lab{t: t, dir: dir, program: filepath.Join(dir, "mgmt"), bridge: fmt.Sprintf("mf%d-sw", os.Getpid())}
	if out, err := exec.Command("go", "build", "-o", l.program, "mgmt/cmd/mgmt").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l.space(l.bridge)
	l.ip("-n", l.bridge, "link", "add", "br0", "type", "bridge")
	l.ip("-n", l.bridge, "link", "set", "br0", "up")
	for i := 1; i <= 3; i++ {
		l.hosts = append(l.hosts, l.host(i))
	}
	t.Cleanup(func() {
		for _, h := range l.hosts {
			h.kill()
		}
	})
	return l
}

// space makes a network namespace that ends with the test.
func (l *lab) space(name string) {
	l.t.Helper()
	l.ip("netns", "add", name)
	l.t.Cleanup(func() { exec.Command("ip", "netns", "del", name).Run() })
}

// host connects a host to the bridge.
func (l *lab) host(i int) *host {
	l.t.Helper()
	n := strconv.Itoa(i)
	h := &host{lab: l, name: "h" + n, space: fmt.Sprintf("mf%d-h%d", os.Getpid(), i), address: "10.77.0." + n}
	l.space(h.space)
	l.ip("-n", h.space, "link", "set", "lo", "up")
	l.ip("-n", l.bridge, "link", "add", "p"+n, "type", "veth", "peer", "name", "eth0", "netns", h.space)
	l.ip("-n", l.bridge, "link", "set", "p"+n, "master", "br0", "up")
	l.ip("-n", h.space, "addr", "add", h.address+"/24", "dev", "eth0")
	l.ip("-n", h.space, "link", "set", "eth0", "up")
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

// at returns a command that runs on the host.
func (h *host) at(args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", h.space}, args...)...)
}

func (h *host) file(name string) string { return filepath.Join(h.lab.dir, h.name+"."+name) }
func (h *host) prefix() string          { return h.file("prefix") }
func (h *host) client() string          { return "http://" + h.address + ":2379" }

// command returns an agent that writes a shared value to a file of its host.
func (h *host) command(name, prefix string) *exec.Cmd {
	code := fmt.Sprintf(`import "world"
$v = world.getval("v")
file "%s" { state => "exists", content => if $v->exists { $v->value } else { "" }, }`, h.file("value"))
	args := []string{
		h.lab.program, "run", "--hostname", name, "--prefix", prefix, "--insecure",
		"--client-urls", h.client(), "--server-urls", "http://" + h.address + ":2380",
	}
	if first := h.lab.hosts[0]; h != first {
		args = append(args, "--seeds", first.client())
	}
	return h.at(append(args, code)...)
}

// start starts the agent of the host.
func (h *host) start() {
	h.lab.t.Helper()
	log, err := os.OpenFile(h.file("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		h.lab.t.Fatal(err)
	}
	defer log.Close()
	h.cmd, h.done = h.command(h.name, h.prefix()), make(chan struct{})
	h.cmd.Stdout, h.cmd.Stderr = log, log
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := h.cmd.Start(); err != nil {
		h.lab.t.Fatal(err)
	}
	go func(cmd *exec.Cmd, done chan struct{}) {
		defer close(done)
		cmd.Wait()
	}(h.cmd, h.done)
}

// kill ends the agent of the host and its server at once.
func (h *host) kill() {
	if h.cmd != nil {
		syscall.Kill(-h.cmd.Process.Pid, syscall.SIGKILL)
		<-h.done
		h.cmd = nil
	}
}

// value returns what the agent of the host has written.
func (h *host) value() string {
	text, _ := os.ReadFile(h.file("value"))
	return string(text)
}

// set shares a value through a host, trying until that is acknowledged.
func (h *host) set(value string) {
	h.lab.t.Helper()
	program := self(h.lab.t)
	h.lab.eventually(h.name+" sets "+value, func() bool { return h.at(program, "share", h.client(), "v", value).Run() == nil })
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
			for _, h := range l.hosts {
				log, _ := os.ReadFile(h.file("log"))
				l.t.Logf("%s:\n%s", h.name, log)
			}
			l.t.Fatalf("this does not come true: %s", what)
		}
	}
}

// members returns the states of the servers by host, as one host sees them.
func (h *host) members() map[string]string {
	out, err := h.at(h.lab.program, "cluster", "members", "--json", "--prefix", h.prefix()).Output()
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

// whole waits until all hosts run a server, and returns the one that leads, and the others.
func (l *lab) whole() (leader *host, others []*host) {
	l.t.Helper()
	l.eventually("three servers answer, and one leads", func() bool {
		leader, others = nil, nil
		for i, states := 0, l.hosts[0].members(); i < len(l.hosts); i++ {
			switch h := l.hosts[i]; states[h.name] {
			case "leads":
				leader = h
			case "follows":
				others = append(others, h)
			}
		}
		return leader != nil && len(others) == 2
	})
	return leader, others
}

// An outcome is a line of the table.
type outcome struct {
	fault, result string
	took          time.Duration
}

func TestFaults(t *testing.T) {
	l := newLab(t)
	for _, h := range l.hosts {
		h.start()
		l.eventually(h.name+" is ready", func() bool { return h.members() != nil })
	}
	l.whole()
	l.hosts[0].set("begin")
	l.sees("begin", l.hosts...)
	var table []outcome
	for _, f := range []struct {
		fault, result string
		run           func(*lab) time.Duration
	}{
		{"the server that leads is killed with -9, with its agent", "another one leads, and values flow again", killLeader},
		{"one of three servers is cut off, and comes back", "the others go on; it learns what it has missed", cutOne},
		{"the server that leads is cut off, and comes back", "the majority goes on, it acknowledges nothing alone, and learns what it has missed", cutLeader},
		{"two of three servers are cut off, and come back", "nothing is acknowledged meanwhile; then values flow again", cutMajority},
		{"every server is cut off from the others, and the network comes back", "machines stay right; then values flow again", cutAll},
		{"30 % of all packets are lost", "values flow on", lossy},
		{"each packet takes 100 ms", "values flow on", slow},
		{"a server is cut off for 1,000 revisions and a compaction", "it learns the last value", away},
		{"all agents are killed at once and started again", "no acknowledged value is lost", killAll},
		{"the data of a server is overwritten while its agent is down", "the agent says so and ends; with its data removed it joins again", corrupt},
		{"a second agent has the name of one that runs", "it is refused", sameName},
	} {
		if !t.Run(strings.ReplaceAll(f.fault, " ", "_"), func(t *testing.T) {
			outer := l.t
			l.t = t
			defer func() { l.t = outer }()
			took := f.run(l)
			t.Logf("%s after %v", f.result, took.Round(100*time.Millisecond))
			table = append(table, outcome{f.fault, f.result, took})
		}) {
			return
		}
	}
	if *update {
		write(t, table)
	}
}

func killLeader(l *lab) time.Duration {
	leader, others := l.whole()
	begin := time.Now()
	leader.kill()
	others[0].set("without leader")
	l.sees("without leader", others...)
	took := time.Since(begin)
	leader.start()
	l.sees("without leader", leader)
	l.whole()
	return took
}

func cutOne(l *lab) time.Duration {
	_, others := l.whole()
	away := others[1]
	away.cut()
	others[0].set("one away")
	l.sees("one away", others[0])
	if got := away.value(); got == "one away" {
		l.t.Error("the network is not cut")
	}
	begin := time.Now()
	away.join()
	l.sees("one away", away)
	took := time.Since(begin)
	l.whole()
	return took
}

func cutAll(l *lab) time.Duration {
	l.whole()
	for _, h := range l.hosts {
		h.cut()
	}
	for _, h := range l.hosts { // a machine is kept right without the cluster
		before := h.value()
		if err := os.WriteFile(h.file("value"), []byte("drift"), 0o600); err != nil {
			l.t.Fatal(err)
		}
		l.sees(before, h)
	}
	l.eventually("nobody leads", func() bool {
		states := l.hosts[0].members()
		return states["h1"] == "does not answer" || states["h1"] == ""
	})
	begin := time.Now()
	for _, h := range l.hosts {
		h.join()
	}
	l.hosts[0].set("healed")
	l.sees("healed", l.hosts...)
	return time.Since(begin)
}

func killAll(l *lab) time.Duration {
	l.whole()
	l.hosts[0].set("kept")
	for _, h := range l.hosts {
		h.kill()
		os.Remove(h.file("value"))
	}
	begin := time.Now()
	for _, h := range l.hosts {
		h.start()
	}
	l.sees("kept", l.hosts...)
	took := time.Since(begin)
	l.whole()
	return took
}

func corrupt(l *lab) time.Duration {
	l.whole()
	h := l.hosts[2]
	h.kill()
	data := filepath.Join(h.prefix(), "etcd", "server")
	if err := os.WriteFile(filepath.Join(data, "member", "snap", "db"), []byte(strings.Repeat("rubbish ", 4096)), 0o600); err != nil {
		l.t.Fatal(err)
	}
	h.start()
	select {
	case <-h.done:
		h.cmd = nil
	case <-time.After(patience):
		l.t.Fatal("the agent runs on")
	}
	if log, _ := os.ReadFile(h.file("log")); !strings.Contains(string(log), "if that is damaged") {
		l.t.Errorf("the agent says\n%s", log)
	}
	if err := os.RemoveAll(data); err != nil {
		l.t.Fatal(err)
	}
	begin := time.Now()
	h.start()
	l.hosts[0].set("corrupt")
	l.sees("corrupt", l.hosts...)
	l.whole()
	return time.Since(begin)
}

func sameName(l *lab) time.Duration {
	begin := time.Now()
	cmd := l.hosts[1].at(l.program, "run", "--hostname", "h1", "--prefix", filepath.Join(l.dir, "again"), "--insecure",
		"--no-server", "--seeds", l.hosts[0].client(), "empty")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another agent of this name is in the cluster") {
		l.t.Errorf("the second agent: %v\n%s", err, out)
	}
	return time.Since(begin)
}

// write writes the table for people to read.
func write(t *testing.T, table []outcome) {
	var b strings.Builder
	b.WriteString(`# Reliability

What follows is written by a test (` + "`internal/faults`" + `) that breaks a cluster of three real agents, on three
hosts that are network namespaces on one machine, and waits until all is right again.

`)
	b.WriteString("| what happens | what follows | time |\n|---|---|---|\n")
	for _, o := range table {
		fmt.Fprintf(&b, "| %s | %s | %.1f s |\n", o.fault, o.result, o.took.Seconds())
	}
	b.WriteString(`
The times are those of one run, from the fault, or from its end where it has one, to the result.
Steps of the clock are not among the faults, for all hosts here have the clock of the machine.

` + "```sh\nMGMT_FAULTS=1 go test ./internal/faults -update\n```\n")
	if err := os.WriteFile(filepath.Join("..", "..", "docs", "reliability.md"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
