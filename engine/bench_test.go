package engine

import (
	"context"
	"fmt"
	"testing"

	"mgmt/resource"
	"mgmt/watch"
)

// A trivial resource is always right. It has no goroutine.
type trivial struct {
	Text string `mgmt:"text"`

	wakes chan<- func() // told how to wake it, if there is one
}

func (*trivial) Validate() error                                  { return nil }
func (*trivial) Watch(context.Context, func()) error              { panic("it has a subscription") }
func (*trivial) Check(context.Context) ([]resource.Change, error) { return nil, nil }
func (*trivial) Apply(context.Context, []resource.Change) error   { return nil }

func (r *trivial) Subscribe(_ *watch.Hub, wake func()) (func(), error) {
	wake()
	if r.wakes != nil {
		r.wakes <- wake
	}
	return func() {}, nil
}

// bench runs an engine that reports when it is converged.
type bench struct {
	*Engine
	converged chan struct{}
	cancel    context.CancelFunc
	ended     chan struct{}
}

func newBench() *bench {
	b := &bench{converged: make(chan struct{}, 1), ended: make(chan struct{})}
	b.Engine = New(Options{Observe: func(ev Event) {
		if ev.Kind == Converged && ev.Converged {
			select {
			case b.converged <- struct{}{}:
			default:
			}
		}
	}})
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	go func() {
		defer close(b.ended)
		_ = b.Run(ctx)
	}()
	return b
}

func (b *bench) stop() {
	b.cancel()
	<-b.ended
}

func trivials(n int) []*resource.Spec {
	specs := make([]*resource.Spec, n)
	for i := range specs {
		specs[i] = &resource.Spec{
			Key:      resource.Key{ID: resource.ID{Kind: "trivial", Name: fmt.Sprint(i)}},
			Resource: &trivial{}, Meta: resource.DefaultMeta(),
		}
	}
	return specs
}

func loadAndConverge(b *testing.B, d resource.Delta) {
	for b.Loop() {
		e := newBench()
		if err := e.Submit(context.Background(), d); err != nil {
			b.Fatal(err)
		}
		<-e.converged
		b.StopTimer()
		e.stop()
		b.StartTimer()
	}
}

// From the delta to converged.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			loadAndConverge(b, resource.Delta{Set: trivials(n)})
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/resource")
		})
	}
}

func BenchmarkChain1000(b *testing.B) {
	specs := trivials(1000)
	d := resource.Delta{Set: specs}
	for i := 1; i < len(specs); i++ {
		d.SetEdges = append(d.SetEdges, resource.Edge{From: specs[i-1].Key, To: specs[i].Key})
	}
	loadAndConverge(b, d)
}

// One before 5,000 others before one.
func BenchmarkFan(b *testing.B) {
	specs := trivials(5002)
	d := resource.Delta{Set: specs}
	for i := 1; i < len(specs)-1; i++ {
		d.SetEdges = append(d.SetEdges,
			resource.Edge{From: specs[0].Key, To: specs[i].Key},
			resource.Edge{From: specs[i].Key, To: specs[len(specs)-1].Key})
	}
	loadAndConverge(b, d)
}

// One of 10,000 resources changes.
func BenchmarkDelta1(b *testing.B) {
	e := newBench()
	defer e.stop()
	specs := trivials(10_000)
	if err := e.Submit(context.Background(), resource.Delta{Set: specs}); err != nil {
		b.Fatal(err)
	}
	<-e.converged
	i := 0
	for b.Loop() {
		i++
		s := *specs[i%len(specs)]
		s.Resource = &trivial{Text: fmt.Sprint(i)}
		if err := e.Submit(context.Background(), resource.Delta{Set: []*resource.Spec{&s}}); err != nil {
			b.Fatal(err)
		}
		<-e.converged
	}
}

// A million events of 10,000 resources, as fast as they can be sent.
func BenchmarkWakes(b *testing.B) {
	const resources, events = 10_000, 1_000_000
	e := newBench()
	defer e.stop()
	specs := trivials(resources)
	wakes := make(chan func(), resources)
	for _, s := range specs {
		s.Resource.(*trivial).wakes = wakes
	}
	if err := e.Submit(context.Background(), resource.Delta{Set: specs}); err != nil {
		b.Fatal(err)
	}
	<-e.converged
	var wake []func()
	for range specs {
		wake = append(wake, <-wakes)
	}
	for b.Loop() {
		for i := range events {
			wake[i*7919%resources]()
		}
		for s, err := e.Snapshot(context.Background()); !s.Converged; s, err = e.Snapshot(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			<-e.converged
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
}

// One event of one of 10,000 resources: from the wake to converged again.
func BenchmarkWake1(b *testing.B) {
	e := newBench()
	defer e.stop()
	specs := trivials(10_000)
	wakes := make(chan func(), 1)
	specs[77].Resource.(*trivial).wakes = wakes
	if err := e.Submit(context.Background(), resource.Delta{Set: specs}); err != nil {
		b.Fatal(err)
	}
	<-e.converged
	wake := <-wakes
	for b.Loop() {
		wake()
		<-e.converged
	}
}

func BenchmarkStop(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		e := newBench()
		if err := e.Submit(context.Background(), resource.Delta{Set: trivials(10_000)}); err != nil {
			b.Fatal(err)
		}
		<-e.converged
		b.StartTimer()
		e.stop()
	}
}

// A placed resource is trivial, and lives at a path.
type placed struct{ trivial }

func (p *placed) Provides() []resource.UID { return []resource.UID{resource.FileUID(p.Text)} }

func (p *placed) Needs(context.Context) ([]resource.Need, error) {
	return resource.PathNeeds(p.Text), nil
}

// placedFiles are n files, ten in each directory, and the directories.
func placedFiles(n int) []*resource.Spec {
	var specs []*resource.Spec
	add := func(path string) {
		specs = append(specs, &resource.Spec{
			Key:      resource.Key{ID: resource.ID{Kind: "placed", Name: path}},
			Resource: &placed{trivial{Text: path}}, Meta: resource.DefaultMeta(),
		})
	}
	for d := range n / 10 {
		dir := fmt.Sprintf("/srv/data/%02d/%d/", d%100, d)
		for f := range 10 {
			add(fmt.Sprint(dir, "file", f))
		}
		add(dir)
	}
	return specs
}

// Until a delta of files and their directories is in force, without the edges and with them.
func BenchmarkAutomaticEdges(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		for _, off := range []bool{true, false} {
			b.Run(fmt.Sprintf("files=%d/off=%v", n, off), func(b *testing.B) {
				d := resource.Delta{Set: placedFiles(n)}
				b.ReportAllocs()
				for b.Loop() {
					e := newBench()
					e.opts.NoAutoedges = off
					if err := e.Submit(context.Background(), d); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					<-e.converged
					e.stop()
					b.StartTimer()
				}
			})
		}
	}
}

// A directory with ten files goes and comes back, in a graph of that many files.
func BenchmarkAutomaticDelta(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := newBench()
			defer e.stop()
			specs := placedFiles(n)
			if err := e.Submit(context.Background(), resource.Delta{Set: specs}); err != nil {
				b.Fatal(err)
			}
			<-e.converged
			dir := specs[10]
			for b.Loop() {
				for _, d := range []resource.Delta{{Remove: []resource.Key{dir.Key}}, {Set: []*resource.Spec{dir}}} {
					if err := e.Submit(context.Background(), d); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
