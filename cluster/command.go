package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ServerArgument is the only argument of a program that is to run a server for an agent.
const ServerArgument = "serve-agent"

// thisProgram leads to the program of this process, even when another has its name since.
const thisProgram = "/proc/self/exe"

// Program returns the path of this program, which runs servers too.
func Program() (string, error) {
	if _, err := os.Stat(thisProgram); err == nil {
		return thisProgram, nil
	}
	return os.Executable()
}

// Command runs servers as processes of their own.
type Command struct {
	Path string // of the program
	Log  *slog.Logger
}

// stopLimit is how long a process may take to end in order.
const stopLimit = 20 * time.Second

// Launch implements Launcher.
func (c Command) Launch(ctx context.Context, cfg ServerConfig) (Server, error) {
	p, reports, err := c.start(cfg)
	if err != nil {
		return nil, fmt.Errorf("starting the server of %s: %w", cfg.Name, err)
	}
	stop := context.AfterFunc(ctx, p.Kill)
	first, ok := <-reports
	go p.follow(first, reports)
	if !stop() {
		p.Stop()
		return nil, ctx.Err()
	}
	if !ok || first.Ended {
		<-p.done
		if p.err == nil {
			p.err = errors.New("it ended at once")
		}
		return nil, p.err
	}
	p.urls = first.Clients
	return p, nil
}

// start starts the process and returns it with what it reports.
func (c Command) start(cfg ServerConfig) (*process, <-chan Report, error) {
	line, err := json.Marshal(cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(c.Path, ServerArgument)
	cmd.Args[0] = os.Args[0]
	cmd.Dir = filepath.Dir(cfg.Dir) // where its sockets are
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	p := &process{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	reports := make(chan Report)
	p.readers.Go(func() { read(stdout, reports) })
	p.readers.Go(func() { p.last = c.relay(stderr) })
	if _, err := stdin.Write(append(line, '\n')); err != nil {
		p.Kill()
	}
	return p, reports, nil
}

// read reads reports until there are no more.
func read(r io.Reader, reports chan<- Report) {
	defer close(reports)
	for dec := json.NewDecoder(r); ; {
		var report Report
		if dec.Decode(&report) != nil {
			io.Copy(io.Discard, r)
			return
		}
		reports <- report
	}
}

// relay passes on what the server logs, and returns the last thing it complained of. A panic that
// repeats a part of what was logged tells less.
func (c Command) relay(r io.Reader) (last string) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		c.Log.Debug(line)
		if said := complaint(line); said != "" && !strings.HasPrefix(last, said) {
			last = said
		}
	}
	io.Copy(io.Discard, r) // a line too long
	return last
}

// complaint returns what a line tells of that may be why the server dies: an entry of its log with
// the level that etcd's errors have, or how Go says that a program cannot go on. Other lines give "".
func complaint(line string) string {
	for _, prefix := range []string{"panic: ", "fatal error: "} {
		if said, ok := strings.CutPrefix(line, prefix); ok {
			return said
		}
	}
	if !strings.Contains(line, " level="+slog.LevelWarn.String()+" ") {
		return ""
	}
	said := strings.TrimPrefix(attribute(line, "msg"), "etcd: ")
	if why := attribute(line, "error"); why != "" {
		said += ": " + why
	}
	return said
}

// attribute returns the value of a key in an entry of a log.
func attribute(line, key string) string {
	_, rest, _ := strings.Cut(line, " "+key+"=")
	if quoted, err := strconv.QuotedPrefix(rest); err == nil {
		value, _ := strconv.Unquote(quoted)
		return value
	}
	value, _, _ := strings.Cut(rest, " ")
	return value
}

// A process is a server in a process of its own.
type process struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	readers sync.WaitGroup
	last    string // what it complained of; it belongs to readers
	urls    []string

	done chan struct{}
	err  error // set before done is closed
}

// follow waits for the end.
func (p *process) follow(last Report, reports <-chan Report) {
	for r := range reports {
		last = r
	}
	p.readers.Wait()
	err := p.cmd.Wait()
	switch {
	case last.Ended:
		p.err = last.err()
	case err != nil && p.last != "":
		p.err = fmt.Errorf("the server has died: %s (%w)", p.last, err)
	case err != nil:
		p.err = fmt.Errorf("the server has died: %w", err)
	default:
		p.err = errors.New("the server ended without a reason")
	}
	close(p.done)
}

// Kill ends the process at once.
func (p *process) Kill() { p.cmd.Process.Kill() }

// Clients implements Server.
func (p *process) Clients() []string { return p.urls }

// Done implements Server.
func (p *process) Done() <-chan struct{} { return p.done }

// Err implements Server.
func (p *process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Stop implements Server.
func (p *process) Stop() {
	p.stdin.Close()
	timer := time.AfterFunc(stopLimit, p.Kill)
	defer timer.Stop()
	<-p.done
}
