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

var signalNames = map[os.Signal]string{
	os.Interrupt:    "^C",
	syscall.SIGTERM: "SIGTERM",
	syscall.SIGHUP:  "the end of the terminal (SIGHUP)",
}

// ladderWait is how long an agent that was terminated may take before the next rung: service
// managers and terminals signal only once.
const ladderWait = 15 * time.Second

// climb returns a context that the first signal ends. The second and third one make the agent
// stop harder. The signals are caught until stop is called.
func climb(agent *mgmt.Agent, log *slog.Logger) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, len(rungs))
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as it is below nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		var alone <-chan time.Time
		for rung, effect := range rungs {
			why := "the last signal was not enough"
			select {
			case s := <-signals:
				why = "interrupted by " + signalNames[s]
				if s != os.Interrupt {
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
