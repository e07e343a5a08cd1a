package etcd

import (
	"context"
	"fmt"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"mgmt/world"
)

// A write that got no answer was done again, and what it wrote was deleted since: when the first
// attempt arrives after all, it does not bring that back.
func TestLateWriteOfWhatIsDeleted(t *testing.T) {
	t.Parallel()
	export := world.ExportKey{To: "b", Kind: "file", Name: "/x"}
	for _, test := range []struct {
		what          string
		write, remove func(context.Context, *World) error
		key           string
	}{
		{"a value", func(ctx context.Context, w *World) error { return w.SetString(ctx, "x", "one") },
			func(ctx context.Context, w *World) error { return w.DeleteString(ctx, "x") }, stringsPrefix + "x"},
		{"a value of the host", func(ctx context.Context, w *World) error { return w.SetValue(ctx, "x", "one") },
			func(ctx context.Context, w *World) error { return w.DeleteValue(ctx, "x") }, valueKey("x", "a")},
		{"an export", func(ctx context.Context, w *World) error { return w.Export(ctx, export, "one") },
			func(ctx context.Context, w *World) error { return w.Withdraw(ctx, export) }, exportKey("a", export)},
	} {
		for _, ended := range []bool{false, true} { // the attempt is the only one, for who writes does not wait
			t.Run(fmt.Sprintf("%s, %v", test.what, ended), func(t *testing.T) {
				s, d := serve(t), &detour{}
				w := New(s.through(t, d.intercept), Options{Host: "a"})
				if ended {
					w.fence.lose()
				}
				must(t, test.write(t.Context(), w))
				must(t, test.remove(t.Context(), w))
				if d.deliver == nil {
					t.Fatal("no write was held back")
				}
				must(t, d.deliver())
				if _, exists, err := w.get(t.Context(), test.key); exists || err != nil {
					t.Errorf("it is back: %v, %v", exists, err)
				}
				must(t, test.write(t.Context(), w))
				if _, exists, err := w.get(t.Context(), test.key); !exists || err != nil {
					t.Errorf("it cannot be written any more: %v, %v", exists, err)
				}
			})
		}
	}
}

// The same with a key that hangs on a session, which goes on.
func TestLateWriteOfASession(t *testing.T) {
	t.Parallel()
	s, d := serve(t), &detour{}
	w := New(s.through(t, d.intercept), Options{Host: "a"})
	run(t, w)
	must(t, w.Hold(t.Context(), "/volunteer/a", "here"))
	must(t, w.Drop(t.Context(), "/volunteer/a"))
	if d.deliver == nil {
		t.Fatal("no write was held back")
	}
	must(t, d.deliver())
	if _, exists, err := w.get(t.Context(), namespace+"/volunteer/a"); exists || err != nil {
		t.Errorf("it is back: %v, %v", exists, err)
	}
}

// An agent that is started anew finds its fence, and writes past it.
func TestFenceOfTheAgentBefore(t *testing.T) {
	t.Parallel()
	s := serve(t)
	before := New(s.client(t), Options{Host: "a"})
	before.fence.lose()
	must(t, before.SetString(t.Context(), "x", "1"))
	if at := before.fence.look(); at.revision == 0 || at.settled != 1 {
		t.Fatalf("the fence is at %+v", at)
	}
	must(t, New(s.client(t), Options{Host: "a"}).SetString(t.Context(), "x", "2"))
	must(t, before.SetString(t.Context(), "x", "3"))
	nameless := New(s.client(t), Options{})
	nameless.fence.lose()
	must(t, nameless.SetString(t.Context(), "x", "4"))
}

// In a store that is full things can be removed, also behind a write that got no answer.
func TestRemovingFromAFullStore(t *testing.T) {
	t.Parallel()
	s := serve(t)
	w := New(s.client(t), Options{Host: "a"})
	must(t, w.SetString(t.Context(), "x", "1"))
	_, err := pb.NewMaintenanceClient(s.client(t).ActiveConnection()).Alarm(t.Context(), &pb.AlarmRequest{
		Action: pb.AlarmRequest_ACTIVATE, Alarm: pb.AlarmType_NOSPACE,
	})
	must(t, err)
	w.fence.lose()
	must(t, w.DeleteString(t.Context(), "x"))
	if _, exists, err := w.GetString(t.Context(), "x"); exists || err != nil {
		t.Errorf("it is there still: %v, %v", exists, err)
	}
}
