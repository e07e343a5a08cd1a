// Package stdtest has the module test: functions by which tests find out how often, and
// when, the language evaluates something.
package stdtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module test.
func Module() *funcs.Module {
	m := &funcs.Module{
		Path: "test",
		Doc:  "Functions that show how often and when the language evaluates something.",
		Funcs: []*funcs.Function{
			{
				Name:   "fastcount",
				Doc:    "Counts up as fast as it can, from 0.",
				Sigs:   table.Sig("func() int"),
				Source: fastcount,
			},
			{
				Name:   "forloop",
				Doc:    "Returns the list of foo, and from five seconds later on the list of bar.",
				Sigs:   table.Sig("func() []str"),
				Source: every5s(types.NewStrs([]string{"foo"}), types.NewStrs([]string{"bar"})),
			},
			{
				Name:   "forkvloop",
				Doc:    "Returns the map of foo to bar, with an event every five seconds.",
				Sigs:   table.Sig("func() map{str: str}"),
				Source: every5s(fooBar, fooBar),
			},
			{
				Name:   "one_stream",
				Doc:    "Returns count times x. A count that changes while the program runs, or that is negative, is an error.",
				Sigs:   table.Sig("func(count int) str"),
				Source: oneStream,
				Fixed:  true,
			},
			{
				Name:   "slow_string",
				Doc:    "Returns a sentence after five seconds.",
				Sigs:   table.Sig("func() str"),
				Source: slowString,
			},
		},
	}
	for _, letter := range "abcdefgh" {
		m.Funcs = append(m.Funcs, oneInstance(letter))
	}
	return m
}

var fooBar = types.NewMap([]types.Entry{{Key: types.Str("foo"), Value: types.Str("bar")}})

func fastcount(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	for n := types.Int(0); ctx.Err() == nil; n++ {
		emit(n, nil)
		runtime.Gosched()
	}
	return ctx.Err()
}

// every5s returns a source of first, and of then again and again.
func every5s(first, then types.Value) func(context.Context, *funcs.Call, []types.Value, func(types.Value, error)) error {
	return func(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
		ticker := time.NewTicker(5 * time.Second)
		defer ticker.Stop()
		for v := first; ; v = then {
			emit(v, nil)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ticker.C:
			}
		}
	}
}

func oneStream(ctx context.Context, _ *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	const most = 1 << 20
	n := args[0].(types.Int)
	if n < 0 || n > most {
		return fmt.Errorf("count %d is not between 0 and %d", n, most)
	}
	emit(types.Str(strings.Repeat("x", int(n))), nil)
	<-ctx.Done()
	return ctx.Err()
}

// slowString is a source so that nothing else waits for it.
func slowString(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	timer := time.NewTimer(5 * time.Second)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		emit(types.Str("this sentence took five seconds"), nil)
		<-ctx.Done()
	}
	return ctx.Err()
}

// oneInstance returns one of the functions that prove that a bound value is computed
// once. Those with an even letter fail at a second call site of one program.
func oneInstance(letter rune) *funcs.Function {
	f := &funcs.Function{
		Name: "one_instance_" + string(letter),
		Doc:  "Returns hello.",
		Sigs: table.Sig("func() str"),
	}
	seen := &sites{}
	f.Impure = func(call *funcs.Call, _ []types.Value) (types.Value, error) {
		if strings.ContainsRune("bdfh", letter) && !seen.only(call) {
			return nil, errors.New("it was called a second time")
		}
		return types.Str("hello"), nil
	}
	if strings.ContainsRune("bdfh", letter) {
		f.Doc += " A second call anywhere in the program is an error."
	}
	return f
}

// sites remembers the last program that called a function, and from where.
type sites struct {
	mu   sync.Mutex // guards the fields below
	host *funcs.Host
	call *funcs.Call
}

// only reports whether no other place of the same program called before.
func (s *sites) only(call *funcs.Call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.host != call.Host {
		s.host, s.call = call.Host, nil
	}
	if s.call == nil {
		s.call = call
	}
	return s.call == call
}
