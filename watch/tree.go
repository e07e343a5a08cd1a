package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A node is a component of a watched path.
type node struct {
	parent    *node
	name      string
	path      string
	children  map[string]*node
	listeners []*listener // of this very path
	below     []*listener // recursive ones of this directory and those above
	watch     int32       // of the directory, or 0
	isDir     bool        // other nodes or entries need the directory watched
	seen      signature   // of a polled directory
}

// errUnwatchable is why a directory has to be looked at periodically.
var errUnwatchable = errors.New("no directory can be watched on this system")

// reach returns the node of an absolute path. The directories before it are watched.
func (h *Hub) reach(path string) *node {
	n := h.root
	for name := range strings.SplitSeq(strings.Trim(filepath.ToSlash(path), "/"), "/") {
		if name == "" {
			continue
		}
		h.attach(n)
		n = n.child(name)
	}
	return n
}

// child returns the node of a name in a directory.
func (n *node) child(name string) *node {
	c := n.children[name]
	if c == nil {
		c = &node{parent: n, name: name, path: filepath.Join(n.path, name)}
		if n.children == nil {
			n.children = map[string]*node{}
		}
		n.children[c.name] = c
	}
	return c
}

// attach watches the directory of a node, unless it is watched or there is none.
func (h *Hub) attach(n *node) {
	n.isDir = true
	if n.watch != 0 || h.polled[n] {
		return
	}
	watch, err := h.backend.add(n.path)
	switch {
	case err == nil:
		n.watch = watch
		h.byWatch[watch] = append(h.byWatch[watch], n)
	case errors.Is(err, fs.ErrNotExist), isNotDir(err):
		// It appears in the directory before it, which is watched.
	default:
		h.warn(err)
		n.seen = look(n)
		h.polled[n] = true
		if !h.polling {
			h.polling = true
			go h.poll()
		}
	}
}

// detach ends the watch of a node's directory.
func (h *Hub) detach(n *node) {
	delete(h.polled, n)
	if n.watch == 0 {
		return
	}
	rest := slices.DeleteFunc(h.byWatch[n.watch], func(x *node) bool { return x == n })
	if len(rest) == 0 {
		delete(h.byWatch, n.watch)
		h.backend.remove(n.watch)
	} else {
		h.byWatch[n.watch] = rest
	}
	n.watch = 0
}

// prune drops nodes that nothing needs, from n upwards.
func (h *Hub) prune(n *node) {
	for n.parent != nil && len(n.listeners)+len(n.below)+len(n.children) == 0 {
		h.detach(n)
		delete(n.parent.children, n.name)
		n = n.parent
	}
}

// descend makes a recursive listener hear of everything below a directory.
func (h *Hub) descend(n *node, l *listener) {
	if slices.Contains(n.below, l) {
		return
	}
	n.below = append(n.below, l)
	h.attach(n)
	entries, err := os.ReadDir(n.path)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			h.descend(n.child(e.Name()), l)
		}
	}
}

// ascend takes back what descend did.
func (h *Hub) ascend(n *node, l *listener) {
	i := slices.Index(n.below, l)
	if i < 0 {
		return
	}
	n.below = slices.Delete(n.below, i, i+1)
	for _, c := range n.children {
		h.ascend(c, l)
		h.prune(c)
	}
}

// wakeNode wakes who listens to the very path.
func (h *Hub) wakeNode(n *node) {
	for _, l := range n.listeners {
		h.pending = append(h.pending, l.wake)
		if l.opts.Follow {
			path := n.path
			h.pending = append(h.pending, func() { h.follow(l, path) })
		}
	}
}

// wakeEntries wakes who listens to the entries of a directory.
func (h *Hub) wakeEntries(n *node) {
	for _, l := range n.listeners {
		if l.dir {
			h.pending = append(h.pending, l.wake)
		}
	}
	for _, l := range n.below {
		h.pending = append(h.pending, l.wake)
	}
}

// event tells that something happened to an entry of a watched directory. moved says that
// the entry came, went, or was replaced.
func (h *Hub) event(watch int32, name []byte, moved bool) {
	for _, n := range h.byWatch[watch] {
		c := n.children[string(name)]
		if c != nil {
			h.wakeNode(c)
			if c.isDir && (moved || c.watch == 0) {
				h.replaced(c)
			}
		}
		h.wakeEntries(n)
		if moved && len(n.below) > 0 {
			h.appeared(n, string(name))
		}
	}
}

// appeared extends recursive listeners to a new subdirectory.
func (h *Hub) appeared(n *node, name string) {
	info, err := os.Lstat(filepath.Join(n.path, name))
	if err != nil || !info.IsDir() {
		return
	}
	c := n.child(name)
	for _, l := range n.below {
		h.descend(c, l)
	}
}

// replaced watches anew what is now at the path of a node, and wakes all below it.
func (h *Hub) replaced(n *node) {
	h.detach(n)
	h.attach(n)
	for _, c := range n.children {
		h.wakeNode(c)
		if c.isDir {
			h.replaced(c)
		}
	}
	h.wakeEntries(n)
	for _, l := range n.below {
		h.rescan(n, l)
	}
}

// rescan finds subdirectories that a recursive listener does not hear of yet.
func (h *Hub) rescan(n *node, l *listener) {
	entries, err := os.ReadDir(n.path)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			h.descend(n.child(e.Name()), l)
		}
	}
}

// gone tells that a directory was removed, moved, or unmounted: its watch is of no use.
func (h *Hub) gone(watch int32) {
	for _, n := range slices.Clone(h.byWatch[watch]) {
		h.wakeNode(n)
		h.replaced(n)
	}
}

// overflow tells that events were lost: everything is watched anew and woken.
func (h *Hub) overflow() {
	h.wakeNode(h.root)
	h.replaced(h.root)
}

// linkTarget returns the absolute path that a symbolic link points to, or "".
func linkTarget(path string) string {
	target, err := os.Readlink(path)
	if err != nil {
		return ""
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	return target
}
