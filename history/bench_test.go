package history

import (
	"context"
	"fmt"
	"testing"

	"mgmt/engine"
	"mgmt/resource"
	"mgmt/watch"
)

// A still resource is always right.
type still struct {
	Text  string `mgmt:"text"`
	wakes []func()
	index int
}

func (*still) Validate() error                                  { return nil }
func (*still) Watch(context.Context, func()) error              { panic("it has a subscription") }
func (*still) Check(context.Context) ([]resource.Change, error) { return nil, nil }
func (*still) Apply(context.Context, []resource.Change) error   { return nil }

func (r *still) Subscribe(_ *watch.Hub, wake func()) (func(), error) {
	wake()
	if r.wakes != nil {
		r.wakes[r.index] = wake
	}
	return func() {}, nil
}

// observed runs an engine with n resources that are told to a log, if there is one.
func observed(b *testing.B, log *Log, n int) (e *engine.Engine, d resource.Delta, wakes []func(), converged chan struct{}, stop func()) {
	converged = make(chan struct{}, 1)
	e = engine.New(engine.Options{Observe: func(ev engine.Event) {
		if log != nil {
			log.Event(ev)
		}
		if ev.Kind == engine.Converged && ev.Converged {
			select {
			case converged <- struct{}{}:
			default:
			}
		}
	}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = e.Run(ctx)
	}()
	wakes = make([]func(), n)
	for i := range n {
		d.Set = append(d.Set, &resource.Spec{
			Key:      resource.Key{ID: resource.ID{Kind: "still", Name: fmt.Sprint("/etc/", i)}},
			Resource: &still{wakes: wakes, index: i}, Meta: resource.DefaultMeta(), Pos: "site.mcl:1:1",
		})
	}
	return e, d, wakes, converged, func() { cancel(); <-ended }
}

// The first load of 100,000 resources, and a million events of 10,000, with a history and
// without one.
func BenchmarkEngine(b *testing.B) {
	for _, name := range []string{"off", "on"} {
		var log *Log
		if name == "on" {
			log = open(b, b.TempDir(), 0)
		}
		b.Run("load/"+name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				e, d, _, converged, stop := observed(b, log, 100_000)
				b.StartTimer()
				if err := e.Submit(b.Context(), d); err != nil {
					b.Fatal(err)
				}
				<-converged
				b.StopTimer()
				stop()
				b.StartTimer()
			}
		})
		b.Run("wakes/"+name, func(b *testing.B) {
			const resources, events = 10_000, 1_000_000
			e, d, wakes, converged, stop := observed(b, log, resources)
			defer stop()
			if err := e.Submit(b.Context(), d); err != nil {
				b.Fatal(err)
			}
			<-converged
			for b.Loop() {
				for i := range events {
					wakes[i*7919%resources]()
				}
				for s, err := e.Inquire(b.Context(), pickNone); !s.Converged; s, err = e.Inquire(b.Context(), pickNone) {
					if err != nil {
						b.Fatal(err)
					}
					<-converged
				}
			}
		})
	}
}

var pickNone = engine.Inquiry{Pick: func(*engine.Status) bool { return false }}
