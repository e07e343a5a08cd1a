package stdos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// grace is how long a command has to end by itself when it is told to.
const grace = 200 * time.Millisecond

// maxLine bounds the memory that a command can take by never ending a line.
const maxLine = 1 << 26

// system runs the command until ctx ends. A process that the command leaves in the
// background and that does not hold its output is left alone.
func system(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	command := string(args[0].(types.Str))
	cmd := exec.Command("sh", "-c", command)
	group(cmd)
	stdout, errOut := cmd.StdoutPipe()
	stderr, errErr := cmd.StderrPipe()
	if err := errors.Join(errOut, errErr); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}

	running, stop := context.WithCancel(ctx)
	defer stop()
	var logger, ender sync.WaitGroup
	ended := make(chan struct{})
	ender.Go(func() { endWith(running, cmd, ended, stdout, stderr) })
	logger.Go(func() { logLines(call.Host.Log, command, stderr) })

	err := readLines(stdout, func(line string) { emit(types.Str(line), nil) })
	if err != nil {
		stop()
	}
	logger.Wait()
	cmd.Wait() // the exit status does not count
	close(ended)
	ender.Wait()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("reading what %q prints: %w", command, err)
	}
	<-ctx.Done() // until then the last value stays
	return ctx.Err()
}

// endWith ends the command and its children when ctx ends, unless it has ended by
// itself: it is told to, and killed if it does not obey.
func endWith(ctx context.Context, cmd *exec.Cmd, ended <-chan struct{}, pipes ...io.Closer) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	terminate(cmd)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
	kill(cmd)
	for _, p := range pipes { // a process that left the group may still hold them
		p.Close()
	}
}

// readLines calls line for each line, the last one also if nothing ends it.
func readLines(r io.Reader, line func(string)) error {
	b := bufio.NewReader(r)
	var long []byte // the beginning of a line that is longer than the buffer
	for {
		part, err := b.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, part...); len(long) > maxLine {
				return fmt.Errorf("a line is longer than %d bytes", maxLine)
			}
			continue
		}
		if len(long)+len(part) > 0 {
			line(strings.TrimSuffix(string(long)+string(part), "\n"))
		}
		if long = nil; err != nil { // the end, or the pipe was closed
			return nil
		}
	}
}

func logLines(log *slog.Logger, command string, r io.Reader) {
	readLines(r, func(line string) {
		if log != nil {
			log.Info(line, "function", "os.system", "command", command)
		}
	})
	io.Copy(io.Discard, r)
}
