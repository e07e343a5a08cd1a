package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"mgmt/cluster"
)

// Main runs one server for an agent: it reads the configuration from in, as a line of JSON,
// runs until in ends, and writes reports to out. So it ends with the agent, whatever becomes
// of that. Signals of a terminal and of a service manager, which reach it too, are the agent's to
// act on.
func Main(in io.Reader, out io.Writer, log io.Writer) int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	_ = os.WriteFile("/proc/self/comm", []byte("mgmt-server"), 0) // in lists of processes, on Linux; else it is called exe
	reports := json.NewEncoder(out)
	if err := serve(in, reports, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))); err != nil {
		reports.Encode(cluster.Ended(err)) // nobody is left to tell if this fails
		return 1
	}
	reports.Encode(cluster.Ended(nil))
	return 0
}

// serve runs a server until in ends or it ends by itself.
func serve(in io.Reader, reports *json.Encoder, log *slog.Logger) error {
	input := bufio.NewReader(in)
	line, err := input.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the configuration of the server: %w", err)
	}
	var cfg cluster.ServerConfig
	if err := json.Unmarshal(line, &cfg); err != nil {
		return fmt.Errorf("reading the configuration of the server: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		io.Copy(io.Discard, input)
		cancel()
	}()
	s, err := Launcher{Log: log}.Launch(ctx, cfg)
	if err != nil {
		return err
	}
	if err := reports.Encode(cluster.Report{Clients: s.Clients()}); err != nil {
		cancel()
	}
	select {
	case <-ctx.Done():
		s.Stop()
	case <-s.Done():
	}
	return s.Err()
}
