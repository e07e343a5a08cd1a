// Package console shows people and tools what an agent does.
//
// A [Console] takes events of the engine ([Console.Event]), log records ([Console.Log]) and
// diagnostics of programs ([Console.Diagnostics]), and writes a line for each change, in plain
// words or as JSON. On a terminal it also keeps a line with the progress below them.
//
// None of its methods waits for the output. They put what they are told into a queue that one
// goroutine prints: at once if it is an error, otherwise when a few milliseconds' worth have
// gathered, so that ten thousand changes cost a handful of writes. If the output does not keep
// up, what is least important is left out, and a line says how much.
package console

import (
	"io"
	"log/slog"
	"time"

	"mgmt/engine"
	"mgmt/internal/backlog"
	"mgmt/lang/syntax"
)

// Options say how a console looks.
type Options struct {
	Out     io.Writer
	Color   bool // use the colours of a terminal
	Live    bool // keep a line with the progress; Out is a terminal
	JSON    bool // one JSON object a line instead of words
	Verbose bool // also what was found right, the differences in full, and debug records
}

const (
	gather    = 5 * time.Millisecond   // how long lines wait for others,
	chunk     = backlog.Piece          // unless there are as many
	progress  = 100 * time.Millisecond // between two looks of the progress line
	maxQueued = 1 << 16
)

// A Console prints what happens. Close ends it.
type Console struct {
	opts   Options
	queue  *backlog.Queue[entry]
	urgent chan struct{} // holds one element while what is queued should not wait
	done   chan struct{} // closed when the printer has ended
}

// An entry is one thing to print: an event, or text that is made already.
type entry struct {
	time  time.Time
	event engine.Event
	text  []byte
}

// New returns a console that prints until it is closed.
func New(opts Options) *Console {
	c := &Console{
		opts:   opts,
		queue:  backlog.New[entry](),
		urgent: make(chan struct{}, 1),
		done:   make(chan struct{}),
	}
	go c.print()
	return c
}

// Event takes an event of the engine.
func (c *Console) Event(e engine.Event) {
	c.put(entry{time: e.Time, event: e}, e.Kind == engine.Failed)
}

// Log returns a logger whose records are printed.
func (c *Console) Log() *slog.Logger { return slog.New(newHandler(c)) }

// Diagnostics takes what there is to say of a program.
func (c *Console) Diagnostics(files *syntax.Files, list syntax.Diagnostics) {
	c.put(entry{time: time.Now(), text: c.diagnostics(files, list)}, true)
}

// Close prints what is left and ends the console. What comes later is dropped.
func (c *Console) Close() {
	if c.queue.Close() {
		ring(c.urgent)
	}
	<-c.done
}

func (c *Console) put(e entry, urgent bool) {
	limit := maxQueued
	if urgent {
		limit = 2 * maxQueued
	}
	if n := c.queue.Put(e, limit); urgent || n == chunk {
		ring(c.urgent)
	}
}

func ring(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// print is the goroutine that writes.
func (c *Console) print() {
	defer close(c.done)
	p := newPrinter(c.opts)
	tick := time.NewTicker(progress)
	tick.Stop()
	defer tick.Stop()
	ticking := false
	for {
		select {
		case <-c.queue.Signal:
			c.wait()
		case <-tick.C:
		}
		queue, dropped, closed := c.queue.Take()
		p.print(queue, dropped)
		if closed {
			p.end()
			return
		}
		if live := p.live(time.Now()); live != ticking {
			if ticking = live; live {
				tick.Reset(progress)
			} else {
				tick.Stop()
			}
		}
		c.queue.Give(queue)
	}
}

// wait lets lines gather unless one is urgent.
func (c *Console) wait() {
	timer := time.NewTimer(gather)
	defer timer.Stop()
	select {
	case <-c.urgent:
	case <-timer.C:
	}
}
