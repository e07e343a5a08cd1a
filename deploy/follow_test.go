package deploy

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
	"mgmt/world"
)

// An agentTest is an agent that follows deploys. It has no machine: what it is told to run, it notes.
type agentTest struct {
	*Follower
	t    testing.TB
	stop func()

	mu    sync.Mutex // guards what follows
	ran   []int64    // the numbers of what was delivered; 0 is nothing
	kept  []bool     // whether they came from the disk
	bad   map[int64]bool
	files map[string]string // of the last one
}

// follow starts an agent in a bubble of synctest.
func follow(t testing.TB, opts Options, bad ...int64) *agentTest {
	t.Helper()
	a := &agentTest{Follower: NewFollower(opts), t: t, bad: map[int64]bool{}}
	for _, id := range bad {
		a.bad[id] = true
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, a.deliver) }()
	a.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
	t.Cleanup(a.stop)
	synctest.Wait()
	return a
}

func (a *agentTest) deliver(_ context.Context, d *Delivery) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := int64(0)
	if d.Record != nil {
		id = d.ID
	}
	if a.bad[id] {
		return errors.New("it does not compile")
	}
	files := map[string]string{}
	if d.Files != nil {
		for _, f := range d.Files.Tree {
			content, err := d.Files.Content(f)
			if err != nil {
				return err
			}
			files[f.Path] = string(content)
		}
	}
	a.ran, a.kept, a.files = append(a.ran, id), append(a.kept, d.Kept), files
	return nil
}

// check waits until all is quiet and reports whether the agent was given these deploys.
func (a *agentTest) check(want ...int64) {
	a.t.Helper()
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(want) != len(a.ran) {
		a.t.Fatalf("the agent ran %v, want %v", a.ran, want)
	}
	for i, id := range want {
		if a.ran[i] != id {
			a.t.Fatalf("the agent ran %v, want %v", a.ran, want)
		}
	}
}

// state returns what the agent says of itself.
func (a *agentTest) state() State {
	a.t.Helper()
	synctest.Wait()
	all, err := States(a.t.Context(), a.opts.Store)
	if err != nil {
		a.t.Fatal(err)
	}
	return all[a.opts.Host]
}

// setRelease stores a release of a deploy.
func setRelease(t testing.TB, store world.KV, of *Record, r Release, signer *sign.Signer) {
	t.Helper()
	r.Deploy = of.digest()
	text, err := r.seal(signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Commit(t.Context(), world.Txn{Put: map[string]string{deployKey(of.ID, release): text}}); err != nil {
		t.Fatal(err)
	}
}

func TestAgentsRunTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		a := follow(t, Options{Store: view(s, "web1"), Host: "web1"})
		a.check(0)
		publish(t, store, program(t, "main.mcl", "one"))
		a.check(0, 1)
		publish(t, store, program(t, "main.mcl", "two"))
		a.check(0, 1, 2)
		if a.files["main.mcl"] != "two" {
			t.Errorf("it has the files %v", a.files)
		}
		if got := a.state(); got.Deploy != 2 || !got.Converged {
			t.Errorf("its state is %+v", got)
		}
		late := follow(t, Options{Store: view(s, "web2"), Host: "web2"})
		late.check(2)
	})
}

func TestAgentsSkipWhatTheyCannotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		publish(t, store, program(t, "main.mcl", "one"))
		a := follow(t, Options{Store: view(s, "web1"), Host: "web1"}, 2)
		publish(t, store, program(t, "main.mcl", "bad"))
		a.check(1)
		if got := a.state(); got.Deploy != 1 || got.Refused != 2 || !strings.Contains(got.Error, "does not compile") {
			t.Errorf("after a bad deploy the state is %+v", got)
		}
		if _, err := store.Commit(t.Context(), world.Txn{Put: map[string]string{deployKey(3, payload): "{{{\n"}}); err != nil {
			t.Fatal(err)
		}
		a.check(1)
		if got := a.state(); got.Refused != 3 || !strings.Contains(got.Error, "damaged") {
			t.Errorf("after a damaged deploy the state is %+v", got)
		}
		publish(t, store, program(t, "main.mcl", "good"))
		a.check(1, 4)
		if got := a.state(); got.Deploy != 4 || got.Refused != 0 || got.Error != "" {
			t.Errorf("after a good deploy the state is %+v", got)
		}
	})
}

func TestAgentsTrustOnlySome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		ann, eve := newSigner(t), newSigner(t)
		signed := func(signer *sign.Signer, text string) Plan {
			p := program(t, "main.mcl", text)
			p.Signer = signer
			return p
		}
		first := publish(t, store, signed(ann, "one"))
		a := follow(t, Options{Store: view(s, "web1"), Host: "web1", Trust: trusting(t, ann)})
		publish(t, store, signed(eve, "evil"))
		publish(t, store, signed(nil, "unsigned"))
		a.check(1)
		if got := a.state(); got.Refused != 3 {
			t.Errorf("its state is %+v", got)
		}
		setRelease(t, store, first, Release{Seq: 1, Stage: Withdrawn}, eve)
		a.check(1)
		last := publish(t, store, signed(ann, "two"))
		a.check(1, 4)
		// An older deploy is run again only because somebody trusted has said so.
		if _, err := store.Commit(t.Context(), world.Txn{Delete: []string{deployKey(4, payload)}}); err != nil {
			t.Fatal(err)
		}
		a.check(1, 4)
		if got := a.state(); got.Deploy != 4 || got.Refused != 1 || !strings.Contains(got.Error, ErrOlder.Error()) {
			t.Errorf("with an older one in the store, its state is %+v", got)
		}
		if _, err := store.Commit(t.Context(), world.Txn{Put: map[string]string{deployKey(4, payload): string(last.text)}}); err != nil {
			t.Fatal(err)
		}
		setRelease(t, store, last, Release{Seq: 1, Stage: Withdrawn}, ann)
		a.check(1, 4, 1)
	})
}

// TestOldRefusalsAreNoNews has an agent begin where much has been deployed that it does not take.
func TestOldRefusalsAreNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		signer := newSigner(t)
		for i := range 6 {
			p := program(t, "main.mcl", "one")
			if i == 3 {
				p.Signer = signer
			}
			publish(t, store, p)
		}
		var refused []int64
		a := follow(t, Options{Store: view(s, "web1"), Host: "web1", Trust: trusting(t, signer), Refused: func(id int64, _ error) { refused = append(refused, id) }})
		a.check(4)
		if !slices.Equal(refused, []int64{6}) {
			t.Errorf("it refuses %v, want only the newest", refused)
		}
		publish(t, store, program(t, "main.mcl", "one"))
		a.check(4)
		if !slices.Equal(refused, []int64{6, 7}) {
			t.Errorf("it refuses %v, want what came since, too", refused)
		}
	})
}

func TestAgentsRunWhatIsForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		agents := map[string]*agentTest{}
		for _, host := range []string{"web1", "web2", "db1"} {
			agents[host] = follow(t, Options{Store: view(s, host), Host: host})
		}
		p := program(t, "main.mcl", "web")
		p.Hosts, p.Staged = []string{"web*"}, true
		r := publish(t, store, p)
		agents["web1"].check(0)
		setRelease(t, store, r, Release{Seq: 1, Stage: Canary, Hosts: []string{"web2", "db1"}}, nil)
		agents["web1"].check(0)
		agents["web2"].check(0, 1)
		setRelease(t, store, r, Release{Seq: 2, Stage: Released}, nil)
		agents["web1"].check(0, 1)
		setRelease(t, store, r, Release{Seq: 3, Stage: Withdrawn}, nil)
		agents["web1"].check(0, 1, 0)
		agents["web2"].check(0, 1, 0)
		agents["db1"].check(0)
		// A release of before, put back by somebody, does not count.
		setRelease(t, store, r, Release{Seq: 2, Stage: Released}, nil)
		agents["web1"].check(0, 1, 0)
	})
}

// An absent store answers nothing.
type absent struct{ world.KV }

func (absent) Follow(ctx context.Context, _ string, _ func(map[string]world.Change)) error {
	<-ctx.Done()
	return ctx.Err()
}

func (absent) Hold(ctx context.Context, _, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestTheLastGoodDeployIsOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deploy")
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		large := noise(3 * bundle.ChunkSize / 2)
		publish(t, store, program(t, "main.mcl", "one", "large", large))
		a := follow(t, Options{Store: view(s, "web1"), Host: "web1", Dir: dir}, 2)
		publish(t, store, program(t, "main.mcl", "bad"))
		a.check(1)
		a.stop()

		b := follow(t, Options{Store: absent{}, Host: "web1", Dir: dir})
		b.check(1)
		if !b.kept[0] || b.files["main.mcl"] != "one" || b.files["large"] != large {
			t.Error("the deploy on disk is not the one that ran")
		}
		b.stop()

		// With the store there, it is not run twice; what is new is.
		c := follow(t, Options{Store: view(s, "web1"), Host: "web1", Dir: dir}, 2)
		publish(t, store, program(t, "main.mcl", "three"))
		c.check(1, 3)
		c.stop()
		d := follow(t, Options{Store: absent{}, Host: "web1", Dir: dir})
		d.check(3)
		d.stop()
		e := follow(t, Options{Store: absent{}, Host: "web1", Dir: dir, Trust: trusting(t, newSigner(t))})
		e.check()
	})
}

func TestDamagedDeploysOnDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		p := program(t, "main.mcl", "one", "other", "two")
		p.Signer = newSigner(t)
		trust := trusting(t, p.Signer)
		publish(t, store, p)
		a := follow(t, Options{Store: view(s, "web1"), Host: "web1", Dir: dir, Trust: trust})
		a.check(1)
		good, err := os.ReadFile(filepath.Join(dir, currentFile))
		if err != nil {
			t.Fatal(err)
		}
		for at := range good {
			bad := append([]byte(nil), good...)
			bad[at] ^= 1
			if k, err := decodeKept(bad, trust); err == nil {
				if _, err = k.files.FS(); err == nil {
					t.Errorf("with byte %d changed it is still taken", at)
				}
			}
			if _, err := decodeKept(good[:at], trust); err == nil {
				t.Errorf("cut after %d bytes it is still taken", at)
			}
		}
	})
}

// TestDamagedFilesOnDisk has an agent begin with files on its disk of which one has been changed. What
// the store has is in order.
func TestDamagedFilesOnDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		same := noise(1000)
		opts := Options{Store: view(s, "web1"), Host: "web1", Dir: dir}
		publish(t, store, program(t, "main.mcl", "one"))
		publish(t, store, program(t, "main.mcl", "two"))
		follow(t, opts).stop()
		a := follow(t, opts)
		publish(t, store, program(t, "main.mcl", "two", "same", same))
		a.check(2, 3)
		a.stop()
		file := filepath.Join(dir, currentFile)
		damage(t, file, same[:20])

		b := follow(t, Options{Store: absent{}, Host: "web1", Dir: dir})
		b.check()
		b.stop()
		c := follow(t, opts) // it gets what the disk does not have in order
		c.check(3)
		if c.kept[0] || c.files["same"] != same || c.state().Refused != 0 {
			t.Errorf("it runs from the disk: %v; the state is %+v", c.kept, c.state())
		}
		c.stop()
		d := follow(t, opts) // and has mended it
		d.check(3)
		if k, err := d.keep.load(previousFile); err != nil || k.ID != 2 || !d.kept[0] {
			t.Errorf("the deploy before is %v, %v; it runs from the disk: %v", k, err, d.kept)
		}
		d.stop()

		damage(t, file, same[:20])
		publish(t, store, program(t, "main.mcl", "four", "same", same))
		e := follow(t, opts)
		e.check(4)
	})
}

// damage changes a byte of a file, in some text.
func damage(t testing.TB, name, text string) {
	t.Helper()
	data, err := os.ReadFile(name)
	at := bytes.Index(data, []byte(text))
	if err != nil || at < 0 {
		t.Fatalf("%s does not have %q: %v", name, text, err)
	}
	data[at] ^= 1
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAgentsGoBackAlone(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		publish(t, store, program(t, "main.mcl", "one"))
		a := follow(t, Options{Store: view(s, "web1"), Host: "web1", Dir: dir})
		a.Connected(true)
		p := program(t, "main.mcl", "no network")
		p.RevertAlone = 30
		publish(t, store, p)
		a.check(1, 2)
		a.Connected(false)
		time.Sleep(20 * time.Second)
		a.check(1, 2)
		a.Connected(true)
		time.Sleep(time.Minute)
		a.check(1, 2)
		a.Connected(false)
		time.Sleep(31 * time.Second)
		a.check(1, 2, 1)
		a.Connected(true)
		if got := a.state(); got.Deploy != 1 || got.Refused != 2 {
			t.Errorf("its state is %+v", got)
		}
		a.stop()
		// It does not try again what it has gone back from.
		b := follow(t, Options{Store: view(s, "web1"), Host: "web1", Dir: dir})
		b.check(1)
		publish(t, store, program(t, "main.mcl", "better"))
		b.check(1, 3)
	})
}

func TestNextAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		publish(t, store, program(t, "main.mcl", "one"))
		next := follow(t, Options{Store: view(s, "web1"), Host: "web1", Next: true})
		once := follow(t, Options{Store: view(s, "web2"), Host: "web2", Once: true})
		publish(t, store, program(t, "main.mcl", "two"))
		next.check(0, 2)
		publish(t, store, program(t, "main.mcl", "three"))
		next.check(0, 2, 3)
		once.check(1)
	})
}

// A halfway store has lost the chunks of files, until it is repaired.
type halfway struct {
	world.KV
	mu     sync.Mutex
	broken bool
}

func (h *halfway) Get(ctx context.Context, keys ...string) (map[string]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.broken {
		return nil, errors.New("no answer")
	}
	return h.KV.Get(ctx, keys...)
}

func TestFilesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		h := &halfway{KV: view(s, "web1"), broken: true}
		a := follow(t, Options{Store: h, Host: "web1"})
		publish(t, store, program(t, "main.mcl", "one"))
		time.Sleep(time.Second)
		a.check(0)
		if got := a.state(); got.Refused != 0 {
			t.Errorf("after a second it says already that it refuses it: %+v", got)
		}
		time.Sleep(2 * patience)
		if got := a.state(); got.Refused != 1 || !strings.Contains(got.Error, "no answer") {
			t.Errorf("its state is %+v", got)
		}
		h.mu.Lock()
		h.broken = false
		h.mu.Unlock()
		time.Sleep(retryMax)
		a.check(0, 1)
	})
}

func TestReportsAreCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		publish(t, store, program(t, "main.mcl", "one"))
		var mu sync.Mutex
		settled, failed, trouble := true, 0, ""
		set := func(a *agentTest, s bool, f int) {
			mu.Lock()
			settled, failed = s, f
			mu.Unlock()
			a.Poke()
			synctest.Wait()
		}
		a := follow(t, Options{Store: view(s, "web1"), Host: "web1", Inspect: func(context.Context) Condition {
			mu.Lock()
			defer mu.Unlock()
			return Condition{Settled: settled, Failed: failed, Trouble: trouble}
		}})
		before := a.state()
		set(a, false, 0)
		set(a, true, 0)
		if got := a.state(); got != before {
			t.Errorf("a short repair made %+v of %+v", got, before)
		}
		set(a, false, 0)
		time.Sleep(patience + time.Second)
		if got := a.state(); got.Converged || got == before {
			t.Errorf("a long repair is not told: %+v", got)
		}
		set(a, true, 1)
		if got := a.state(); !got.Converged || got.Failed != 1 {
			t.Errorf("a failure is not told: %+v", got)
		}
		troubled := func(text string, f int) State {
			mu.Lock()
			trouble = text
			mu.Unlock()
			set(a, f > 0, f)
			time.Sleep(patience + time.Second)
			return a.state()
		}
		told := troubled("file[/x]: no space", 0)
		if told.Converged || told.Trouble != "file[/x]: no space" {
			t.Errorf("what fails again and again is told as %+v", told)
		}
		if again := troubled("file[/x]: no space, at 3:15", 0); again != told {
			t.Errorf("another attempt that fails makes %+v of %+v", again, told)
		}
		if got := troubled("", 0); got != told {
			t.Errorf("the next attempt makes %+v of %+v", got, told)
		}
		if got := troubled("file[/y]: gone", 2); got.Trouble != "file[/y]: gone" {
			t.Errorf("another trouble is told as %+v", got)
		}
		a.stop()
		s.Leave("web1")
		if all, err := States(t.Context(), store); err != nil || len(all) > 0 {
			t.Errorf("the state of an agent that is gone is %v, %v", all, err)
		}
	})
}

func TestShortenedErrors(t *testing.T) {
	for _, text := range []string{strings.Repeat("é", longestError), "x" + strings.Repeat("é", longestError)} {
		if got := shorten(text); !utf8.ValidString(got) || len(got) > longestError+len("…") || !strings.HasSuffix(got, "é…") {
			t.Errorf("%d bytes become %d, ending in %q", len(text), len(got), got[len(got)-8:])
		}
	}
}
