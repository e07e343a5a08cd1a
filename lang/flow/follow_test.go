package flow

import (
	"context"
	"testing"

	"mgmt/lang/types"
)

// A source that follows its arguments is started once, and gets those that came last; started
// anew, after its arguments have been an error, it gets none of the life before.
func TestFollowGetsWhatCameLast(t *testing.T) {
	lives := 0
	var listen chan struct{}
	follow := func(ctx context.Context, args []types.Value, changes <-chan []types.Value, emit func(types.Value, error)) error {
		lives++
		emit(args[0], nil)
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-listen:
			}
			select {
			case args := <-changes:
				emit(args[0], nil)
			default:
			}
		}
	}
	secretStory(t, SourceOptions{Label: "follow", Follow: follow}, text("a", nil), func(in Cell, now func() (Result, []*Cause)) {
		listen = make(chan struct{}) // within the bubble
		set := func(r Result, want string) {
			t.Helper()
			in.Set(r, nil)
			if got, _ := now(); got.Value != types.Str(want) {
				t.Errorf("there is %v, want %s", got, want)
			}
		}
		set(text("a", nil), "a")
		set(text("b", nil), "a") // it does not listen
		set(text("c", nil), "a")
		go func() { listen <- struct{}{} }()
		now()
		if got, _ := now(); got.Value != types.Str("c") {
			t.Errorf("there is %v, want c", got)
		}
		set(text("d", nil), "c")
		in.Set(Fail(context.DeadlineExceeded), nil)
		now()
		set(text("e", nil), "e")
		go func() { listen <- struct{}{} }()
		now()
		if got, _ := now(); got.Value != types.Str("e") || lives != 2 {
			t.Errorf("there is %v in life %d, want e in 2", got, lives)
		}
	})
}
