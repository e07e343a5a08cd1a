package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"mgmt/resource"
	"mgmt/world"
)

// A resource with Meta:export is offered to other hosts: its runs store it in the world, as it
// is with the values that it has received, so it is there only once all that it depends on is
// all right. One that is hidden has runs for that alone.
//
// The loop knows who exports under which key. A key that nobody exports under any more is
// stale, and is withdrawn beside the loop; so is, with the first delta, what an earlier run of
// the agent has left. A run may store under a key that has become stale meanwhile, or is being
// withdrawn; such keys are looked at again when that is over, so that in the end the world has
// what the graph wants. The end of the agent withdraws nothing.
type exports struct {
	holders map[world.ExportKey]map[*vertex]bool
	stale   map[world.ExportKey]bool
	busy    bool   // some are being withdrawn
	retry   *timer // until withdrawing is tried again
	ctx     context.Context
	cancel  context.CancelFunc // of ctx, when the agent stops
	swept   bool               // what an earlier run has left is known, or being found out
}

// exportPause is the time between two attempts to tell the world something.
const exportPause = 10 * time.Second

// An offer is what one vertex exports.
type offer struct {
	keys []world.ExportKey
	done string // what was stored last, in short; empty is nothing
	lost bool   // what is being stored may have been withdrawn meanwhile
}

// An offering is the part of a run that stores an offer.
type offering struct {
	keys   []world.ExportKey
	done   string // before and after the run
	tried  bool   // something may have been stored, under any of the keys
	stored bool   // all of it was
	err    error
}

func newExports() exports {
	x := exports{holders: map[world.ExportKey]map[*vertex]bool{}, stale: map[world.ExportKey]bool{}}
	x.ctx, x.cancel = context.WithCancel(context.Background())
	return x
}

// exporting reports whether the engine can export anything.
func (e *Engine) exporting() bool { return e.opts.World != nil && e.opts.Kinds != nil && !e.opts.Noop }

// offer makes what v offers known, after its meta parameters have changed.
func (e *Engine) offer(v *vertex) {
	var keys []world.ExportKey
	if v.spec != nil && len(v.meta.Export) > 0 && e.exporting() {
		for _, host := range v.meta.Export {
			keys = append(keys, world.ExportKey{To: host, Kind: v.key.Kind, Name: v.key.Name})
		}
	}
	old := v.offer
	v.offer = nil
	if len(keys) > 0 {
		v.offer = &offer{keys: keys}
	}
	if old != nil && v.offer != nil {
		v.offer.done, v.offer.lost = old.done, old.lost
	}
	for _, key := range keys {
		if e.exports.holders[key] == nil {
			e.exports.holders[key] = map[*vertex]bool{}
		}
		e.exports.holders[key][v] = true
		delete(e.exports.stale, key)
	}
	if old == nil || e.stopping {
		return
	}
	for _, key := range old.keys {
		if !slices.Contains(keys, key) {
			e.unhold(key, v)
		}
	}
}

// unhold notes that v does not export under the key any more.
func (e *Engine) unhold(key world.ExportKey, v *vertex) {
	delete(e.exports.holders[key], v)
	if len(e.exports.holders[key]) > 0 {
		return
	}
	delete(e.exports.holders, key)
	e.exports.stale[key] = true
}

// sweep finds out what an earlier run of the agent has left in the world, once.
func (e *Engine) sweep() {
	if e.exports.swept || !e.exporting() {
		return
	}
	e.exports.swept = true
	e.pool.beside(func() {
		keys, err := e.opts.World.Exported(e.exports.ctx)
		e.box.call(func() {
			if err != nil {
				e.exports.swept = false
				e.unexported(err)
			}
			for _, key := range keys {
				e.mayBeStale(key)
			}
		})
	})
}

// mayBeStale looks at a key that is, or may be, in the world.
func (e *Engine) mayBeStale(key world.ExportKey) {
	if len(e.exports.holders[key]) == 0 && !e.stopping {
		e.exports.stale[key] = true
	}
}

// retract withdraws what is stale.
func (e *Engine) retract() {
	if len(e.exports.stale) == 0 || e.exports.busy || e.exports.retry != nil || e.stopping {
		return
	}
	var keys []world.ExportKey
	for key := range e.exports.stale {
		keys = append(keys, key)
	}
	clear(e.exports.stale)
	e.exports.busy = true
	e.pool.beside(func() {
		done := 0
		var err error
		for done < len(keys) && err == nil {
			if err = e.opts.World.Withdraw(e.exports.ctx, keys[done]); err == nil {
				done++
			}
		}
		e.box.call(func() { e.retracted(keys[:done], keys[done:], err) })
	})
}

// retracted notes what has been withdrawn and what has not. What is exported again meanwhile
// is stored once more.
func (e *Engine) retracted(done, left []world.ExportKey, err error) {
	e.exports.busy = false
	for _, key := range done {
		for v := range e.exports.holders[key] {
			v.offer.done, v.offer.lost = "", v.running()
			e.event(v, exported)
		}
	}
	for _, key := range left {
		e.mayBeStale(key)
	}
	if err != nil {
		e.unexported(err)
	}
}

// unexported tries again later to tell the world what is not exported any more.
func (e *Engine) unexported(err error) {
	if e.stopping {
		return
	}
	e.opts.Log.Warn("what is not exported any more may still be there for other hosts", slog.Any("error", err))
	if e.exports.retry == nil {
		e.exports.retry = e.timers.at(time.Now().Add(exportPause), func() {
			e.exports.retry = nil
			e.sweep()
		})
	}
}

// offering returns the part of the next run of v that exports it, or nil.
func (v *vertex) offering() *offering {
	if v.offer == nil || v.meta.Noop {
		return nil
	}
	return &offering{keys: v.offer.keys, done: v.offer.done}
}

// export stores the resource in the world, unless that has been done.
func (j *job) export(ctx context.Context, res resource.Resource) {
	o := j.offering
	if o == nil {
		return
	}
	if j.own != nil {
		o.err = errors.New("export: it has secrets, and an exported resource can be read by all hosts")
		return
	}
	id := j.spec.Key.ID
	rec, err := j.engine.opts.Kinds.Record(id, res, j.spec.Meta)
	var data []byte
	if err == nil {
		data, err = json.Marshal(rec)
	}
	if err != nil {
		o.err = fmt.Errorf("export: %w", err)
		return
	}
	short := fmt.Sprintf("%x %v", sha256.Sum256(data), o.keys)
	if short == o.done {
		return
	}
	o.done, o.tried = "", true
	for _, key := range o.keys {
		if err := j.engine.opts.World.Export(ctx, key, string(data)); err != nil {
			o.err = fmt.Errorf("export to %s: %w", key.To, err)
			return
		}
	}
	o.done, o.stored = short, true
}

// exportHidden does all that the run of a hidden resource does: it receives and exports.
func (j *job) exportHidden(ctx context.Context) error {
	res := resource.Clone(j.spec.Resource)
	var errs []error
	for _, r := range j.recv {
		err := r.err
		if err == nil {
			_, err = resource.Receive(res, r.param, r.value)
		} else {
			err = &resource.ParamError{Param: r.param, Err: err}
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	j.export(ctx, res)
	return nil
}

// offered draws the conclusions from what a run exported.
func (e *Engine) offered(v *vertex, j *job) {
	o := j.offering
	if o.tried {
		for _, key := range o.keys {
			e.mayBeStale(key)
		}
	}
	if v.offer != nil {
		if v.offer.done = o.done; v.offer.lost {
			v.offer.done, v.offer.lost = "", false
		}
	}
	if o.stored {
		var hosts []string
		for _, key := range o.keys {
			hosts = append(hosts, key.To)
		}
		j.changes = append(slices.Clip(j.changes), resource.Change{Param: "export", Note: "stored for " + strings.Join(hosts, ", ")})
	}
	if o.err == nil {
		return
	}
	j.err = errors.Join(j.err, o.err)
	same := v.offer
	e.timers.at(time.Now().Add(exportPause), func() {
		if v.offer == same && v.offer != nil && v.failed != nil && v.job == nil {
			e.revive(v, exported)
		}
	})
}
