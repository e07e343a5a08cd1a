package flow

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/lang/types"
)

func num(n int) Result { return Result{Value: types.Int(n)} }

// sum returns a node that adds up its inputs.
func sum(g *Graph, inputs ...*Node) *Node {
	return g.Map(inputs, func() Result {
		total := types.Int(0)
		for _, in := range inputs {
			if in.Result().Value == nil {
				return in.Result()
			}
			total += in.Result().Value.(types.Int)
		}
		return Result{Value: total}
	})
}

// watchNode adds an output with the value of the node as payload.
func watchNode(g *Graph, n *Node) *Output {
	return g.NewScope().Output([]*Node{n}, func() (any, error) {
		return n.Result().Value, n.Result().Err()
	}, func(a, b any) bool { return a == b })
}

func TestCutOff(t *testing.T) {
	g := New(t.Context())
	in := g.Cell(num(3))
	odd := g.Map([]*Node{in.Node}, func() Result { return num(int(in.Node.Result().Value.(types.Int)) % 2) })
	out := watchNode(g, sum(g, odd, odd))
	if c, ok := g.Stabilize(); !ok || len(c.Set) != 1 || out.Payload != types.Int(2) {
		t.Fatalf("first round: %v, %v, payload %v; want one output with 2", c, ok, out.Payload)
	}
	before := g.Computed()
	in.Set(num(5), nil)
	if c, _ := g.Stabilize(); len(c.Set) != 0 {
		t.Errorf("an equal value changed %d outputs", len(c.Set))
	}
	if n := g.Computed() - before; n != 2 {
		t.Errorf("computed %d nodes, want 2: the cell and the node that cut off", n)
	}
}

func TestCostFollowsChange(t *testing.T) {
	for _, size := range []int{10, 1000} {
		g := New(t.Context())
		cells := make([]Cell, size)
		for i := range cells {
			cells[i] = g.Cell(num(i))
			watchNode(g, sum(g, cells[i].Node))
		}
		g.Stabilize()
		before := g.Computed()
		cells[size/2].Set(num(-1), nil)
		g.Stabilize()
		if n := g.Computed() - before; n != 3 {
			t.Errorf("size %d: one change computed %d nodes, want 3", size, n)
		}
	}
}

func TestDynamicDropsWhatIsNotNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := New(ctx)
		started, stopped := 0, 0
		tick := g.Source(nil, SourceOptions{Label: "tick", Run: func(ctx context.Context, _ []types.Value, emit func(types.Value, error)) error {
			started++
			emit(types.Int(7), nil)
			<-ctx.Done()
			stopped++
			return ctx.Err()
		}})
		on := g.Cell(num(0))
		choice := g.Dynamic([]*Node{on.Node}, func() []*Node {
			if on.Node.Result() == num(1) {
				return []*Node{tick}
			}
			return nil
		}, func() Result {
			if on.Node.Result() == num(1) {
				return tick.Result()
			}
			return num(0)
		})
		out := watchNode(g, choice)
		for round, want := range []struct{ on, started, stopped, value int }{{0, 0, 0, 0}, {1, 1, 0, 7}, {0, 1, 1, 0}, {1, 2, 1, 7}} {
			on.Set(num(want.on), nil)
			g.Stabilize()
			synctest.Wait()
			g.Stabilize()
			if started != want.started || stopped != want.stopped || out.Payload != types.Int(want.value) {
				t.Errorf("round %d: started %d, stopped %d, value %v; want %+v", round, started, stopped, out.Payload, want)
			}
		}
		cancel()
		g.Wait()
	})
}

func TestNothingBeforeEverySourceDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := New(ctx)
		late := g.Source(nil, SourceOptions{Label: "late", Run: func(ctx context.Context, _ []types.Value, emit func(types.Value, error)) error {
			time.Sleep(time.Hour)
			emit(types.Int(1), nil)
			return nil
		}})
		watchNode(g, late)
		watchNode(g, g.Const(types.Int(2)))
		if c, ok := g.Stabilize(); ok {
			t.Errorf("changes %v were handed on while a source is pending", c)
		}
		<-g.Events()
		if c, ok := g.Stabilize(); !ok || len(c.Set) != 2 {
			t.Errorf("got %v, %v; want both outputs", c, ok)
		}
		cancel()
		g.Wait()
	})
}

// What a source does to the world is done in the order of its arguments: it is not begun anew
// before the call with earlier ones has returned, and arguments that are outdated by then are
// left out.
func TestSourceIsCalledInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := New(ctx)
		arg := g.Cell(num(1))
		var calls []string // owned by one call at a time
		src := g.Source([]*Node{arg.Node}, SourceOptions{Label: "slow", Run: func(ctx context.Context, args []types.Value, emit func(types.Value, error)) error {
			calls = append(calls, "begin "+args[0].String())
			emit(args[0], nil)
			<-ctx.Done()
			time.Sleep(time.Second) // it takes that long to come to an end
			calls = append(calls, "end "+args[0].String())
			return nil
		}})
		out := watchNode(g, src)
		for n := range 4 {
			arg.Set(num(n+1), nil)
			g.Stabilize()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		g.Stabilize()
		if out.Payload != types.Int(4) {
			t.Errorf("the value is %v", out.Payload)
		}
		cancel()
		g.Wait()
		if want := []string{"begin 1", "end 1", "begin 4", "end 4"}; !slices.Equal(calls, want) {
			t.Errorf("got %q, want %q", calls, want)
		}
	})
}

func TestFastSourceCoalesces(t *testing.T) {
	g := New(t.Context())
	const last = 100_000
	done := make(chan struct{})
	src := g.Source(nil, SourceOptions{Label: "fast", Run: func(_ context.Context, _ []types.Value, emit func(types.Value, error)) error {
		for i := range last + 1 {
			emit(types.Int(i), nil)
		}
		close(done)
		return nil
	}})
	out := watchNode(g, src)
	g.Stabilize()
	<-done
	if n := len(g.inbox.runs); n != 1 {
		t.Errorf("the inbox has %d entries, want 1", n)
	}
	g.Stabilize()
	if out.Payload != types.Int(last) {
		t.Errorf("payload %v, want the newest value %d", out.Payload, last)
	}
}

func TestScopeRemovesOutputs(t *testing.T) {
	g := New(t.Context())
	on := g.Cell(num(1))
	scope := g.NewScope()
	var in *Scope
	scope.Statement([]*Node{on.Node}, func(*Cause) {
		if in != nil {
			scope.Drop(in)
		}
		in = scope.Inner()
		if on.Node.Result() == num(1) {
			in.Output(nil, func() (any, error) { return "here", nil }, nil)
		}
	})
	if c, _ := g.Stabilize(); len(c.Set) != 1 || len(c.Removed) != 0 {
		t.Errorf("first round: %+v, want one output set", c)
	}
	on.Set(num(0), nil)
	if c, _ := g.Stabilize(); len(c.Set) != 0 || len(c.Removed) != 1 {
		t.Errorf("second round: %+v, want one output removed", c)
	}
}

func TestErrorsAndPanicsAreResults(t *testing.T) {
	g := New(t.Context())
	boom := g.Map(nil, func() Result { panic("boom") })
	fail := g.Map(nil, func() Result { return Fail(errors.New("no")) })
	a, b := watchNode(g, boom), watchNode(g, fail)
	g.Stabilize()
	if a.Err == nil || b.Err == nil {
		t.Errorf("errors are %v and %v, want two", a.Err, b.Err)
	}
}

// TestTwin compares random graphs under random events with their computation from
// scratch.
func TestTwin(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		g := New(t.Context())
		m := newModel(g, r)
		for round := range 30 {
			g.Stabilize()
			for i, out := range m.outputs {
				if want := m.value(i); out.Payload != types.Int(want) {
					t.Fatalf("seed %d, round %d, node %d: got %v, want %d", seed, round, i, out.Payload, want)
				}
			}
			for range 1 + r.IntN(3) {
				i := r.IntN(len(m.cells))
				m.state[i] = r.IntN(4)
				m.cells[i].Set(num(m.state[i]), nil)
			}
		}
	}
}

// A model is a random graph and what is needed to compute it anew.
type model struct {
	cells   []Cell
	state   []int
	nodes   []*Node
	value   func(i int) int
	outputs []*Output
}

func newModel(g *Graph, r *rand.Rand) *model {
	m := &model{}
	var fresh []func() int
	for range 5 {
		i := len(m.cells)
		m.state = append(m.state, r.IntN(4))
		m.cells = append(m.cells, g.Cell(num(m.state[i])))
		m.nodes = append(m.nodes, m.cells[i].Node)
		fresh = append(fresh, func() int { return m.state[i] })
	}
	value := func(n *Node) int {
		v, ok := n.Result().Value.(types.Int)
		if !ok {
			panic(fmt.Sprintf("a node was read before it was computed: %+v", n.Result()))
		}
		return int(v)
	}
	for range 40 {
		a, b, c := r.IntN(len(m.nodes)), r.IntN(len(m.nodes)), r.IntN(len(m.nodes))
		na, nb, nc := m.nodes[a], m.nodes[b], m.nodes[c]
		fa, fb, fc := fresh[a], fresh[b], fresh[c]
		if r.IntN(3) > 0 {
			m.nodes = append(m.nodes, g.Map([]*Node{na, nb}, func() Result { return num((value(na) + 2*value(nb)) % 5) }))
			fresh = append(fresh, func() int { return (fa() + 2*fb()) % 5 })
			continue
		}
		pick := func() *Node {
			if value(na)%2 == 0 {
				return nb
			}
			return nc
		}
		m.nodes = append(m.nodes, g.Dynamic([]*Node{na}, func() []*Node { return []*Node{pick()} }, func() Result { return pick().Result() }))
		fresh = append(fresh, func() int {
			if fa()%2 == 0 {
				return fb()
			}
			return fc()
		})
	}
	m.value = func(i int) int { return fresh[i]() }
	for _, n := range m.nodes {
		m.outputs = append(m.outputs, watchNode(g, n))
	}
	return m
}

// BenchmarkOneOfMany measures one change that one of many outputs depends on.
func BenchmarkOneOfMany(b *testing.B) {
	for _, size := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			g := New(b.Context())
			cells := make([]Cell, size)
			for i := range cells {
				cells[i] = g.Cell(num(i))
				watchNode(g, sum(g, cells[i].Node))
			}
			g.Stabilize()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				cells[i%size].Set(num(-i), nil)
				g.Stabilize()
			}
		})
	}
}
