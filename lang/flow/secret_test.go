package flow

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"mgmt/lang/types"
)

// echo is a source that delivers its argument, or an error about it if that is "bad".
func echo(_ context.Context, args []types.Value, emit func(types.Value, error)) error {
	if args[0] == types.Str("bad") {
		emit(nil, errors.New("it is bad"))
	} else {
		emit(args[0], nil)
	}
	return nil
}

// secretStory runs f with a cell and a source of that kind that echoes it. now brings the graph
// up to date and returns the result of the source, and the causes of the round.
func secretStory(t *testing.T, opts SourceOptions, first Result, f func(in Cell, now func() (Result, []*Cause))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := New(ctx)
		in := g.Cell(first)
		src := g.Source([]*Node{in.Node}, opts)
		g.NewScope().Output([]*Node{src}, func() (any, error) { return src.Result(), nil }, func(a, b any) bool { return false })
		f(in, func() (Result, []*Cause) {
			first, _ := g.Stabilize()
			synctest.Wait()
			second, _ := g.Stabilize()
			return src.Result(), append(first.Causes, second.Causes...)
		})
		cancel()
		g.Wait()
	})
}

var hush = types.Secret("hush")

func text(s string, mark *types.Mark) Result { return Marked(types.Str(s), mark) }

func TestSourcePassesMarksOn(t *testing.T) {
	secretStory(t, SourceOptions{Label: "echo", Run: echo}, text("a", nil), func(in Cell, now func() (Result, []*Cause)) {
		for _, want := range []Result{text("a", nil), text("a", hush), text("b", hush), text("b", nil), text("c", hush), text("d", nil)} {
			in.Set(want, nil)
			if got, _ := now(); !got.same(want) {
				t.Errorf("of %v, %v it makes %v, %v", want.Value, want.Mark(), got.Value, got.Mark())
			}
		}
		in.Set(text("bad", nil), nil)
		if got, _ := now(); got.Err() == nil || got.Err().Error() != "it is bad" {
			t.Errorf("the error is %v", got.Err())
		}
		in.Set(text("bad", hush), nil)
		if got, _ := now(); got.Err() == nil || strings.Contains(got.Err().Error(), "bad") {
			t.Errorf("the error about a secret is %v", got.Err())
		}
	})
}

func TestSecretSource(t *testing.T) {
	runs := make(chan func(string), 1)
	opts := SourceOptions{Label: "secret", Secret: true, Run: func(ctx context.Context, _ []types.Value, emit func(types.Value, error)) error {
		emit(types.Str("first"), nil)
		runs <- func(s string) { emit(types.Str(s), nil) }
		<-ctx.Done()
		return ctx.Err()
	}}
	secretStory(t, opts, text("a", nil), func(_ Cell, now func() (Result, []*Cause)) {
		if got, _ := now(); !got.same(text("first", types.Secret("first"))) {
			t.Errorf("it is %v with the mark %v", got.Value, got.Mark())
		}
		(<-runs)("second")
		_, causes := now()
		if len(causes) != 1 || causes[0].Old.Mark() == nil || causes[0].New.Mark() == nil {
			t.Errorf("the causes are %+v; want one with marks", causes)
		}
	})
}

// TestFollowRemembers says that a source which gets new arguments while it runs may deliver old
// ones later.
func TestFollowRemembers(t *testing.T) {
	follow := func(ctx context.Context, args []types.Value, _ <-chan []types.Value, emit func(types.Value, error)) error {
		return echo(ctx, args, emit)
	}
	opts := SourceOptions{Label: "follow", Follow: follow}
	secretStory(t, opts, text("a", hush), func(in Cell, now func() (Result, []*Cause)) {
		now()
		in.Set(text("b", nil), nil)
		if got, _ := now(); got.Mark() == nil {
			t.Error("it forgets that it had a secret")
		}
	})
}

func TestSecretArguments(t *testing.T) {
	for _, x := range []struct {
		opts SourceOptions
		want string
	}{
		{SourceOptions{Label: "publish", Run: echo, Public: true}, "publish: an argument is secret"},
		{SourceOptions{Label: "fixed", Run: echo, Fixed: true}, "fixed: the argument, which is secret, changed"},
	} {
		secretStory(t, x.opts, text("first", nil), func(in Cell, now func() (Result, []*Cause)) {
			if got, _ := now(); got.Err() != nil {
				t.Errorf("%s: without a secret there is %v", x.opts.Label, got.Err())
			}
			in.Set(text("second", hush), nil)
			got, _ := now()
			if got.Err() == nil || !strings.Contains(got.Err().Error(), x.want) || strings.Contains(got.Err().Error(), "second") {
				t.Errorf("%s: the error is %v", x.opts.Label, got.Err())
			}
		})
	}
}
