//go:build linux

// Command perf measures mgmt as a whole process and prints the table of docs/performance.md.
//
//	go run ./internal/perf            all rows
//	go run ./internal/perf -run files rows whose name contains files
//	go run ./internal/perf -cluster   deploys to a cluster of three agents, and values in it
//	go run ./internal/perf -agent     what the server costs that an agent has beside it
//	go run ./internal/perf -gen files -n 10000 -dir /tmp/x   just print a program
//
// It builds the binary, generates programs of the sizes in the table, and runs each next to a
// plain Go program (this one, run again) that makes the same system calls: the floor. The
// least of several runs counts.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "floor" {
		floor(os.Args[2:])
		return
	}
	var (
		only = flag.String("run", "", "only rows whose name contains this")
		gen  = flag.String("gen", "", "print a program of this shape and end: "+strings.Join(shapeNames(), ", "))
		n    = flag.Int("n", 1000, "size of the program to print")
		dir  = flag.String("dir", "/tmp/mgmt-perf", "directory that the program to print works in")
		runs = flag.Int("count", 3, "how often each row is run")
		many = flag.Bool("cluster", false, "measure deploys to three agents, and values that they share")
		one  = flag.Bool("agent", false, "measure an agent with and without its server")
		bin  = flag.String("bin", "", "measure this binary instead of building one")
	)
	flag.Parse()
	if *gen != "" {
		shape, ok := shapes[*gen]
		if !ok {
			fail(fmt.Errorf("there is no shape %q; there are %s", *gen, strings.Join(shapeNames(), ", ")))
		}
		fmt.Print(shape(*dir, *n))
		return
	}
	p, err := newPerf(*bin, *runs)
	if err != nil {
		fail(err)
	}
	defer os.RemoveAll(p.tmp)
	switch {
	case *many:
		err = p.clusterTable(*only)
	case *one:
		err = p.agentTable(*only)
	default:
		p.table(*only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "perf:", err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "perf:", err)
	os.Exit(1)
}

// A perf runs rows.
type perf struct {
	bin, self, tmp string
	runs           int
	emptied        int // how many directories were put aside
	rounds         int // how many programs were made for fleets
	fleets         int
}

func newPerf(bin string, runs int) (*perf, error) {
	tmp, err := os.MkdirTemp("", "mgmt-perf-")
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if bin == "" {
		bin = filepath.Join(tmp, "mgmt")
		cmd := exec.Command("go", "build", "-o", bin, "./cmd/mgmt")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building mgmt: %w\n%s", err, out)
		}
	}
	return &perf{bin: bin, self: self, tmp: tmp, runs: runs}, nil
}

// A cost is what a process took.
type cost struct {
	wall, cpu time.Duration
	rss       int64 // bytes at the peak
}

func (c cost) less(d cost) bool { return d.wall == 0 || c.wall < d.wall }

// run runs a command to its end.
func (p *perf) run(name string, args ...string) (cost, error) {
	cmd := exec.Command(name, args...)
	var out strings.Builder
	cmd.Stderr = &out
	begin := time.Now()
	err := cmd.Run()
	c := cost{wall: time.Since(begin)}
	if s := cmd.ProcessState; s != nil {
		c.cpu = s.UserTime() + s.SystemTime()
		c.rss = s.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(out.String()))
	}
	return c, nil
}

// A row is a line of the table.
type row struct {
	name  string
	must  string
	setup func(p *perf) error // before each run
	cmd   func(p *perf) []string
	floor func(p *perf) []string // arguments of this program, or nil
}

func (p *perf) path(name string) string { return filepath.Join(p.tmp, name) }

// best runs a command some times and returns the least cost.
func (p *perf) best(r row, name string, args []string) (cost, error) {
	var best cost
	for range p.runs {
		if r.setup != nil {
			if err := r.setup(p); err != nil {
				return cost{}, err
			}
		}
		c, err := p.run(name, args...)
		if err != nil {
			return cost{}, err
		}
		if c.less(best) {
			best = c
		}
	}
	return best, nil
}

func (p *perf) table(only string) {
	fmt.Println("| workload | must | measured | memory | CPU | floor | ratio |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, r := range rows {
		if !strings.Contains(r.name, only) {
			continue
		}
		if err := p.line(r); err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			fmt.Printf("| %s | %s | failed: %s | | | | |\n", r.name, r.must, first)
		}
	}
	if strings.Contains("idle, 10,000 files", only) {
		if err := p.idle(); err != nil {
			fail(err)
		}
	}
}

func (p *perf) line(r row) error {
	got, err := p.best(r, p.bin, r.cmd(p))
	if err != nil {
		return err
	}
	floor, ratio := "–", "–"
	if r.floor != nil {
		f, err := p.best(r, p.self, append([]string{"floor"}, r.floor(p)...))
		if err != nil {
			return err
		}
		floor, ratio = ms(f.wall), fmt.Sprintf("%.1f", float64(got.wall)/float64(f.wall))
	}
	fmt.Printf("| %s | %s | %s | %d MiB | %s | %s | %s |\n", r.name, r.must, ms(got.wall), got.rss>>20, ms(got.cpu), floor, ratio)
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
