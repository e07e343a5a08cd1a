//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An agentRow is a program whose first application is timed, by an agent alone and by one that
// has a server beside it.
type agentRow struct {
	name  string
	files int
}

var agentRows = []agentRow{
	{"one file, process start to applied", 1},
	{"1,000 files, process start to all applied", 1_000},
}

// The flags of an agent that ends when it has converged, which is before it would start a server,
// and of one with a server that nobody else reaches.
var (
	serverless = []string{"--converged-timeout=0"}
	withServer = []string{"--no-network"}
)

// agentTable prints what the server costs that an agent has beside it.
func (p *perf) agentTable(only string) error {
	fmt.Println("| workload | must | without | with | ratio of medians |")
	fmt.Println("|---|---|---|---|---|")
	for _, r := range agentRows {
		if !strings.Contains(r.name, only) {
			continue
		}
		var without, with []time.Duration
		for range p.runs { // in turns, so that both meet the same machine
			for _, x := range []struct {
				took  *[]time.Duration
				flags []string
			}{{&without, serverless}, {&with, withServer}} {
				d, err := p.firstApply(r.files, x.flags)
				if err != nil {
					return fmt.Errorf("%s: %w", r.name, err)
				}
				*x.took = append(*x.took, d)
			}
		}
		a, b := median(without), median(with)
		fmt.Printf("| %s | as without, ± 5 %% | %s | %s | %.2f |\n", r.name, ms(a), ms(b), float64(b)/float64(a))
	}
	if name := "idle, with its server"; strings.Contains(name, only) {
		return p.idleLine(name)
	}
	return nil
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

// firstApply starts an agent, and returns how long it takes until all files are there.
func (p *perf) firstApply(files int, flags []string) (time.Duration, error) {
	if err := empty(p); err != nil {
		return 0, err
	}
	program, dir := p.write("files", files)
	cmd := p.agent(append(flags, program)...)
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer end(cmd)
	var names []string
	for i := range files {
		names = append(names, fmt.Sprintf("%s/f%d", dir, i))
	}
	err := until("all files are there", allThere(names))
	return time.Since(begin), err
}

// agent returns an agent with a prefix of its own.
func (p *perf) agent(args ...string) *exec.Cmd {
	p.fleets++
	return exec.Command(p.bin, append([]string{"run", "--prefix", p.path(fmt.Sprintf("agent-%d", p.fleets))}, args...)...)
}

func end(cmd *exec.Cmd) {
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
}

// idleLine runs an agent with its server, and looks at what both take while nothing happens.
func (p *perf) idleLine(name string) error {
	const settle, watched = 15 * time.Second, 60 * time.Second
	if err := empty(p); err != nil {
		return err
	}
	program, _ := p.write("files", 1)
	cmd := p.agent(append(withServer, program)...)
	if err := cmd.Start(); err != nil {
		return err
	}
	defer end(cmd)
	time.Sleep(settle)
	pids, err := family(cmd.Process.Pid)
	if err != nil {
		return err
	}
	if len(pids) != 2 {
		return fmt.Errorf("%s: there are %d processes, not the agent and its server", name, len(pids))
	}
	before, err := cpu(pids)
	if err != nil {
		return err
	}
	time.Sleep(watched)
	after, err := cpu(pids)
	if err != nil {
		return err
	}
	memory, err := memory(pids)
	if err != nil {
		return err
	}
	fmt.Printf("\n| workload | must | CPU | memory of both |\n|---|---|---|---|\n")
	fmt.Printf("| %s, %v watched | ≤ 1 %% CPU, ≤ 80 MiB | %.2f %% | %d MiB |\n",
		name, watched, 100*float64(after-before)/float64(watched), memory>>20)
	return nil
}

// family returns a process and its children.
func family(pid int) ([]int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	out := []int{pid}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		for _, child := range strings.Fields(string(text)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		}
	}
	return out, nil
}

// cpu returns the processor time that processes have taken. The kernel counts it for each thread
// in nanoseconds; a clock of 100 ticks a second would not see most of what idle ones take.
func cpu(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err != nil {
			return 0, err
		}
		for _, name := range threads {
			text, err := os.ReadFile(name)
			if err != nil {
				return 0, err
			}
			n, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(n)
		}
	}
	return sum, nil
}

// memory returns what processes have in memory; pages that several have count in parts.
func memory(pids []int) (bytes int64, err error) {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(line, "Pss:"); ok {
				n, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
				if err != nil {
					return 0, err
				}
				bytes += n << 10
			}
		}
	}
	return bytes, nil
}
