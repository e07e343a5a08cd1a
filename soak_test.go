package mgmt_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mgmt"
	"mgmt/engine"
)

// soakVar says for how long TestSoak is to run.
const soakVar = "MGMT_SOAK"

// An agent keeps 10,000 files while they are edited at random, some of them all the time. In the
// end every file is right, and the agent has not grown.
//
//	MGMT_SOAK=3m go test -run Soak -timeout 15m -v .
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv(soakVar))
	if err != nil {
		t.Skipf("it takes minutes: set %s to how long, like 3m", soakVar)
	}
	s := newSoak(t)
	stop := s.start()
	s.edit(long / 4)
	before := s.usage()
	s.edit(long - long/4)
	s.settle()
	after := s.usage()
	t.Logf("%d edits, %d repairs, %d warnings of flapping; before %v, after %v", s.edits, s.repairs, s.warnings, before, after)
	if limit := before.heap + before.heap/4 + 4<<20; after.heap > limit {
		t.Errorf("%d bytes are in use, at first %d", after.heap, before.heap)
	}
	if after.goroutines > before.goroutines+100 {
		t.Errorf("%d goroutines run, at first %d", after.goroutines, before.goroutines)
	}
	if after.history > soakHistory {
		t.Errorf("the history has %d bytes, more than %d", after.history, soakHistory)
	}
	stop()
}

const (
	soakFiles   = 10_000
	soakHot     = 50      // files that are edited as often as all others together
	soakHistory = 4 << 20 // bytes
	soakPerTick = 20      // edits a millisecond at the most
)

// A soak is an agent and who disturbs it.
type soak struct {
	*testing.T
	dir  string
	opts mgmt.Options
	rand *rand.Rand

	edits             int
	repairs, warnings int // told by the loop of the engine, read when it is at rest
	converged         chan struct{}
}

func newSoak(t *testing.T) *soak {
	s := &soak{T: t, dir: t.TempDir(), rand: rand.New(rand.NewPCG(rand.Uint64(), 1)), converged: make(chan struct{}, 1)}
	var program strings.Builder
	for n := range soakFiles {
		fmt.Fprintf(&program, "file %q { state => \"exists\", content => %q, mode => \"0640\", force => true, }\n", s.path(n), soakContent(n))
	}
	s.opts = options(t, program.String())
	s.opts.ConvergedExit = false
	s.opts.HistoryLimit = soakHistory
	s.opts.Observe = func(e engine.Event) {
		switch {
		case e.Kind == engine.Changed:
			s.repairs++
		case e.Kind == engine.Warned:
			s.warnings++
		case e.Kind == engine.Converged && e.Converged:
			select {
			case s.converged <- struct{}{}:
			default:
			}
		}
	}
	return s
}

func (s *soak) path(n int) string { return filepath.Join(s.dir, fmt.Sprint("f", n)) }

func soakContent(n int) string { return strings.Repeat(fmt.Sprintln("line of file", n), 1+n%7) }

// start returns when the agent is converged.
func (s *soak) start() (stop func()) {
	a, err := mgmt.New(s.opts)
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	select {
	case <-s.converged:
	case err := <-done:
		s.Fatal(err)
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			s.Error(err)
		}
	}
}

// edit edits files for so long.
func (s *soak) edit(long time.Duration) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(long); time.Now().Before(end); <-ticker.C {
		for range s.rand.IntN(soakPerTick) {
			n := s.rand.IntN(soakFiles)
			if s.rand.IntN(2) == 0 {
				n = s.rand.IntN(soakHot)
			}
			s.disturb(s.path(n))
			s.edits++
		}
	}
}

// disturb does something to a file. What is not possible is not done.
func (s *soak) disturb(path string) {
	switch s.rand.IntN(8) {
	case 0:
		_ = os.Remove(path)
	case 1:
		_ = os.Truncate(path, int64(s.rand.IntN(20)))
	case 2:
		_ = os.WriteFile(path, []byte("something else\n"), 0o644)
	case 3:
		_ = os.Chmod(path, fs.FileMode(s.rand.IntN(0o1000)))
	case 4:
		_ = os.Rename(path, s.path(s.rand.IntN(soakFiles)))
	case 5:
		if f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0); err == nil {
			_, _ = f.WriteString("one line more\n")
			_ = f.Close()
		}
	case 6:
		_ = os.Remove(path)
		_ = os.Symlink("nowhere", path)
	case 7:
		_ = os.Remove(path)
		_ = os.Mkdir(path, 0o755)
	}
}

// settle waits until every file is right. Those that were edited again and again are looked at
// less often, up to once a minute.
func (s *soak) settle() {
	deadline := time.Now().Add(2*time.Minute + patience)
	for {
		wrong := s.wrong()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			s.Fatal(wrong)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// wrong says what is wrong with the first file that is not right.
func (s *soak) wrong() string {
	for n := range soakFiles {
		path := s.path(n)
		info, err := os.Lstat(path)
		if err != nil {
			return err.Error()
		}
		if info.Mode() != 0o640 {
			return fmt.Sprintf("%s has the mode %v", path, info.Mode())
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != soakContent(n) {
			return fmt.Sprintf("%s has %q, %v", path, text, err)
		}
	}
	return ""
}

// A usage is what an agent needs.
type usage struct {
	heap       uint64
	goroutines int
	history    int64
}

func (s *soak) usage() (u usage) {
	runtime.GC()
	runtime.GC() // what the first one finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.heap, u.goroutines = m.HeapAlloc, runtime.NumGoroutine()
	entries, _ := os.ReadDir(mgmt.HistoryDir(s.opts.Prefix))
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			u.history += info.Size()
		}
	}
	return u
}
