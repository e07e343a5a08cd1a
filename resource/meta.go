package resource

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Meta are the parameters that every resource has.
type Meta struct {
	Noop       bool     `mgmt:"noop" doc:"Check only, change nothing."`
	Retry      int16    `mgmt:"retry" doc:"How often to try again after an error; -1 is for ever."`
	RetryReset bool     `mgmt:"retryreset" doc:"A success restores the retries."`
	Delay      int64    `mgmt:"delay" doc:"Milliseconds between retries."`
	Timeout    int64    `mgmt:"timeout" doc:"Milliseconds that one check and apply may take; 0 is unlimited."`
	Poll       int32    `mgmt:"poll" doc:"Seconds between checks, in place of a watch; 0 watches, and a negative number checks once."`
	Limit      float64  `mgmt:"limit" doc:"How many events a second lead to a check; more are put off."`
	Burst      int64    `mgmt:"burst" doc:"How many events may exceed the limit at once."`
	Reset      bool     `mgmt:"reset" doc:"Forget used retries when the parameters change."`
	Sema       []string `mgmt:"sema" doc:"Semaphores to hold while it runs: id, or id:count; the count is 1 otherwise."`
	Rewatch    bool     `mgmt:"rewatch" doc:"Watch again after the next change of the graph, if watching had failed."`
	Realize    bool     `mgmt:"realize" doc:"Run once before a change of the graph may remove it."`
	Dollar     bool     `mgmt:"dollar" doc:"The name may begin with $, which otherwise is a likely mistake."`
	Hidden     bool     `mgmt:"hidden" doc:"Part of the graph, but never run."`
	Export     []string `mgmt:"export" doc:"Hosts that may collect it; * is all."`
	Reverse    bool     `mgmt:"reverse" doc:"Undo it when it is removed from the graph."`
	AutoEdge   bool     `mgmt:"autoedge" doc:"Edges to and from it may be found automatically."`
	AutoGroup  bool     `mgmt:"autogroup" doc:"It may be grouped with others of its kind automatically."`
}

// MetaParams describe the meta parameters, in the order of the struct. The list is shared; do
// not write to it.
func MetaParams() []Param { return tableFor(reflect.TypeFor[Meta]()).params }

// DefaultMeta returns the parameters of a resource that sets none.
func DefaultMeta() Meta {
	return Meta{Limit: math.Inf(1), AutoEdge: true, AutoGroup: true}
}

// Equal reports whether a and b mean the same. The order of Sema and Export does not
// count, nor does how often an entry is repeated.
func (a Meta) Equal(b Meta) bool {
	return a.Noop == b.Noop && a.Retry == b.Retry && a.RetryReset == b.RetryReset &&
		a.Delay == b.Delay && a.Timeout == b.Timeout && a.Poll == b.Poll &&
		a.Limit == b.Limit && a.Burst == b.Burst && a.Reset == b.Reset &&
		a.Rewatch == b.Rewatch && a.Realize == b.Realize && a.Dollar == b.Dollar &&
		a.Hidden == b.Hidden && a.Reverse == b.Reverse &&
		a.AutoEdge == b.AutoEdge && a.AutoGroup == b.AutoGroup &&
		sameSet(a.Sema, b.Sema) && sameSet(a.Export, b.Export)
}

func sameSet(a, b []string) bool {
	if slices.Equal(a, b) {
		return true
	}
	return slices.Equal(set(a), set(b))
}

// set returns the entries sorted and each once.
func set(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// Set gives the meta parameter of that name a value, as plain Go data like in a
// [Value]. Its error is a [ParamError].
func (m *Meta) Set(name string, v any) error {
	if err := m.set(name, v); err != nil {
		return &ParamError{"Meta:" + name, err}
	}
	return nil
}

func (m *Meta) set(name string, v any) error {
	switch name {
	case "noop":
		return setBool(&m.Noop, v)
	case "retry":
		return setInt(&m.Retry, v, -1, math.MaxInt16)
	case "retryreset":
		return setBool(&m.RetryReset, v)
	case "delay":
		return setInt(&m.Delay, v, 0, maxMillis)
	case "timeout":
		return setInt(&m.Timeout, v, 0, maxMillis)
	case "poll":
		return setInt(&m.Poll, v, math.MinInt32, math.MaxInt32)
	case "limit":
		f, ok := v.(float64)
		if !ok {
			return fmt.Errorf("is %T, but a float is wanted", v)
		}
		m.Limit = f
	case "burst":
		return setInt(&m.Burst, v, math.MinInt64, math.MaxInt64)
	case "reset":
		return setBool(&m.Reset, v)
	case "sema":
		return setStrings(&m.Sema, v)
	case "rewatch":
		return setBool(&m.Rewatch, v)
	case "realize":
		return setBool(&m.Realize, v)
	case "dollar":
		return setBool(&m.Dollar, v)
	case "hidden":
		return setBool(&m.Hidden, v)
	case "export":
		return setStrings(&m.Export, v)
	case "reverse":
		return setBool(&m.Reverse, v)
	case "autoedge":
		return setBool(&m.AutoEdge, v)
	case "autogroup":
		return setBool(&m.AutoGroup, v)
	default:
		if near := nearest(name, slices.Values(MetaNames)); near != "" {
			return fmt.Errorf("there is no such meta parameter; did you mean %s?", near)
		}
		return errors.New("there is no such meta parameter")
	}
	return nil
}

// MetaNames are the names of the meta parameters in the order of the struct form.
var MetaNames = []string{"noop", "retry", "retryreset", "delay", "timeout", "poll", "limit",
	"burst", "reset", "sema", "rewatch", "realize", "dollar", "hidden", "export", "reverse",
	"autoedge", "autogroup"}

// maxMillis is the longest time that fits a [time.Duration].
const maxMillis = math.MaxInt64 / 1_000_000

func setBool(to *bool, v any) error {
	b, ok := v.(bool)
	if !ok {
		return fmt.Errorf("is %T, but a bool is wanted", v)
	}
	*to = b
	return nil
}

func setInt[T int16 | int32 | int64](to *T, v any, low, high int64) error {
	i, ok := v.(int64)
	if !ok {
		return fmt.Errorf("is %T, but an int is wanted", v)
	}
	if i < low || i > high {
		return fmt.Errorf("%d is out of range, which is %d to %d", i, low, high)
	}
	*to = T(i)
	return nil
}

func setStrings(to *[]string, v any) error {
	switch v := v.(type) {
	case []string:
		*to = v
		return nil
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			s, ok := e.(string)
			if !ok {
				return fmt.Errorf("element %d is %T, but a str is wanted", i, e)
			}
			out[i] = s
		}
		*to = out
		return nil
	}
	return fmt.Errorf("is %T, but a list of str is wanted", v)
}

// Validate checks what no single value shows. Its error is a [ParamError].
func (m *Meta) Validate() error {
	fail := func(param, format string, args ...any) error {
		return &ParamError{"Meta:" + param, fmt.Errorf(format, args...)}
	}
	switch {
	case m.Retry < -1:
		return fail("retry", "%d is out of range; -1 is for ever", m.Retry)
	case m.Delay < 0 || m.Delay > maxMillis:
		return fail("delay", "%d is out of range", m.Delay)
	case m.Timeout < 0 || m.Timeout > maxMillis:
		return fail("timeout", "%d is out of range", m.Timeout)
	case math.IsNaN(m.Limit) || m.Limit < 0:
		return fail("limit", "%v is no rate", m.Limit)
	case !math.IsInf(m.Limit, 1) && m.Burst <= 0:
		return fail("burst", "must be at least 1 where limit is set")
	case slices.Contains(m.Export, ""):
		return fail("export", "a host is empty")
	case slices.ContainsFunc(m.Export, func(host string) bool { return strings.Contains(host, "/") }):
		return fail("export", "%q: no host has / in its name; * is all hosts", m.Export)
	}
	for _, id := range m.Sema {
		if id == "" {
			return fail("sema", "an entry is empty")
		}
		if _, err := strconv.Atoi(id); err == nil {
			return fail("sema", "%q is a number; write a name, or a name and :%s", id, id)
		}
	}
	return nil
}
