package exec

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// maxOutput bounds what is kept of a stream, in bytes. All of it goes to the log.
const maxOutput = 16 << 20

// A result is what a command printed.
type result struct {
	mu                     sync.Mutex // guards output, which both streams write
	output, stdout, stderr bytes.Buffer
}

// A stream takes what a command prints on one of its streams.
type stream struct {
	res  *result
	name string
	own  *bytes.Buffer
	line func(stream, text string)
	rest []byte // of a line that is not complete
}

func (s *stream) Write(p []byte) (int, error) {
	keep(s.own, p)
	s.res.mu.Lock()
	defer s.res.mu.Unlock()
	keep(&s.res.output, p)
	if s.line == nil {
		return len(p), nil
	}
	rest := append(s.rest, p...)
	for {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			break
		}
		if len(line) > 0 {
			s.line(s.name, string(line))
		}
		rest = after
	}
	s.rest = bytes.Clone(rest[:min(len(rest), maxOutput)])
	return len(p), nil
}

// end hands on a last line without an end.
func (s *stream) end() {
	if len(s.rest) > 0 && s.line != nil {
		s.line(s.name, string(s.rest))
	}
	s.rest = nil
}

func keep(b *bytes.Buffer, p []byte) {
	b.Write(p[:min(len(p), maxOutput-b.Len())])
}

// optional returns what was printed, or nil if that is nothing.
func optional(b *bytes.Buffer) *string {
	if b.Len() == 0 {
		return nil
	}
	s := b.String()
	return &s
}

// Files of the state directory.
const (
	outputFile = "output"
	stdoutFile = "stdout"
	stderrFile = "stderr"
	ranFile    = "ran" // its time of change is that of the last run
)

// remember keeps what a run printed, for what receives it, now and after a restart.
func (r *Resource) remember(res *result) error {
	r.sent = Sends{optional(&res.output), optional(&res.stdout), optional(&res.stderr)}
	silent := r.sent.Output == nil
	if silent && !r.guarded() && len(r.MTimes) == 0 {
		return nil // it will run again before anybody asks
	}
	dir, err := r.env.StateDir()
	if err != nil {
		return err
	}
	var errs []error
	for name, text := range map[string]*string{outputFile: r.sent.Output, stdoutFile: r.sent.Stdout, stderrFile: r.sent.Stderr} {
		errs = append(errs, store(filepath.Join(dir, name), text))
	}
	if len(r.MTimes) > 0 {
		now := time.Now().Format(time.RFC3339Nano)
		errs = append(errs, store(filepath.Join(dir, ranFile), &now))
	}
	return errors.Join(errs...)
}

func store(path string, text *string) error {
	if text == nil {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return os.WriteFile(path, []byte(*text), 0o600)
}

// recall finds what to send when the command does not run: what an earlier run printed, or what
// the program gives for the case.
func (r *Resource) recall() error {
	if r.sent != (Sends{}) {
		return nil
	}
	dir, err := r.env.StateDir()
	if err != nil {
		return err
	}
	for _, s := range []struct {
		name     string
		to       **string
		fallback *string
	}{
		{outputFile, &r.sent.Output, r.SendOutput}, {stdoutFile, &r.sent.Stdout, r.SendStdout}, {stderrFile, &r.sent.Stderr, r.SendStderr},
	} {
		text, err := os.ReadFile(filepath.Join(dir, s.name))
		switch {
		case err == nil:
			t := string(text)
			*s.to = &t
		case errors.Is(err, fs.ErrNotExist):
			*s.to = s.fallback
		default:
			return err
		}
	}
	return nil
}

// lastRun returns when the command ran last, or the zero time.
func (r *Resource) lastRun() (time.Time, error) {
	dir, err := r.env.StateDir()
	if err != nil {
		return time.Time{}, err
	}
	info, err := os.Stat(filepath.Join(dir, ranFile))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}
