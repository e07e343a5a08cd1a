package history

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
)

// A story is one run a line: its number, what happened, to whom, and why: "7 changed b notified a 5".
func story(lines string) []Record {
	var out []Record
	for line := range strings.Lines(lines) {
		var r Record
		w := strings.Fields(line)
		if len(w) == 0 {
			continue
		}
		if len(w) == 1 {
			out = append(out, Record{Event: w[0]})
			continue
		}
		fmt.Sscan(w[0], &r.Run)
		r.Event, r.Resource, r.Cause.Kind = w[1], Ref{Kind: "test", Name: w[2]}, w[3]
		if r.Event == "blocked" {
			r.By, r.Cause.Kind = Ref{Kind: "test", Name: w[3]}, ""
		}
		if len(w) > 4 {
			r.Cause.From = Ref{Kind: "test", Name: w[4]}
			fmt.Sscan(w[5], &r.Cause.Run)
		}
		out = append(out, r)
	}
	return out
}

func latest(records []Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range slices.Backward(records) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (c Chain) text() string {
	var words []string
	for _, r := range c.Runs {
		word := fmt.Sprintf("%s%d", r.Resource.Name, r.Run)
		if r.Refreshed {
			word += "+"
		}
		if r.Attempts > 0 {
			word += fmt.Sprintf("(%d)", r.Attempts)
		}
		words = append(words, word)
	}
	if c.Broken {
		words = append(words, "…")
	}
	return strings.Join(words, " ")
}

func TestExplain(t *testing.T) {
	for _, x := range []struct{ about, story, want string }{
		{"what came from outside", "1 checked a woken\n2 checked b woken\n3 changed a woken\n", "a3, a1"},
		{"a chain", "1 changed c woken\n2 changed b notified c 1\n3 checked b woken\n4 refreshed a notified b 2", "a4+ b2 c1"},
		{"two from one", "1 changed c woken\n2 changed a received c 1\n3 checked a received c 1", "a3 c1, a2 c1"},
		{"changed and refreshed", "1 changed a wanted\n1 refreshed a wanted", "a1+"},
		{"attempts", "1 failed a woken\n2 failed a retried a 1\n3 failed a retried a 2\n4 failed b woken\n5 changed a retried a 3\n6 checked a woken", "a6, a5(2) a1"},
		{"another session", "1 changed b woken\n2 changed a notified b 1\nstarted\n5 checked c woken\n6 changed a notified b 1", "a6 …, a2 b1"},
		{"what is gone", "7 changed a notified b 3", "a7 …"},
		{"what it was blocked by", "1 changed c woken\n2 failed b notified c 1\n0 blocked a b\n3 changed b woken", "a0 b2 c1"},
		{"blocked, and by what is gone", "1 failed b woken\n0 blocked a b\n2 changed a woken\nstarted\n0 blocked a b", "a0 …, a2, a0 b1"},
		{"nothing", "1 changed b woken", ""},
	} {
		chains, err := Explain(latest(story(x.story)), Question{About: Ref{Kind: "TEST", Name: "a"}, Limit: 3, All: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range chains {
			got = append(got, c.text())
		}
		if got := strings.Join(got, ", "); got != x.want {
			t.Errorf("%s: got %q, want %q", x.about, got, x.want)
		}
	}
}

// Runs that found all well are left out where others are asked for, unless there are only such.
func TestExplainWork(t *testing.T) {
	for in, want := range map[string]string{
		"1 checked a woken\n2 changed a woken\n3 checked a woken\n4 failed a woken\n5 checked a woken": "a4 a2",
		"1 checked a woken\n2 checked a woken":                                                         "a2",
	} {
		chains, err := Explain(latest(story(in)), Question{About: Ref{Kind: "test", Name: "a"}, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range chains {
			got = append(got, c.text())
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("of %q: got %q, want %q", in, got, want)
		}
	}
}

// No more is read than is needed, and no chain is endless.
func TestExplainStops(t *testing.T) {
	var records []Record
	for i := range uint64(10_000) {
		r := Record{Run: i + 1, Event: "changed", Resource: Ref{Kind: "test", Name: fmt.Sprint(i % 2)}}
		r.Cause = Cause{Kind: "notified", Run: i}
		records = append(records, r)
	}
	read := 0
	chains, err := Explain(func(yield func(Record, error) bool) {
		for r := range latest(records) {
			if read++; !yield(r, nil) {
				return
			}
		}
	}, Question{About: Ref{Kind: "test", Name: "1"}, Limit: 2})
	if err != nil || len(chains) != 2 || len(chains[0].Runs) != maxChain || !chains[0].Broken {
		t.Errorf("got %d chains, %v", len(chains), err)
	}
	if read > 2*maxChain {
		t.Errorf("%d records were read", read)
	}
}

// What is read backwards is what is read forwards.
func TestReadBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 16<<10)
	for i := range uint64(500) {
		l.Event(checked(i + 1))
		if i%10 == 0 {
			_ = l.Flush(t.Context())
		}
	}
	l.Close()
	var back []Record
	for r, err := range ReadBack(dir) {
		if err != nil {
			t.Fatal(err)
		}
		back = append(back, r)
	}
	slices.Reverse(back)
	forth := read(t, dir)
	if len(back) != len(forth) || back[0].Seq != forth[0].Seq || back[len(back)-1].Seq != forth[len(forth)-1].Seq {
		t.Errorf("%d records backwards, %d forwards", len(back), len(forth))
	}
}
