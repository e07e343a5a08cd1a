package stdworld

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
	"mgmt/world"
	"mgmt/world/mem"
)

// stubborn is a world that does not store the first few values, and counts.
type stubborn struct {
	world.World
	refuse           int
	stored, followed *atomic.Int32
}

func (w *stubborn) SetValue(ctx context.Context, namespace, value string) error {
	w.stored.Add(1)
	if w.refuse > 0 {
		w.refuse--
		return errors.New("the store is busy")
	}
	return w.World.SetValue(ctx, namespace, value)
}

func (w *stubborn) WatchValues(ctx context.Context, namespace string, emit func(map[string]world.Change)) error {
	w.followed.Add(1)
	return w.World.WatchValues(ctx, namespace, emit)
}

// A value that changes is written once, and nothing is read again; another namespace is.
func TestExchangeGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.New()
		if err := store.Host("b").SetValue(t.Context(), "n", "old"); err != nil {
			t.Fatal(err)
		}
		w := &stubborn{store.Host("a"), 2, new(atomic.Int32), new(atomic.Int32)}
		changes, ended := make(chan []types.Value), make(chan error, 1)
		var last types.Value
		call := &funcs.Call{Host: &funcs.Host{World: w}, Changes: changes}
		args := func(namespace, value string) []types.Value {
			return []types.Value{types.Str(namespace), types.Str(value)}
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			ended <- exchange(ctx, call, args("n", "1"), func(v types.Value, err error) {
				if last = v; err != nil {
					t.Error(err)
				}
			})
		}()
		check := func(want string, stored, followed int32) {
			t.Helper()
			synctest.Wait()
			if last.String() != want || w.stored.Load() != stored || w.followed.Load() != followed {
				t.Errorf("there is %v, after %d writes and %d watches; want %s, %d and %d", last, w.stored.Load(), w.followed.Load(), want, stored, followed)
			}
		}
		check(`{"b": "old"}`, 1, 1) // refused, and waiting
		changes <- args("n", "2")   // which is tried at once, and refused
		changes <- args("n", "3")
		check(`{"a": "3", "b": "old"}`, 3, 1)
		changes <- args("n", "4")
		check(`{"a": "4", "b": "old"}`, 4, 1)
		if err := w.DeleteValue(t.Context(), "n"); err != nil {
			t.Fatal(err)
		}
		check(`{"a": "4", "b": "old"}`, 5, 1) // stored again
		changes <- args("other", "4")
		check(`{"a": "4"}`, 6, 2)
		changes <- args("", "4")
		if err := <-ended; err == nil || err.Error() != "the name is empty" {
			t.Errorf("of an empty namespace the error is %v", err)
		}
		cancel()
	})
}

// A store that is back gets the value without being asked.
func TestExchangeTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &stubborn{mem.New().Host("a"), 5, new(atomic.Int32), new(atomic.Int32)}
		ctx, cancel := context.WithCancel(t.Context())
		err := exchange(ctx, &funcs.Call{Host: &funcs.Host{World: w}}, []types.Value{types.Str("n"), types.Str("1")}, func(v types.Value, _ error) {
			if v.String() == `{"a": "1"}` {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || w.stored.Load() != 6 {
			t.Errorf("it returned %v, after %d writes", err, w.stored.Load())
		}
	})
}
