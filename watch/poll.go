package watch

import (
	"os"
	"time"
)

// pollInterval is how often directories without a watch are looked at.
const pollInterval = 2 * time.Second

// A signature is what can be seen of a directory and its entries without opening them. It
// changes with whatever an event would tell of.
type signature struct {
	dir     entry
	entries map[string]entry
}

type entry struct {
	mode  os.FileMode
	size  int64
	mtime time.Time
	id    fileID
}

func look(n *node) signature {
	s := signature{dir: lookAt(n.path)}
	if len(n.below) > 0 || hasEntryListener(n) {
		list, _ := os.ReadDir(n.path)
		s.entries = make(map[string]entry, len(list))
		for _, e := range list {
			s.entries[e.Name()] = lookAt(n.path + "/" + e.Name())
		}
		return s
	}
	s.entries = make(map[string]entry, len(n.children))
	for name, c := range n.children {
		s.entries[name] = lookAt(c.path)
	}
	return s
}

func hasEntryListener(n *node) bool {
	for _, l := range n.listeners {
		if l.dir {
			return true
		}
	}
	return false
}

func lookAt(path string) entry {
	info, err := os.Lstat(path)
	if err != nil {
		return entry{}
	}
	return entry{info.Mode(), info.Size(), info.ModTime(), idOf(info)}
}

// poll looks at the directories without a watch until the hub is closed.
func (h *Hub) poll() {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-tick.C:
			h.mu.Lock()
			h.pollOnce()
			h.unlock()
		}
	}
}

func (h *Hub) pollOnce() {
	for n := range h.polled {
		now := look(n)
		old := n.seen
		n.seen = now
		if old.dir.id != now.dir.id {
			h.wakeNode(n)
			h.replaced(n)
			continue
		}
		for name, e := range now.entries {
			if was, known := old.entries[name]; known && was != e {
				h.polledEntry(n, name, was, e)
			} else if !known {
				h.polledEntry(n, name, entry{}, e)
			}
		}
		for name, was := range old.entries {
			if _, still := now.entries[name]; !still {
				h.polledEntry(n, name, was, entry{})
			}
		}
	}
}

func (h *Hub) polledEntry(n *node, name string, was, is entry) {
	if c := n.children[name]; c != nil {
		h.wakeNode(c)
		if c.isDir && was.id != is.id {
			h.replaced(c)
		}
	}
	h.wakeEntries(n)
	if was.id != is.id && len(n.below) > 0 {
		h.appeared(n, name)
	}
}

// warn says once that the machine limits watching.
func (h *Hub) warn(err error) {
	if h.warned {
		return
	}
	h.warned = true
	attrs := []any{"error", err}
	if hint := limitHint(err); hint != "" {
		attrs = append(attrs, "hint", hint)
	}
	h.log.Warn("some directories cannot be watched and are looked at every two seconds instead", attrs...)
}
