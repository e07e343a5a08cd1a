package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mgmt"
)

// rungs say what each signal does.
var rungs = []string{
	"stopping in order; once more to cancel what is running",
	"cancelling what is running; once more to kill it",
	"killing what is running",
}

// ladderWait is how long an agent that was terminated may take before the next rung: service
// managers signal only once.
const ladderWait = 15 * time.Second

// climb returns a context that the first signal ends. The second and third one make the agent
// stop harder. The signals are caught until stop is called.
func climb(agent *mgmt.Agent, log *slog.Logger) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, len(rungs))
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		var alone <-chan time.Time
		for rung, effect := range rungs {
			why := "the last signal was not enough"
			select {
			case s := <-signals:
				why = "interrupted by ^C"
				if s == syscall.SIGTERM {
					why = "interrupted by SIGTERM"
					alone = time.After(ladderWait)
				}
			case <-alone:
				alone = time.After(ladderWait)
			case <-done:
				return
			}
			log.Info(why + ": " + effect)
			if rung == 0 {
				cancel()
			} else {
				agent.Interrupt(rung + 1)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
