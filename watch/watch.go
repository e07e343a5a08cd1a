// Package watch has the event source that all resources and functions of an agent share.
//
// A [Hub] tells when something may have happened to a path. [Hub.Path] calls a function
// once it is listening, and again after every event: what happened is for the listener to
// find out. Calls may come without need, but none is missed.
//
// The path need not exist. Every component of it is watched by name in the directory
// before it, as far as there are directories, so a path is followed however parts of it
// appear, vanish, are renamed or replaced. All paths share one inotify instance and one
// watch a directory: ten thousand files of one directory cost one watch. Where the machine
// has no watches left, and on systems without inotify, directories are looked at
// periodically instead, and one warning says so.
package watch

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Options say what is watched besides the path itself.
type Options struct {
	// Recursive watches everything below a directory.
	Recursive bool
	// Follow watches also what the path points to, if it is a symbolic link.
	Follow bool

	depth int // how many links led here
}

// A Hub is the shared event source of an agent. It does nothing until it is first used.
type Hub struct {
	log *slog.Logger

	mu      sync.Mutex // guards all below, and all nodes and listeners
	backend backend    // nil until first used, and after Close
	closed  bool
	root    *node
	byWatch map[int32][]*node
	polled  map[*node]bool // directories without a watch, looked at periodically
	polling bool
	warned  bool
	stop    chan struct{} // closed by Close
	pending []func()      // wakes to be made when the lock is free
}

// backend is how the system watches directories.
type backend interface {
	// add watches a directory and returns the number that its events carry. Two names of
	// one directory share a number.
	add(path string) (int32, error)
	remove(watch int32)
	close() error
}

// NewHub returns a hub that warns through log.
func NewHub(log *slog.Logger) *Hub {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Hub{
		log:     log,
		root:    &node{path: "/"},
		byWatch: map[int32][]*node{},
		polled:  map[*node]bool{},
		stop:    make(chan struct{}),
	}
}

// A listener is one call of Path.
type listener struct {
	wake func()
	opts Options
	dir  bool // entries of the directory count too
	at   *node
	link func() // ends the watch of what the path points to
	done bool   // was cancelled
}

// Path calls wake once it is listening, before it returns, and again after everything that
// may have happened to the path, until cancel is called. A path that ends in / is a
// directory, whose entries are watched too. wake must not block; it may be called from any
// goroutine, and once more after cancel.
func (h *Hub) Path(path string, opts Options, wake func()) (cancel func(), err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.start()
	l := &listener{wake: wake, opts: opts, dir: opts.Recursive || strings.HasSuffix(path, "/")}
	l.at = h.reach(abs)
	l.at.listeners = append(l.at.listeners, l)
	if l.dir {
		h.attach(l.at)
	}
	if opts.Recursive {
		h.descend(l.at, l)
	}
	h.unlock()
	if opts.Follow {
		h.follow(l, abs)
	}
	wake()
	return sync.OnceFunc(func() { h.cancel(l) }), nil
}

// unlock frees the lock and makes the wakes that came up.
func (h *Hub) unlock() {
	wakes := h.pending
	h.pending = nil
	h.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}

func (h *Hub) cancel(l *listener) {
	h.mu.Lock()
	n := l.at
	n.listeners = slices.DeleteFunc(n.listeners, func(x *listener) bool { return x == l })
	if l.opts.Recursive {
		h.ascend(n, l)
	}
	h.prune(n)
	link := l.link
	l.link, l.done = nil, true
	h.unlock()
	if link != nil {
		link()
	}
}

// maxLinks bounds how many symbolic links in a row are followed.
const maxLinks = 16

// follow watches what the path points to. When the link changes, so does what is watched.
func (h *Hub) follow(l *listener, path string) {
	target := linkTarget(path)
	if target == "" || l.opts.depth == maxLinks {
		return
	}
	end, err := h.Path(target, Options{Follow: true, Recursive: l.opts.Recursive, depth: l.opts.depth + 1}, l.wake)
	if err != nil {
		return
	}
	h.mu.Lock()
	old := l.link
	l.link = end
	if l.done {
		old, l.link = end, nil
	}
	h.unlock()
	if old != nil {
		old()
	}
}

// Close ends all watching.
func (h *Hub) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	close(h.stop)
	if h.backend == nil {
		return nil
	}
	return h.backend.close()
}

// start makes the backend on first use.
func (h *Hub) start() {
	if h.backend != nil || h.closed {
		return
	}
	b, err := newBackend(h)
	if err != nil {
		h.warn(err)
		b = noBackend{}
	}
	h.backend = b
}

// noBackend stands where the system can watch nothing.
type noBackend struct{}

func (noBackend) add(string) (int32, error) { return 0, errUnwatchable }
func (noBackend) remove(int32)              {}
func (noBackend) close() error              { return nil }
