//go:build linux

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shapes are programs of size n that work in a directory.
var shapes = map[string]func(dir string, n int) string{
	"files": func(dir string, n int) string {
		return each(n, func(i int) string {
			return fmt.Sprintf("file \"%s/f%d\" { state => \"exists\", content => \"content of file %d\\n\", mode => \"0644\", }\n", dir, i, i)
		})
	},
	"names": func(dir string, n int) string {
		return "file [" + each(n, func(i int) string { return fmt.Sprintf("\"%s/f%d\", ", dir, i) }) + "] { state => \"exists\", content => \"same\\n\", }\n"
	},
	"loop": func(dir string, n int) string {
		return "import \"iter\"\nimport \"fmt\"\nfor $i, $v in iter.range(" + strconv.Itoa(n) + ") {\n\tfile [fmt.printf(\"" + dir + "/f%d\", $v)] { state => \"exists\", content => \"same\\n\", }\n}\n"
	},
	"exec": func(_ string, n int) string {
		return each(n, func(i int) string { return fmt.Sprintf("exec \"e%d\" { cmd => \"/bin/true\", }\n", i) })
	},
	"noops": func(_ string, n int) string {
		return "noop \"n0\" {}\n" + each(n-1, func(i int) string {
			return fmt.Sprintf("noop \"n%d\" { Depend => Noop[\"n%d\"], Meta:autogroup => false, }\n", i+1, i)
		})
	},
	"binds": func(_ string, n int) string {
		return each(n/2, func(i int) string {
			return fmt.Sprintf("$v%d = %d + 1\ntest [\"t%d\"] { int64 => $v%d, }\n", i, i, i, i)
		})
	},
	"chain": func(_ string, n int) string {
		return "$v0 = 1\n" + each(n-1, func(i int) string { return fmt.Sprintf("$v%d = $v%d + 1\n", i+1, i) }) + fmt.Sprintf("test \"t\" { int64 => $v%d, }\n", n-1)
	},
	"calls": func(_ string, n int) string {
		return "func f($x, $y) { if true { $x } else { $y } }\n" + each(n/2, func(i int) string {
			return fmt.Sprintf("$v%d = f(%d, 2)\ntest [f(\"t%d\", \"u\")] { int64 => $v%d, }\n", i, i, i, i)
		})
	},
	"printf": func(_ string, n int) string {
		return "import \"fmt\"\n" + each(n/2, func(i int) string {
			return fmt.Sprintf("$v%d = fmt.printf(\"%%d-%%s\", %d, \"x\")\ntest [\"t%d\"] { anotherstr => $v%d, }\n", i, i, i, i)
		})
	},
	"nested": func(_ string, n int) string {
		return "func f($x) { $x }\ntest [\"t\"] { int64 => " + strings.Repeat("f(", n) + "1" + strings.Repeat(")", n) + ", }\n"
	},
}

func shapeNames() []string { return slices.Sorted(maps.Keys(shapes)) }

func each(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
	}
	return b.String()
}

// write puts a program of a shape into the directory of the measurement.
func (p *perf) write(shape string, n int) (program, dir string) {
	dir = p.path("work")
	program = p.path(fmt.Sprintf("%s-%d.mcl", shape, n))
	if _, err := os.Stat(program); err != nil {
		if err := os.WriteFile(program, []byte(shapes[shape](dir, n)), 0o644); err != nil {
			fail(err)
		}
	}
	return program, dir
}

// empty makes the directory that programs work in anew. What was in it is removed at the very
// end: ext4 does not give out inodes that were freed a moment ago, and searching past thousands
// of those takes longer than all that is measured here.
func empty(p *perf) error {
	work := p.path("work")
	if _, err := os.Stat(work); err == nil {
		p.emptied++
		if err := os.Rename(work, p.path(fmt.Sprintf("emptied-%d", p.emptied))); err != nil {
			return err
		}
	}
	return os.Mkdir(work, 0o755)
}

// converge runs a program until it has converged.
func converge(shape string, n int) func(p *perf) []string {
	return func(p *perf) []string {
		program, _ := p.write(shape, n)
		return []string{"run", "--tmp-prefix", "--converged-timeout=0", program}
	}
}

func check(shape string, n int) func(p *perf) []string {
	return func(p *perf) []string {
		program, _ := p.write(shape, n)
		return []string{"check", program}
	}
}

func plain(what string, n int) func(p *perf) []string {
	return func(p *perf) []string { return []string{what, p.path("work"), strconv.Itoa(n)} }
}

var rows = []row{
	{"one file, process start to end", "≤ 15 ms", empty, converge("files", 1), plain("files", 1)},
	{"1,000 files, from nothing", "≤ 150 ms, ≤ 60 MiB", empty, converge("files", 1_000), plain("files", 1_000)},
	{"10,000 files, from nothing", "≤ 1 s, ≤ 3 × floor, ≤ 150 MiB", empty, converge("files", 10_000), plain("files", 10_000)},
	{"100,000 files, from nothing", "≤ 3 × floor, ≤ 1.2 GiB", empty, converge("files", 100_000), plain("files", 100_000)},
	{"10,000 files, nothing to do", "≤ 400 ms", nil, converge("files", 10_000), plain("compare", 10_000)},
	{"10,000 names in one statement", "as 10,000 statements", empty, converge("names", 10_000), plain("files", 10_000)},
	{"for over 10,000", "as 10,000 statements", empty, converge("loop", 10_000), plain("files", 10_000)},
	{"check binds 10,000", "≤ 150 ms", nil, check("binds", 10_000), nil},
	{"check binds 100,000", "≤ 1.6 s", nil, check("binds", 100_000), nil},
	{"check chain 10,000", "≤ 150 ms", nil, check("chain", 10_000), nil},
	{"check chain 100,000", "≤ 1.6 s", nil, check("chain", 100_000), nil},
	{"check calls 10,000", "≤ 150 ms", nil, check("calls", 10_000), nil},
	{"check calls 100,000", "≤ 1.6 s", nil, check("calls", 100_000), nil},
	{"check printf 10,000", "≤ 150 ms", nil, check("printf", 10_000), nil},
	{"check printf 100,000", "≤ 1.6 s", nil, check("printf", 100_000), nil},
	{"check nested 1,000", "≤ 20 ms", nil, check("nested", 1_000), nil},
	{"check nested 100,000", "no stack trouble", nil, check("nested", 100_000), nil},
	{"1,000 × exec /bin/true", "≤ 1.3 × floor", nil, converge("exec", 1_000), plain("spawn", 1_000)},
	{"chain of 1,000 noop", "≤ 20 ms", nil, converge("noops", 1_000), nil},
}

// floor is the plain program.
func floor(args []string) {
	n, err := strconv.Atoi(args[2])
	if err != nil {
		fail(err)
	}
	for i := range n {
		if err := plainStep(args[0], args[1], i); err != nil {
			fail(err)
		}
	}
}

func plainStep(what, dir string, i int) error {
	path := fmt.Sprintf("%s/f%d", dir, i)
	switch what {
	case "files":
		f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(f, "content of file %d\n", i)
		return errors.Join(err, f.Chmod(0o644), f.Close(), os.Rename(path+".new", path))
	case "compare":
		if _, err := os.Lstat(path); err != nil {
			return err
		}
		_, err := os.ReadFile(path)
		return err
	case "spawn":
		return exec.Command("/bin/true").Run()
	}
	return fmt.Errorf("there is no plain program %q", what)
}

// idle runs an agent with 10,000 files and looks at what it does while nothing happens.
func (p *perf) idle() error {
	if err := empty(p); err != nil {
		return err
	}
	program, _ := p.write("files", 10_000)
	status := p.path("status")
	cmd := exec.Command(p.bin, "run", "--tmp-prefix", "--converger-timeout=0", "--converged-status-file="+status, program)
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(os.Interrupt)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if text, err := os.ReadFile(status); err == nil && strings.HasSuffix(string(text), "true\n") {
			break
		}
		if time.Now().After(deadline) {
			return errors.New("the agent did not converge in a minute")
		}
	}
	const settle, watched = 3 * time.Second, 5 * time.Second
	time.Sleep(settle)
	before, _, err := procStatus(cmd.Process.Pid)
	if err != nil {
		return err
	}
	time.Sleep(watched)
	after, rss, err := procStatus(cmd.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Printf("| idle, 10,000 files, %v watched | 0 wake-ups, ≤ 120 MiB | %d context switches | %d MiB | – | – | – |\n", watched, after-before, rss>>20)
	return nil
}

// procStatus returns how often the threads of a process gave up the processor, and its memory.
func procStatus(pid int) (switches int, rss int64, err error) {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0, 0, err
	}
	for _, t := range tasks {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/status", pid, t.Name()))
		if err != nil {
			return 0, 0, err
		}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			number, _ := strconv.Atoi(strings.Fields(value + " 0")[0])
			switch name {
			case "voluntary_ctxt_switches":
				switches += number
			case "VmRSS":
				rss = int64(number) << 10
			}
		}
	}
	return switches, rss, nil
}
