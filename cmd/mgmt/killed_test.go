package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An agent that is killed at any moment leaves nothing that it cannot undo, and in the end
// everything is as it was before.
func TestKilledUndoes(t *testing.T) {
	const rounds = 25
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			k := newKilled(t, seed)
			for range rounds {
				k.round()
			}
			k.write("p.mcl", `noop "none" {}`)
			if out, err := k.mgmt("--converged-exit").CombinedOutput(); err != nil {
				t.Fatalf("the last run: %v\n%s", err, out)
			}
			k.check(nil)
			if left := k.notes(); len(left) > 0 {
				t.Errorf("all has been undone, but there are notes of %q", left)
			}
		})
	}
}

// A killed is a machine whose agent is killed again and again.
type killed struct {
	t       *testing.T
	rnd     *rand.Rand
	dir     string
	mgmtBin string
}

func newKilled(t *testing.T, seed uint64) *killed {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	k := &killed{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), dir: t.TempDir()}
	k.mgmtBin = filepath.Join(k.dir, "mgmt") // the test binary is mgmt under that name
	if err := os.Symlink(exe, k.mgmtBin); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(k.dir, "m"), 0o755); err != nil {
		t.Fatal(err)
	}
	k.write("m/replaced", "old")
	k.write("m/removed", "old")
	return k
}

func (k *killed) write(name, text string) {
	k.t.Helper()
	path := filepath.Join(k.dir, name)
	if err := os.WriteFile(path+"~", []byte(text), 0o644); err != nil {
		k.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		k.t.Fatal(err)
	}
}

func (k *killed) mgmt(args ...string) *exec.Cmd {
	return exec.Command(k.mgmtBin, append([]string{"run", "--prefix", k.dir + "/prefix", k.dir + "/p.mcl"}, args...)...)
}

// parts are the resources of a program, by the file that they are about.
var parts = map[string]string{
	"made/":    `state => "exists"`,
	"made/f":   `state => "exists", content => "new"`,
	"link":     `state => "exists", symlink => true, source => "new"`,
	"replaced": `content => "new"`,
	"removed":  `state => "absent"`,
}

// program returns one that has some of the parts.
func (k *killed) program() string {
	var b strings.Builder
	b.WriteString("noop \"some\" {}\n")
	for name, body := range parts {
		if name == "made/f" || k.rnd.IntN(2) > 0 {
			continue
		}
		fmt.Fprintf(&b, "file \"%s/m/%s\" { %s, Meta:reverse => true, }\n", k.dir, name, body)
		if name == "made/" && k.rnd.IntN(2) > 0 {
			fmt.Fprintf(&b, "file \"%s/m/made/f\" { %s, Meta:reverse => true, Depend => File[\"%s/m/made/\"], }\n", k.dir, parts["made/f"], k.dir)
		}
	}
	return b.String()
}

// round runs an agent for some milliseconds, with programs that change, and kills it.
func (k *killed) round() {
	k.t.Helper()
	k.write("p.mcl", k.program())
	cmd := k.mgmt()
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	for range k.rnd.IntN(3) {
		k.pause()
		k.write("p.mcl", k.program())
	}
	k.pause()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		k.t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	k.check(k.notes())
}

// pause lets the agent come to some point or other of its work. There is nothing to wait for:
// the point is that it may be any.
func (k *killed) pause() { time.Sleep(time.Duration(k.rnd.IntN(100_000)) * time.Microsecond) }

// notes lists what can be undone.
func (k *killed) notes() []string {
	k.t.Helper()
	found, err := filepath.Glob(k.dir + "/prefix/engine/state/*/reverse")
	if err != nil {
		k.t.Fatal(err)
	}
	var out []string
	for _, path := range found {
		_, name, _ := strings.Cut(filepath.Base(filepath.Dir(path)), "-m-")
		out = append(out, strings.ReplaceAll(name, "made-", "made/"))
	}
	return out
}

// check demands that all is as it was before, but for what can be undone.
func (k *killed) check(undoable []string) {
	k.t.Helper()
	was := map[string]string{"replaced": "old", "removed": "old"}
	for name := range parts {
		path := filepath.Join(k.dir, "m", name)
		_, err := os.Lstat(path)
		text, _ := os.ReadFile(path)
		old, there := was[name]
		if changed := (err == nil) != there || string(text) != old; changed && !slices.Contains(undoable, name) {
			k.t.Errorf("%s has %q (%v), and there is no note of how to undo it, only of %q", name, text, err, undoable)
		}
	}
}
