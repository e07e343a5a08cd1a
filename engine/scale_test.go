package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"mgmt/resource"
)

// large makes n resources with twice as many edges: to the next one and to one further on.
// They form rows, as resources of programs do.
func large(n int) resource.Delta {
	const row = 50
	specs := trivials(n)
	d := resource.Delta{Set: specs}
	for i := range specs {
		for _, step := range []int{1, 7} {
			if i%row+step < row {
				d.SetEdges = append(d.SetEdges, resource.Edge{From: specs[i].Key, To: specs[i+step].Key})
			} else if i+row+step < n {
				d.SetEdges = append(d.SetEdges, resource.Edge{From: specs[i].Key, To: specs[i+row+step].Key})
			}
		}
	}
	return d
}

// memory returns how much is in use.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func mustSubmit(b *testing.B, e *bench, d resource.Delta) {
	if err := e.Submit(context.Background(), d); err != nil {
		b.Fatal(err)
	}
}

// From the delta until all is converged, with what a vertex costs in memory besides its
// resource.
func BenchmarkLoadLarge(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := large(n)
			before := memory()
			e := newBench()
			mustSubmit(b, e, d)
			<-e.converged
			bytes := memory() - before
			e.stop()
			loadAndConverge(b, d)
			b.ReportMetric(float64(bytes)/float64(n), "B/vertex")
		})
	}
}

// One of the resources of a large graph changes: from the delta to converged. The number of
// runs says that nothing else is touched.
func BenchmarkDeltaOfOne(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := newBench()
			defer e.stop()
			d := large(n)
			mustSubmit(b, e, d)
			<-e.converged
			before := e.runs
			i := 0
			for b.Loop() {
				i++
				s := *d.Set[i*7919%n]
				s.Resource = &trivial{Text: fmt.Sprint(i)}
				mustSubmit(b, e, resource.Delta{Set: []*resource.Spec{&s}})
				<-e.converged
			}
			b.ReportMetric(float64(e.runs-before)/float64(i), "runs/delta")
		})
	}
}

// A delta replaces every resource of a converged graph.
func BenchmarkReplaceAll(b *testing.B) {
	const n = 100_000
	e := newBench()
	defer e.stop()
	d := large(n)
	mustSubmit(b, e, d)
	<-e.converged
	i := 0
	for b.Loop() {
		i++
		next := resource.Delta{Set: make([]*resource.Spec, n)}
		for k, s := range d.Set {
			changed := *s
			changed.Resource = &trivial{Text: fmt.Sprint(i)}
			next.Set[k] = &changed
		}
		mustSubmit(b, e, next)
		<-e.converged
	}
}

// One parent of many changes, and notifies them; all parents of one change.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, specs := newFan(b, n, func(one, other resource.Key) resource.Edge {
				return resource.Edge{From: one, To: other, Notify: true}
			})
			defer e.stop()
			changeAll(b, e, specs[:1])
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/edge")
		})
	}
}

func BenchmarkFanIn(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, specs := newFan(b, n, func(one, other resource.Key) resource.Edge {
				return resource.Edge{From: other, To: one, Notify: true}
			})
			defer e.stop()
			changeAll(b, e, specs[1:])
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/edge")
		})
	}
}

// newFan returns a converged engine with an edge between one and each of n others.
func newFan(b *testing.B, n int, edge func(one, other resource.Key) resource.Edge) (*bench, []*resource.Spec) {
	e := newBench()
	specs := workers(n + 1)
	d := resource.Delta{Set: specs}
	for _, s := range specs[1:] {
		d.SetEdges = append(d.SetEdges, edge(specs[0].Key, s.Key))
	}
	mustSubmit(b, e, d)
	<-e.converged
	return e, specs
}

func changeAll(b *testing.B, e *bench, specs []*resource.Spec) {
	i := 0
	for b.Loop() {
		i++
		d := resource.Delta{Set: make([]*resource.Spec, len(specs))}
		for k, s := range specs {
			changed := *s
			changed.Resource = &worker{trivial{Text: fmt.Sprint(i)}, false}
			d.Set[k] = &changed
		}
		mustSubmit(b, e, d)
		<-e.converged
	}
}

// A worker is applied once, and can be refreshed.
type worker struct {
	trivial
	done bool
}

func (w *worker) Check(context.Context) ([]resource.Change, error) {
	if w.done {
		return nil, nil
	}
	return []resource.Change{{Param: "text"}}, nil
}

func (w *worker) Apply(context.Context, []resource.Change) error {
	w.done = true
	return nil
}

func (w *worker) Refresh(context.Context) error { return nil }

func workers(n int) []*resource.Spec {
	specs := trivials(n)
	for _, s := range specs {
		s.Resource = &worker{}
	}
	return specs
}

// A packed resource is applied together with those of the same text.
type packed struct {
	worker
	transactions *atomic.Int64
}

func (p *packed) GroupKey() string { return p.Text }

func (p *packed) ApplyGroup(_ context.Context, members []*resource.Member) {
	p.transactions.Add(1)
	for _, m := range members {
		m.Resource.(*packed).done = true
	}
}

// 10,000 resources in 100 groups, each resource after one of the group before.
func BenchmarkGroups(b *testing.B) {
	const groups, size = 100, 100
	var transactions atomic.Int64
	specs := trivials(groups * size)
	d := resource.Delta{Set: specs}
	for i, s := range specs {
		s.Resource = &packed{worker{trivial: trivial{Text: fmt.Sprint("group", i/size)}}, &transactions}
		if i >= size {
			d.SetEdges = append(d.SetEdges, resource.Edge{From: specs[i-size].Key, To: s.Key})
		}
	}
	loadAndConverge(b, d)
	b.ReportMetric(float64(transactions.Load())/float64(b.N), "transactions")
}
