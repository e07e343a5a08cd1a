//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// hosts are the names of the agents of a fleet. The first one has the server.
var hosts = []string{"a", "b", "c"}

// limit is how long a deploy may take before its row fails.
const limit = 20 * time.Second

// A fleet is three agents on this machine that wait for deploys.
type fleet struct {
	p      *perf
	dir    string // where the agents log and have their prefixes
	seed   string // where the server listens
	agents []*exec.Cmd
}

// A clusterRow is a line of the table of deploys. It makes a program and the
// files that are there when it is applied, in a directory of its own.
type clusterRow struct {
	name, must string
	program    func(dir string) (program string, files []string)
}

var clusterRows = []clusterRow{
	{"small program, applied on all three", "≤ 40 ms", func(dir string) (string, []string) { return filesOfHosts(dir, 1) }},
	{"module of 1 MiB, applied on all three", "≤ 200 ms", wide},
	{"1,000 files on each of the three", "≤ 600 ms", func(dir string) (string, []string) { return filesOfHosts(dir, 1_000) }},
	{"export on one host, the file collected on another", "≤ 30 ms", collected},
}

// filesOfHosts is a program that makes n files of each host.
func filesOfHosts(dir string, n int) (string, []string) {
	var files []string
	text := each(n, func(i int) string {
		for _, h := range hosts {
			files = append(files, fmt.Sprintf("%s/%s-%d", dir, h, i))
		}
		return fmt.Sprintf("file \"%s/${hostname}-%d\" { state => \"exists\", content => \"file %d\\n\", }\n", dir, i, i)
	})
	return text, files
}

// wide is a program of one file, and of a comment of 1 MiB that no other deploy has.
func wide(dir string) (string, []string) {
	text, files := filesOfHosts(dir, 1)
	return strings.Repeat("# "+dir+" "+strings.Repeat("x", 64)+"\n", 1<<20/(len(dir)+68)) + text, files
}

// collected is a program in which one host exports a file that another one makes.
func collected(dir string) (string, []string) {
	path := dir + "/collected"
	return fmt.Sprintf(`import "world/collect"
if $hostname == "a" {
	file %[1]q { state => "exists", content => "from a\n", Meta:hidden => true, Meta:export => ["b"], }
}
if $hostname == "b" {
	collect file collect.res("file") { Meta:hidden => false, }
}
`, path), []string{path}
}

// clusterTable prints the table of deploys to a cluster.
func (p *perf) clusterTable(only string) error {
	f, err := p.newFleet()
	defer f.stop()
	if err != nil {
		return err
	}
	fmt.Println("| workload | must | least | median |")
	fmt.Println("|---|---|---|---|")
	for _, r := range clusterRows {
		if !strings.Contains(r.name, only) {
			continue
		}
		var took []time.Duration
		for range p.runs + 1 {
			d, err := f.deployed(r)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			took = append(took, d)
		}
		printTook(r.name, r.must, took[1:]) // the first one finds agents that have done nothing yet
	}
	for _, r := range valueRows {
		if !strings.Contains(r.name, only) {
			continue
		}
		took, err := f.values(r, 20*p.runs)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		printTook(r.name, r.must, took)
	}
	return p.leaderLine(only)
}

// leaderLine prints the last line of the table.
func (p *perf) leaderLine(only string) error {
	const name = "the leader of three servers is killed with -9: a value that another host sets is seen by the third"
	if !strings.Contains(name, only) {
		return nil
	}
	var took []time.Duration
	for range p.runs {
		d, err := p.leaderKilled()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		took = append(took, d)
	}
	printTook(name, "≤ 2,500 ms", took)
	return nil
}

func printTook(name, must string, took []time.Duration) {
	slices.Sort(took)
	fmt.Printf("| %s | %s | %s | %s |\n", name, must, ms(took[0]), ms(took[len(took)/2]))
}

// newFleet starts the agents, and waits until each of them has run a deploy. What it returns is
// to be stopped, with an error too.
func (p *perf) newFleet() (*fleet, error) {
	f := &fleet{p: p, dir: p.path("fleet")}
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		return f, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return f, err
	}
	f.seed = ports[0]
	if err := f.start("a", "--client-urls", "http://"+ports[0], "--server-urls", "http://"+ports[1]); err != nil {
		return f, err
	}
	if err := f.reached(); err != nil {
		return f, err
	}
	for _, h := range hosts[1:] {
		if err := f.start(h, "--no-server", "--seeds", f.seed); err != nil {
			return f, err
		}
	}
	_, err = f.deployed(clusterRows[0])
	return f, err
}

// freePorts returns addresses of this machine that nobody listens at.
func freePorts(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out, nil
}

// start starts the agent of a host.
func (f *fleet) start(host string, args ...string) error {
	log, err := os.Create(filepath.Join(f.dir, host+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(f.p.bin, append([]string{"run", "empty", "--insecure", "--hostname", host, "--prefix", filepath.Join(f.dir, host)}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with its server
	cmd.Env = os.Environ()
	if profile := os.Getenv("MGMT_PPROF_PATH"); profile != "" {
		cmd.Env = append(cmd.Env, "MGMT_PPROF_PATH="+profile+"-"+host)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	f.agents = append(f.agents, cmd)
	return nil
}

// stop stops the agents, the one with the server last.
func (f *fleet) stop() {
	for _, a := range slices.Backward(f.agents) {
		a.Process.Signal(os.Interrupt)
		kill := time.AfterFunc(limit, func() { a.Process.Kill() })
		a.Wait()
		kill.Stop()
	}
}

// reached waits until the server answers.
func (f *fleet) reached() error {
	return until("the server of the fleet listens", func() bool {
		conn, err := net.Dial("tcp", f.seed)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// deploy makes the deploy of a program.
func (f *fleet) deploy(name, program string) (*exec.Cmd, error) {
	path := filepath.Join(f.dir, name+".mcl")
	if err := os.WriteFile(path, []byte(program), 0o644); err != nil {
		return nil, err
	}
	return exec.Command(f.p.bin, "deploy", "--no-git", "--seeds", f.seed, path), nil
}

// deployed deploys the program of a row, and returns how long it took from the start of the
// command until it was applied everywhere.
func (f *fleet) deployed(r clusterRow) (time.Duration, error) {
	f.p.rounds++
	dir := f.p.path(fmt.Sprintf("round-%d", f.p.rounds))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return 0, err
	}
	program, files := r.program(dir)
	cmd, err := f.deploy(filepath.Base(dir), program)
	if err != nil {
		return 0, err
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	published := make(chan error, 1)
	go func() { published <- cmd.Wait() }()
	if err := until("the deploy is applied", allThere(files)); err != nil {
		cmd.Process.Kill()
		<-published
		return 0, fmt.Errorf("%w; mgmt deploy said: %s", err, out.Bytes())
	}
	took := time.Since(begin)
	if err := <-published; err != nil {
		return 0, fmt.Errorf("mgmt deploy: %w: %s", err, out.Bytes())
	}
	return took, nil
}

// allThere returns a function that reports whether all files are there. Those that were there
// once are not looked at again.
func allThere(files []string) func() bool {
	return func() bool {
		for len(files) > 0 {
			if _, err := os.Lstat(files[0]); err != nil {
				return false
			}
			files = files[1:]
		}
		return true
	}
}

// until looks until something is so.
func until(what string, so func() bool) error {
	const look = 200 * time.Microsecond
	for deadline := time.Now().Add(limit); !so(); time.Sleep(look) {
		if time.Now().After(deadline) {
			return fmt.Errorf("waiting %v until %s: it did not come", limit, what)
		}
	}
	return nil
}
