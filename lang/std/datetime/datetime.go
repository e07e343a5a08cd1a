// Package stddatetime has the module datetime: the clock, and how times are written.
// Times are seconds since 1970-01-01 00:00 UTC; they are shown in the local time zone.
package stddatetime

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module datetime.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "datetime",
		Doc:  "The clock, and how times are written. Times are seconds since the start of 1970, shown in the local time zone.",
		Funcs: []*funcs.Function{
			{
				Name:   "now",
				Doc:    "The present time in seconds since the start of 1970. It changes every second.",
				Sigs:   table.Sig("func() int"),
				Source: clock(nextSecond, func(t time.Time) types.Value { return types.Int(t.Unix()) }),
			},
			{
				Name:   "str_now",
				Doc:    "The present time in seconds since the start of 1970, as a decimal string. It changes every second.",
				Sigs:   table.Sig("func() str"),
				Source: clock(nextSecond, func(t time.Time) types.Value { return types.Str(strconv.FormatInt(t.Unix(), 10)) }),
			},
			{
				Name:   "weekday_fast",
				Doc:    "The English name of today's day of the week in lower case. It changes at local midnight.",
				Sigs:   table.Sig("func() str"),
				Source: clock(nextMidnight, func(t time.Time) types.Value { return types.Str(weekday(t)) }),
			},
			{
				Name: "format",
				Doc:  "Writes the time a by the layout b, which shows how the moment Mon Jan 2 15:04:05 MST 2006 would be written. A negative time is an error.",
				Sigs: table.Sig("func(a int, b str) str"),
				Pure: table.Try2(func(a int64, b string) (string, error) {
					t, err := moment(a)
					return t.Format(b), err
				}),
			},
			{
				Name: "hour",
				Doc:  "The hour of the day, 0 to 23, of the time a. A negative time is an error.",
				Sigs: table.Sig("func(a int) int"),
				Pure: table.Try1(func(a int64) (int, error) {
					t, err := moment(a)
					return t.Hour(), err
				}),
			},
			{
				Name: "print",
				Doc:  "Writes the time a as 2006-01-02 15:04:05 -0700 MST. A negative time is an error.",
				Sigs: table.Sig("func(a int) str"),
				Pure: table.Try1(func(a int64) (string, error) {
					t, err := moment(a)
					return t.String(), err
				}),
			},
			{
				Name: "weekday",
				Doc:  "The English name of the day of the week of the time a, in lower case. A negative time is an error.",
				Sigs: table.Sig("func(a int) str"),
				Pure: table.Try1(func(a int64) (string, error) {
					t, err := moment(a)
					return weekday(t), err
				}),
			},
		},
	}
}

func moment(seconds int64) (time.Time, error) {
	if seconds < 0 {
		return time.Time{}, fmt.Errorf("time %d is negative", seconds)
	}
	return time.Unix(seconds, 0), nil
}

func weekday(t time.Time) string { return strings.ToLower(t.Weekday().String()) }

// clock returns a source of what read makes of the time, read anew at each moment that
// next returns for the one before.
func clock(next func(time.Time) time.Time, read func(time.Time) types.Value) func(context.Context, *funcs.Call, []types.Value, func(types.Value, error)) error {
	return func(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
		timer := time.NewTimer(0)
		defer timer.Stop()
		var last types.Value
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-timer.C:
			}
			now := time.Now().Round(0) // by the wall clock, which may be set
			if v := read(now); v != last {
				last = v
				emit(v, nil)
			}
			// A timer does not notice that the clock is set or that the machine
			// slept, so a long wait is cut into pieces.
			timer.Reset(min(next(now).Sub(now), time.Hour))
		}
	}
}

func nextSecond(now time.Time) time.Time { return now.Truncate(time.Second).Add(time.Second) }

func nextMidnight(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())
}
