package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mgmt/engine"
	"mgmt/resource"
)

// patience is how long a test waits for something that has to come.
const patience = 10 * time.Second

var motd = resource.Key{ID: resource.ID{Kind: "file", Name: "/etc/motd"}}

func checked(run uint64) engine.Event {
	return engine.Event{Kind: engine.Checked, Time: time.Unix(1, 0), Key: motd, Pos: "site.mcl:3:1", Run: run,
		Cause: &engine.Cause{Kind: engine.Woken}, Duration: time.Millisecond}
}

func open(t testing.TB, dir string, limit int64) *Log {
	t.Helper()
	l, err := Open(Options{Dir: dir, Limit: limit, Host: "h1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func read(t testing.TB, dir string) []Record {
	t.Helper()
	var out []Record
	for r, err := range Read(dir, 0) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// Everything that an event says is there again, except what is secret or too long.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	other := resource.Key{ID: resource.ID{Kind: "exec", Name: "make"}, Alt: 2}
	events := []engine.Event{
		checked(1),
		{Kind: engine.Changed, Time: time.Unix(2, 5), Key: other, Run: 2, Noop: true, Duration: 3 * time.Second,
			Cause: &engine.Cause{Kind: engine.Received, From: motd, Run: 1, Param: "cmd", Old: "unset", New: `"ls"`},
			Changes: []resource.Change{
				{Param: "mode", Old: "0644", New: "0600"},
				{Param: "content", Note: "2 lines differ", Diff: func() string { return "-a\n+b\n" }},
				{Param: "password", Old: "xyzzy", New: "plugh", Secret: true, Diff: func() string { return "-xyzzy" }},
			}},
		{Kind: engine.Failed, Time: time.Unix(3, 0), Key: motd, Run: 3, Err: errors.New("no space"), Retries: -1, RetryIn: time.Minute,
			Cause: &engine.Cause{Kind: engine.Wanted, Move: &resource.Move{What: "datetime.now() at site.mcl:1:6", Old: "1", New: "2"}}},
		{Kind: engine.Blocked, Time: time.Unix(4, 0), Key: other, By: motd},
		{Kind: engine.Progress, Settled: 3, Total: 4},
		{Kind: engine.Converged, Time: time.Unix(5, 0), Converged: true, Settled: 4, Total: 4},
	}
	l := open(t, dir, 0)
	var want []Record
	for _, e := range events {
		l.Event(e)
		if e.Kind != engine.Progress {
			want = append(want, RecordOf(&e))
		}
	}
	l.Close()
	got := read(t, dir)
	if len(got) != len(want)+2 || got[0].Event != Started || got[0].Host != "h1" || got[0].PID != os.Getpid() || got[len(got)-1].Event != Stopped {
		t.Fatalf("got %d records, from %+v to %+v", len(got), got[0], got[len(got)-1])
	}
	for i := range want {
		want[i].Seq = uint64(i) + 2
		if !reflect.DeepEqual(got[i+1], want[i]) {
			t.Errorf("got  %+v\nwant %+v", got[i+1], want[i])
		}
	}
	if c := got[2].Changes; c[1].Diff != "-a\n+b\n" || c[2] != (Change{Param: "password", Secret: true}) {
		t.Errorf("the changes are %+v", c)
	}
	for _, s := range segmentsOf(t, dir) {
		if data, _ := os.ReadFile(s); strings.Contains(string(data), "xyzzy") || strings.Contains(string(data), "plugh") {
			t.Error("a secret is on the disk")
		}
	}
}

// Long texts are cut, also when a kind's diff is longer than everything, or panics.
func TestBounds(t *testing.T) {
	long := strings.Repeat("ä", 1<<20)
	r := RecordOf(&engine.Event{Kind: engine.Failed, Key: resource.Key{ID: resource.ID{Kind: "file", Name: long}}, Err: errors.New(long),
		Changes: []resource.Change{
			{Param: "a", Old: long, New: long, Note: long, Diff: func() string { return long }},
			{Param: "b", Diff: func() string { panic("no") }},
			{Param: "c", Diff: func() string { return long }},
		}})
	frame := appendFrame(nil, &r)
	if limit := 256 << 10; len(frame) > limit {
		t.Errorf("a record has %d bytes, want at most %d", len(frame), limit)
	}
	payload, _, err := nextFrame(frame)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeRecord(payload)
	if err != nil || len(got.Changes) != 3 || got.Changes[0].Diff == "" || got.Changes[1].Diff != "" || !strings.HasPrefix(got.Error, "ää") {
		t.Errorf("got %d changes, %v", len(got.Changes), err)
	}
}

func segmentsOf(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// However much happens, the log stays below its limit, and holds the latest.
func TestLimit(t *testing.T) {
	dir := t.TempDir()
	const limit, events = 64 << 10, 20_000
	l := open(t, dir, limit)
	for i := range uint64(events) {
		l.Event(checked(i + 1))
		if i%1000 == 0 {
			if err := l.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.Close()
	size := int64(0)
	for _, name := range segmentsOf(t, dir) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > limit || size < limit/2 {
		t.Errorf("the log has %d bytes, want at most %d", size, limit)
	}
	got := read(t, dir)
	if last := got[len(got)-2]; last.Run != events {
		t.Errorf("the last run is %d", last.Run)
	}
	for i := range got[1:] {
		if got[i+1].Seq != got[i].Seq+1 {
			t.Fatalf("after record %d comes %d", got[i].Seq, got[i+1].Seq)
		}
	}
}

// A log that was torn anywhere is read up to there, and continued.
func TestTorn(t *testing.T) {
	whole := t.TempDir()
	l := open(t, whole, 0)
	for i := range uint64(3) {
		l.Event(checked(i + 1))
	}
	l.Close()
	name := segmentsOf(t, whole)[0]
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for size := range len(data) {
		dir := t.TempDir()
		torn := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(torn, data[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		before := read(t, dir)
		l := open(t, dir, 0)
		l.Event(checked(9))
		l.Close()
		after := read(t, dir)
		if len(after) != len(before)+3 || after[len(before)+1].Run != 9 || after[len(before)].Seq != uint64(len(before))+1 {
			t.Fatalf("cut to %d bytes: %d records, then %d: %+v", size, len(before), len(after), after)
		}
	}
}

// An agent that starts does not read what a large log holds: it goes on in a new segment, with
// numbers that were never used.
func TestContinue(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 0)
	for i := range uint64(5_000) {
		l.Event(checked(i + 1))
	}
	l.Close()
	first := segmentsOf(t, dir)
	for range 3 { // what these write is little, and needs no segment each
		l := open(t, dir, 0)
		l.Event(checked(9))
		l.Close()
	}
	if segments := segmentsOf(t, dir); len(first) != 1 || len(segments) != 2 {
		t.Errorf("the log has %d segments, then %d; want 1 and 2", len(first), len(segments))
	}
	got := read(t, dir)
	if want := 5_002 + 3*3; len(got) != want {
		t.Errorf("%d records, want %d", len(got), want)
	}
	for i := range got[1:] {
		if got[i+1].Seq <= got[i].Seq {
			t.Fatalf("after record %d comes %d", got[i].Seq, got[i+1].Seq)
		}
	}
}

// What is no log does no harm.
func TestForeign(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"x.log", "00000000000000000000.log", "7.log", "notes"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("hello"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, dir); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	open(t, dir, 0).Close()
	if got := read(t, dir); len(got) != 2 || got[0].Seq != 7 {
		t.Errorf("got %+v", got)
	}
	for _, err := range Read(filepath.Join(dir, "none"), 0) {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("no log is %v", err)
		}
	}
}

// A follower gets what was there and what comes, each once, from the number it names.
func TestFollow(t *testing.T) {
	l := open(t, t.TempDir(), 0)
	for i := range uint64(3) {
		l.Event(checked(i + 1))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const events = 50_000
	go func() {
		for i := range uint64(events) {
			l.Event(checked(i + 4))
			if i%5000 == 0 {
				_ = l.Flush(ctx)
			}
		}
		l.Close()
	}()
	next := uint64(3)
	for r, err := range l.Follow(ctx, 2) {
		if err != nil || r.Seq != next {
			t.Fatalf("record %d comes where %d was to (%v)", r.Seq, next, err)
		}
		next++
	}
	if next != events+6 { // with the first and the last record
		t.Errorf("the last one was %d", next-1)
	}
}

// A log that cannot be written says so once, counts what is lost, and goes on.
func TestBroken(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	l := open(t, dir, 8<<10)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(100) { // beyond the segment whose file is gone
		l.Event(checked(i + 1))
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l.Event(checked(1000))
	l.Close()
	got := read(t, dir)
	kept := slices.ContainsFunc(got, func(r Record) bool { return r.Run == 1000 })
	lost := slices.ContainsFunc(got, func(r Record) bool { return r.Event == Lost && r.Count > 0 })
	if !kept || !lost { // in either order: the writer may have tried again meanwhile
		t.Errorf("got %+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	r := RecordOf(&engine.Event{Kind: engine.Changed, Key: motd, Cause: &engine.Cause{Kind: engine.Notified, From: motd},
		Changes: []resource.Change{{Param: "mode", Old: "1", New: "2"}}})
	f.Add(appendRecord(nil, &r))
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := decodeRecord(payload)
		if err != nil {
			return
		}
		again, err := decodeRecord(appendRecord(nil, &r))
		if err != nil || len(again.Changes) != len(r.Changes) {
			t.Errorf("%+v is read as %+v, %v", r, again, err)
		}
	})
}

// One event: what the loop of the engine pays, and what the writer does.
func BenchmarkEvent(b *testing.B) {
	l := open(b, b.TempDir(), 0)
	b.ReportAllocs()
	i := uint64(0)
	e := checked(0)
	for b.Loop() {
		e.Run = i
		l.Event(e)
		if i++; i%10_000 == 0 {
			_ = l.Flush(b.Context())
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	e := checked(1)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		r := RecordOf(&e)
		buf = appendFrame(buf[:0], &r)
	}
	b.ReportMetric(float64(len(buf)), "bytes/record")
}

func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	l := open(b, dir, 0)
	for i := range uint64(100_000) {
		e := checked(i)
		e.Key.Name = fmt.Sprint("/etc/", i)
		l.Event(e)
		if i%10_000 == 0 {
			_ = l.Flush(b.Context())
		}
	}
	l.Close()
	n := 0
	for b.Loop() {
		for range Read(dir, 0) {
			n++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}
