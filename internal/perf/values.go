//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A valueRow is a value that crosses the cluster: the program of a host reads it from the file
// in and shares it, and that of another one writes what it sees to the file out.
type valueRow struct {
	name, must string
	program    func(from, to, in, out string) string
}

var valueRows = []valueRow{
	{"kv: a file changes, its value is in a file of another host", "p50 ≤ 5 ms", kvProgram},
	{"exchange: the same", "p50 ≤ 5 ms", exchangeProgram},
}

func kvProgram(from, to, in, out string) string {
	return fmt.Sprintf(`import "os"
import "world"
if $hostname == %q {
	kv "perf" { key => "perf", value => os.readfile(%q), }
}
$v = world.getval("perf")
if $hostname == %q and $v->exists {
	file %q { state => "exists", content => $v->value, }
}
`, from, in, to, out)
}

func exchangeProgram(from, to, in, out string) string {
	return fmt.Sprintf(`import "os"
import "world"
$all = world.exchange("perf", if $hostname == %[1]q { os.readfile(%[2]q) } else { "" })
$value = $all[%[1]q] <|> ""
if $hostname == %[3]q and $value != "" {
	file %[4]q { state => "exists", content => $value, }
}
`, from, in, to, out)
}

// A relay is a fleet that runs the program of a value.
type relay struct{ in, out string }

// newRelay deploys the program of a row, and waits until a first value has come through.
func (f *fleet) newRelay(program func(from, to, in, out string) string, from, to string) (*relay, error) {
	f.p.rounds++
	dir := f.p.path(fmt.Sprintf("round-%d", f.p.rounds))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	r := &relay{in: filepath.Join(dir, "in"), out: filepath.Join(dir, "out")}
	first := fmt.Sprintf("first of %d", f.p.rounds)
	if err := r.set(first); err != nil {
		return nil, err
	}
	cmd, err := f.deploy(filepath.Base(dir), program(from, to, r.in, r.out))
	if err != nil {
		return nil, err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mgmt deploy: %w: %s", err, out)
	}
	return r, until("the first value comes through", func() bool { return r.seen() == first })
}

// set replaces the file that is read.
func (r *relay) set(value string) error {
	if err := os.WriteFile(r.in+".new", []byte(value), 0o644); err != nil {
		return err
	}
	return os.Rename(r.in+".new", r.in)
}

func (r *relay) seen() string {
	text, err := os.ReadFile(r.out)
	if err != nil {
		return ""
	}
	return string(text)
}

// values returns how long some changes of the value of a row took.
func (f *fleet) values(row valueRow, changes int) ([]time.Duration, error) {
	r, err := f.newRelay(row.program, "a", "c")
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, changes)
	for i := range took {
		begin, value := time.Now(), strconv.Itoa(i)
		if err := r.set(value); err != nil {
			return nil, err
		}
		if err := until("the value comes through", func() bool { return r.seen() == value }); err != nil {
			return nil, err
		}
		took[i] = time.Since(begin)
		time.Sleep(10 * time.Millisecond) // what follows a change is not part of the next one
	}
	return took, nil
}

// leaderKilled starts three agents with a server each, kills the one that leads, and returns how
// long it takes until a host sees what another one sets right after that, once.
func (p *perf) leaderKilled() (time.Duration, error) {
	f, err := p.newServers()
	defer f.stop()
	if err != nil {
		return 0, err
	}
	leader, err := f.leader()
	if err != nil {
		return 0, err
	}
	from, to := hosts[(leader+1)%3], hosts[(leader+2)%3]
	r, err := f.newRelay(exchangeProgram, from, to)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	f.kill(leader)
	if err := r.set("after it"); err != nil {
		return 0, err
	}
	err = until("values flow again", func() bool { return r.seen() == "after it" })
	return time.Since(begin), err
}

// newServers starts three agents that have a server each, and waits until these are one cluster.
func (p *perf) newServers() (*fleet, error) {
	p.fleets++
	f := &fleet{p: p, dir: p.path(fmt.Sprintf("servers-%d", p.fleets))}
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		return f, err
	}
	ports, err := freePorts(6)
	if err != nil {
		return f, err
	}
	f.seed = ports[0]
	for i, h := range hosts {
		args := []string{"--client-urls", "http://" + ports[2*i], "--server-urls", "http://" + ports[2*i+1]}
		if i > 0 {
			args = append(args, "--seeds", f.seed)
		}
		if err := f.start(h, args...); err != nil {
			return f, err
		}
		if i == 0 {
			if err := f.reached(); err != nil {
				return f, err
			}
		}
	}
	f.seed = strings.Join([]string{ports[0], ports[2], ports[4]}, ",")
	err = until("three servers are one cluster", func() bool {
		_, err := f.leader()
		return err == nil
	})
	return f, err
}

// leader returns which of three servers leads, if the others follow.
func (f *fleet) leader() (int, error) {
	out, err := exec.Command(f.p.bin, "cluster", "members", "--json", "--prefix", filepath.Join(f.dir, hosts[0])).Output()
	if err != nil {
		return 0, err
	}
	var standing struct {
		Members []struct{ Host, State string }
	}
	if err := json.Unmarshal(out, &standing); err != nil {
		return 0, err
	}
	states := map[string]string{}
	for _, m := range standing.Members {
		states[m.Host] = m.State
	}
	leads, follow := -1, 0
	for i, h := range hosts {
		switch states[h] {
		case "leads":
			leads = i
		case "follows":
			follow++
		}
	}
	if leads < 0 || follow != len(hosts)-1 {
		return 0, errors.New("there are no three servers of which one leads")
	}
	return leads, nil
}

// kill ends an agent and its server at once.
func (f *fleet) kill(i int) { syscall.Kill(-f.agents[i].Process.Pid, syscall.SIGKILL) }
