package yaml

import (
	"context"
	"maps"
	"sync"

	"mgmt/world"
)

// An others follows what hosts export, of the kinds that the graph collects or once did. Its
// methods are for the goroutine of the front end.
type others struct {
	world   world.Exports // nil if there are no others
	changed chan struct{} // holds one element while there is news
	running sync.WaitGroup
	asked   map[string]bool // the kinds

	mu    sync.Mutex // guards known
	known map[string][]world.Export
}

func newOthers(w world.Exports) *others {
	return &others{world: w, changed: make(chan struct{}, 1), asked: map[string]bool{}, known: map[string][]world.Export{}}
}

// exports returns what is known by now, by kind.
func (o *others) exports() map[string][]world.Export {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.known)
}

// await returns when something is known of each of the kinds, and reports whether that is news.
func (o *others) await(ctx context.Context, kinds []string) (news bool) {
	if o.world == nil {
		return false
	}
	for _, kind := range kinds {
		if !o.asked[kind] {
			o.asked[kind] = true
			o.follow(ctx, kind)
			news = true
		}
	}
	for !o.knows(kinds) {
		select {
		case <-o.changed:
		case <-ctx.Done():
			return false
		}
	}
	return news
}

func (o *others) knows(kinds []string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, kind := range kinds {
		if _, ok := o.known[kind]; !ok {
			return false
		}
	}
	return true
}

// follow keeps what is known of a kind up to date until ctx ends.
func (o *others) follow(ctx context.Context, kind string) {
	o.running.Go(func() {
		_ = o.world.WatchExports(ctx, kind, func(list []world.Export) { // ends with ctx, and says so
			o.mu.Lock()
			o.known[kind] = list
			o.mu.Unlock()
			select {
			case o.changed <- struct{}{}:
			default:
			}
		})
	})
}
