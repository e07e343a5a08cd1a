package mgmt_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mgmt"
	"mgmt/engine"
)

// background runs an agent until the benchmark ends, and returns when it is converged.
func background(b *testing.B, program string) (stop func()) {
	opts := options(b, program)
	opts.ConvergedExit = false
	converged := make(chan struct{}, 1)
	opts.Observe = func(e engine.Event) {
		if e.Kind == engine.Converged && e.Converged {
			select {
			case converged <- struct{}{}:
			default:
			}
		}
	}
	a, err := mgmt.New(opts)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	select {
	case <-converged:
	case err := <-done:
		b.Fatal(err)
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}

// percentile returns the p-th percentile of the durations, in microseconds.
func percentile(list []time.Duration, p int) float64 {
	slices.Sort(list)
	return float64(list[min(len(list)*p/100, len(list)-1)].Nanoseconds()) / 1000
}

// BenchmarkRepair damages one of many watched files and waits until it is right again.
func BenchmarkRepair(b *testing.B) {
	const n = 10_000
	dir := b.TempDir()
	stop := background(b, filesProgram(dir, n))
	var times []time.Duration
	r := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		i := r.IntN(n)
		path, want := fmt.Sprintf("%s/f%d", dir, i), fmt.Sprintf("content of file %d\n", i)
		begin := time.Now()
		if err := os.WriteFile(path, []byte("damage"), 0o644); err != nil {
			b.Fatal(err)
		}
		waitContent(b, path, want)
		times = append(times, time.Since(begin))
	}
	b.StopTimer()
	b.ReportMetric(percentile(times, 50), "µs-p50")
	b.ReportMetric(percentile(times, 99), "µs-p99")
	stop()
}

func waitContent(b *testing.B, path, want string) {
	deadline := time.Now().Add(patience)
	for {
		if text, err := os.ReadFile(path); err == nil && string(text) == want {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s was not repaired", path)
		}
		time.Sleep(20 * time.Microsecond)
	}
}

// BenchmarkFanOut changes one value that the contents of all files depend on.
func BenchmarkFanOut(b *testing.B) {
	const n = 1_000
	dir := b.TempDir()
	in := filepath.Join(b.TempDir(), "in")
	set := func(i int) {
		if err := os.WriteFile(in+".new", fmt.Appendf(nil, "v%d", i), 0o644); err != nil {
			b.Fatal(err)
		}
		if err := os.Rename(in+".new", in); err != nil {
			b.Fatal(err)
		}
	}
	set(0)
	var program strings.Builder
	fmt.Fprintf(&program, "import \"os\"\n$v = os.readfile(%q)\n", in)
	for i := range n {
		fmt.Fprintf(&program, "file \"%s/f%d\" { state => \"exists\", content => \"${v} of file %d\\n\", }\n", dir, i, i)
	}
	stop := background(b, program.String())
	round := 0
	for b.Loop() {
		round++
		set(round)
		for i := range n {
			waitContent(b, fmt.Sprintf("%s/f%d", dir, i), fmt.Sprintf("v%d of file %d\n", round, i))
		}
	}
	stop()
}

// BenchmarkFanOutFloor writes as many files with a plain program.
func BenchmarkFanOutFloor(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		plainFiles(b, dir, 1_000)
	}
}

// BenchmarkShutdown stops an agent with 10,000 files.
func BenchmarkShutdown(b *testing.B) {
	program := filesProgram(b.TempDir(), 10_000)
	for b.Loop() {
		b.StopTimer()
		stop := background(b, program)
		b.StartTimer()
		stop()
	}
}

// BenchmarkChain runs an agent until a chain of resources that do nothing is done.
func BenchmarkChain(b *testing.B) {
	var program strings.Builder
	program.WriteString("noop \"n0\" {}\n")
	for i := range 999 {
		fmt.Fprintf(&program, "noop \"n%d\" { Depend => Noop[\"n%d\"], }\n", i+1, i)
	}
	for b.Loop() {
		if err := run(b, options(b, program.String())); err != nil {
			b.Fatal(err)
		}
	}
}
