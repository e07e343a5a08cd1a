package deploy

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
	"mgmt/world"
	"mgmt/world/mem"
)

// newStore returns what the named host sees of a new store, and the store itself.
func newStore(host string) (world.KV, *mem.Store) {
	s := mem.New()
	return view(s, host), s
}

func view(s *mem.Store, host string) world.KV { return s.Host(host).(world.Keyed).KV() }

// program returns a plan for a program of these files, by path and content.
func program(t testing.TB, files ...string) Plan {
	t.Helper()
	var b bundle.Builder
	for i := 0; i < len(files); i += 2 {
		if err := b.Add(files[i], []byte(files[i+1]), false); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	return Plan{Manifest: Manifest{Frontend: "lang", Main: files[0], By: "ann@desk"}, Bundle: out}
}

func publish(t testing.TB, store world.KV, p Plan) *Record {
	t.Helper()
	r, err := Publish(t.Context(), store, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newSigner(t testing.TB) *sign.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sign.ParseKey(pem.EncodeToMemory(block))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func trusting(t testing.TB, s *sign.Signer) *sign.Trust {
	t.Helper()
	trust, err := sign.ParseTrust("trusted", []byte(s.PublicKey()+" ann"))
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func list(t testing.TB, store world.KV, prefix string) map[string]string {
	t.Helper()
	all, err := store.List(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// noise is content that does not get smaller.
func noise(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return string(b)
}

func TestPublishAndFetch(t *testing.T) {
	many := []string{"main.mcl", ""}
	for i := range 300 {
		many = append(many, fmt.Sprintf("files/%03d", i), noise(3000))
	}
	for name, files := range map[string][]string{
		"small": {"main.mcl", `print "x" {}`, "files/a", "a"},
		"large": {"main.mcl", "", "files/large", noise(2 << 20)},
		"many":  many,
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := newStore("a")
			p := program(t, files...)
			r := publish(t, store, p)
			if r.ID != 1 || r.Tree != p.Bundle.Tree.Hash() {
				t.Fatalf("published %+v", r.Manifest)
			}
			got, err := fetch(t.Context(), store, &r.Manifest, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range got.Tree {
				if want := p.Bundle.Tree[i]; f.Path != want.Path {
					t.Fatalf("file %d is %s, want %s", i, f.Path, want.Path)
				}
				content, err := got.Content(f)
				if want, _ := p.Bundle.Content(f); err != nil || !bytes.Equal(content, want) {
					t.Errorf("%s: %d bytes, %v", f.Path, len(content), err)
				}
			}
			if second := publish(t, store, p); second.ID != 2 {
				t.Errorf("the second deploy has the number %d", second.ID)
			}
		})
	}
}

// counted counts what is written of a store.
type counted struct {
	world.KV
	mu    sync.Mutex
	txns  int
	bytes int
}

func (c *counted) Commit(ctx context.Context, t world.Txn) (bool, error) {
	c.mu.Lock()
	c.txns++
	size := 0
	for _, v := range t.Put {
		size += len(v)
	}
	c.bytes += size
	c.mu.Unlock()
	if n := len(t.If) + len(t.Put) + len(t.Delete); n > 128 || size > 1<<20 {
		return false, fmt.Errorf("a transaction has %d keys and %d bytes", n, size)
	}
	return c.KV.Commit(ctx, t)
}

func TestPublishWritesLittle(t *testing.T) {
	plain, _ := newStore("a")
	store := &counted{KV: plain}
	publish(t, store, program(t, "main.mcl", "1"))
	if store.txns != 1 {
		t.Errorf("a small deploy takes %d transactions, want one", store.txns)
	}
	large := noise(3 << 20)
	publish(t, store, program(t, "main.mcl", "2", "files/large", large))
	store.bytes = 0
	publish(t, store, program(t, "main.mcl", "3", "files/large", large))
	if store.bytes > 10_000 {
		t.Errorf("a deploy in which one small file changed writes %d bytes", store.bytes)
	}
}

func TestPublishChecksCommits(t *testing.T) {
	const none = "none" // is no parent; "" is that nobody asks
	type deploy struct{ commit, parent string }
	for name, c := range map[string]struct {
		before []deploy
		next   deploy
		want   error
	}{
		"first":                   {nil, deploy{"b", "a"}, nil},
		"follows":                 {[]deploy{{"a", ""}}, deploy{"b", "a"}, nil},
		"again":                   {[]deploy{{"b", ""}}, deploy{"b", "a"}, ErrNothingNew},
		"not the next":            {[]deploy{{"a", ""}}, deploy{"c", "b"}, ErrNotNext},
		"forced":                  {[]deploy{{"a", ""}}, deploy{"c", ""}, nil},
		"behind one without git":  {[]deploy{{"a", ""}, {}}, deploy{"c", "b"}, nil},
		"without git behind one":  {[]deploy{{"a", ""}}, deploy{}, nil},
		"first commit":            {nil, deploy{"a", none}, nil},
		"first commit, again":     {[]deploy{{"a", none}}, deploy{"a", none}, ErrNothingNew},
		"back to the first":       {[]deploy{{"a", none}, {"b", "a"}}, deploy{"a", none}, ErrNotNext},
		"first, without git":      {[]deploy{{}}, deploy{"a", none}, nil},
		"first commit, forced on": {[]deploy{{"b", ""}}, deploy{"b", ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := newStore("a")
			var err error
			for _, d := range append(c.before, c.next) {
				p := program(t, "main.mcl", d.commit)
				p.Commit, p.Parent = d.commit, d.parent
				if p.First = d.parent == none; p.First {
					p.Parent = ""
				}
				_, err = Publish(t.Context(), store, p)
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			trees := len(list(t, store, treesPrefix))
			if deploys := len(ids(list(t, store, deploysPrefix))); trees != deploys {
				t.Errorf("%d trees of %d deploys", trees, deploys)
			}
		})
	}
}

// racing lets others be faster: between the look at the store and the transaction.
type racing struct {
	world.KV
	before func()
}

func (r *racing) Commit(ctx context.Context, t world.Txn) (bool, error) {
	if f := r.before; f != nil && len(t.If) > 0 {
		r.before = nil
		f()
	}
	return r.KV.Commit(ctx, t)
}

func TestPublishIsOvertaken(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, store world.KV)
		any       bool
		want      error
	}{
		"by another":         {func(t *testing.T, s world.KV) { publish(t, s, program(t, "x", "x")) }, false, ErrFaster},
		"and takes another":  {func(t *testing.T, s world.KV) { publish(t, s, program(t, "x", "x")) }, true, nil},
		"by the same commit": {func(t *testing.T, s world.KV) { p := program(t, "x", "x"); p.Commit = "c"; publish(t, s, p) }, true, ErrNothingNew},
		"and the last one goes": {func(t *testing.T, s world.KV) {
			s.Commit(t.Context(), world.Txn{Delete: []string{deployKey(1, payload)}})
		}, false, ErrChanged},
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := newStore("a")
			publish(t, store, program(t, "main.mcl", "1"))
			p := program(t, "main.mcl", noise(2<<20))
			p.Commit, p.AnyNumber = "c", c.any
			_, err := Publish(t.Context(), &racing{store, func() { c.meanwhile(t, store) }}, p)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			publish(t, store, program(t, "main.mcl", "the next one"))
			if err := sweep(t.Context(), store, ""); err != nil {
				t.Fatal(err)
			}
			checkStore(t, store)
		})
	}
}

// checkStore holds that all files of all deploys are there, and nothing else.
func checkStore(t *testing.T, store world.KV) {
	t.Helper()
	deploys := list(t, store, deploysPrefix)
	chunks, trees := map[string]bool{}, map[string]bool{}
	for _, id := range ids(deploys) {
		r, err := parseRecord(id, []byte(deploys[deployKey(id, payload)]), nil)
		if err != nil {
			t.Fatal(err)
		}
		files, err := fetch(t.Context(), store, &r.Manifest, nil)
		if err != nil {
			t.Fatal(err)
		}
		trees[r.Files] = true
		for h := range files.Blobs {
			chunks[chunkKey(h)] = true
		}
	}
	for key := range list(t, store, treesPrefix) {
		if !trees[key] {
			t.Errorf("%s is left, of no deploy", key)
		}
	}
	for key := range list(t, store, chunksPrefix) {
		if !chunks[key] {
			t.Errorf("%s is left, of no deploy", key)
		}
	}
}

// lost carries out a transaction and loses the answer.
type lost struct{ world.KV }

func (l lost) Commit(ctx context.Context, t world.Txn) (bool, error) {
	l.KV.Commit(ctx, t)
	return false, errors.New("the connection is lost")
}

func TestPublishWithoutAnAnswer(t *testing.T) {
	store, _ := newStore("a")
	r, err := Publish(t.Context(), lost{store}, program(t, "main.mcl", "1"))
	if err != nil || r.ID != 1 {
		t.Errorf("got %v, %v; the deploy is there", r, err)
	}
}

func TestOldDeploysGo(t *testing.T) {
	store, s := newStore("a")
	shared := noise(1 << 20)
	for i := range 10 {
		p := program(t, "main.mcl", fmt.Sprint(i), "files/shared", shared, "files/own", noise(1000))
		p.Keep = 3
		switch i + 1 {
		case 2:
			p.Hosts = []string{"web*"} // nothing newer is for the same hosts alone, but 3 is for all
		case 9:
			p.Hosts = []string{"db"}
		}
		publish(t, store, p)
		if i+1 == 4 {
			if err := report(t.Context(), view(s, "slow"), "slow", State{Deploy: 4}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, want := ids(list(t, store, deploysPrefix)), []int64{4, 8, 9, 10}; !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
	checkStore(t, store)
}

// TestPrune removes deploys from a store that keeps all of them, as far as they are not needed.
func TestPrune(t *testing.T) {
	store, s := newStore("a")
	for i := range 6 {
		publish(t, store, program(t, "main.mcl", fmt.Sprint(i), "files/own", noise(1000)))
	}
	if err := report(t.Context(), view(s, "slow"), "slow", State{Deploy: 2}); err != nil {
		t.Fatal(err)
	}
	gone, err := Prune(t.Context(), store, 2)
	if want := []int64{4, 3, 1}; err != nil || !slices.Equal(gone, want) {
		t.Errorf("it removes %v, %v; want %v", gone, err, want)
	}
	if got, want := ids(list(t, store, deploysPrefix)), []int64{2, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
	checkStore(t, store)
	if gone, err := Prune(t.Context(), store, 2); err != nil || len(gone) > 0 {
		t.Errorf("once more it removes %v, %v", gone, err)
	}
}

func TestNeededDeploysStay(t *testing.T) {
	store, _ := newStore("a")
	for i := range 6 {
		p := program(t, "main.mcl", fmt.Sprint(i))
		p.Keep = 1
		if i > 0 {
			p.Hosts = []string{"web1"}
		}
		publish(t, store, p)
	}
	if got, want := ids(list(t, store, deploysPrefix)), []int64{1, 6}; !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v: the first is that of all other hosts", got, want)
	}
}

// TestSweepSparesWhatIsBeingStored stores files while others are swept away.
func TestSweepSparesWhatIsBeingStored(t *testing.T) {
	store, _ := newStore("a")
	content := noise(2 << 20)
	first := program(t, "main.mcl", "1", "files/large", content)
	r := publish(t, store, first)
	if _, err := store.Commit(t.Context(), world.Txn{Delete: []string{deployKey(1, payload)}}); err != nil {
		t.Fatal(err)
	}
	publish(t, store, program(t, "main.mcl", "2"))
	p := program(t, "main.mcl", "3", "files/large", content)
	var staged string
	err := sweep(t.Context(), &racing{store, func() { // it is about to delete the chunks
		staged = treeKey(3)
		if _, err := stage(t.Context(), store, staged, p.Bundle); err != nil {
			t.Fatal(err)
		}
	}}, "")
	if err != nil {
		t.Fatal(err)
	}
	m := Manifest{ID: 3, Tree: p.Bundle.Tree.Hash(), Files: staged}
	if _, err := fetch(t.Context(), store, &m, nil); err != nil {
		t.Errorf("the files that were stored meanwhile: %v", err)
	}
	if err := sweep(t.Context(), store, ""); err != nil {
		t.Fatal(err)
	}
	if got := list(t, store, treesPrefix); got[r.Files] != "" || got[staged] == "" {
		t.Error("the next sweep did not remove what nobody refers to, and nothing else")
	}
	if _, err := fetch(t.Context(), store, &m, nil); err != nil {
		t.Errorf("after the next sweep: %v", err)
	}
}

func TestSignedRecords(t *testing.T) {
	store, _ := newStore("a")
	signer := newSigner(t)
	p := program(t, "main.mcl", "1")
	p.Signer = signer
	r := publish(t, store, p)
	got, err := parseRecord(1, r.text, trusting(t, signer))
	if err != nil || got.Signer != "ann" || got.Tree != p.Bundle.Tree.Hash() {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := parseRecord(1, r.text, trusting(t, newSigner(t))); !errors.Is(err, sign.ErrUntrusted) {
		t.Errorf("another key: %v", err)
	}
	if _, err := parseRecord(2, r.text, trusting(t, signer)); err == nil || !strings.Contains(err.Error(), "in the place of") {
		t.Errorf("in another place: %v", err)
	}
	for i := range r.text {
		changed := bytes.Clone(r.text)
		changed[i] ^= 1
		if got, err := parseRecord(1, changed, trusting(t, signer)); err == nil && !bytes.Equal(got.text[:bytes.IndexByte(got.text, '\n')], r.text[:bytes.IndexByte(r.text, '\n')]) {
			t.Errorf("byte %d is changed, and %+v is taken", i, got.Manifest)
		}
	}
}

func TestBadRecords(t *testing.T) {
	for text, want := range map[string]string{
		"":       "no line of JSON",
		"{}":     "no line of JSON",
		"null\n": "its number is 0",
		"{}\n":   "its number is 0",
		"[]\n":   "damaged",
		`{"id":1,"frontend":"perl","at":"2026-01-01T00:00:00Z"}` + "\n":                                                                      "front end",
		`{"id":1,"frontend":"lang","new":1,"at":"2026-01-01T00:00:00Z"}` + "\n":                                                              "newer mgmt",
		`{"id":1,"frontend":"lang","at":"2026-01-01T00:00:00Z"}` + "\n":                                                                      "has no files",
		`{"id":1,"frontend":"lang","tree":"x","at":"2026-01-01T00:00:00Z"}` + "\n":                                                           "is no hash",
		`{"id":1,"frontend":"empty","sema":-1,"at":"2026-01-01T00:00:00Z"}` + "\n":                                                           "negative",
		`{"id":1,"frontend":"empty","at":"2026-01-01T00:00:00Z"} {}` + "\n":                                                                  "behind its JSON",
		`{"id":1,"frontend":"empty","at":"2026-01-01T00:00:00Z"}` + "\nSIGNED":                                                               "signature is damaged",
		`{"id":1,"frontend":"lang","main":"../x","tree":"` + strings.Repeat("0", 63) + `1","files":"/f","at":"2026-01-01T00:00:00Z"}` + "\n": "is refused",
	} {
		if _, err := parseRecord(1, []byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"id":1,"frontend":"empty","at":"2026-01-01T00:00:00Z"}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRecord(1, text, nil)
		if err == nil && (r.ID != 1 || r.Check() != nil) {
			t.Errorf("%q is taken for %+v", text, r.Manifest)
		}
	})
}

// gets counts what is read of a store.
type gets struct {
	world.KV
	n int
}

func (g *gets) Get(ctx context.Context, keys ...string) (map[string]string, error) {
	g.n++
	return g.KV.Get(ctx, keys...)
}

func TestFewFilesAreReadAtOnce(t *testing.T) {
	for _, c := range []struct{ files, gets int }{{1, 1}, {fewChunks, 1}, {fewChunks + 1, 3}} {
		t.Run(fmt.Sprint(c.files), func(t *testing.T) {
			var files []string
			for i := range c.files {
				files = append(files, fmt.Sprintf("f%d.mcl", i), fmt.Sprintf("# %d\n", i))
			}
			store, _ := newStore("a")
			r := publish(t, store, program(t, files...))
			counted := &gets{KV: store}
			got, err := fetch(t.Context(), counted, &r.Manifest, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Blobs) != c.files || counted.n != c.gets {
				t.Errorf("got %d files in %d requests, want %d in %d", len(got.Blobs), counted.n, c.files, c.gets)
			}
		})
	}
}

// What files a deploy has, its tree says; the list of its chunks only says what to read along with it.
func TestChunksOfManifestAddNothing(t *testing.T) {
	store, _ := newStore("a")
	other := publish(t, store, program(t, "other.mcl", "# other\n"))
	r := publish(t, store, program(t, "main.mcl", "# main\n"))
	r.Manifest.Chunks = append(other.Manifest.Chunks, bundle.Sum([]byte("nobody has this")))
	got, err := fetch(t.Context(), store, &r.Manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Blobs) != 1 || got.Blobs[got.Tree.Chunks()[0]] == nil {
		t.Errorf("got %d chunks, want that of the tree", len(got.Blobs))
	}
}

// A shaken store does not take chunks for some time, as when its leader dies.
type shaken struct {
	world.KV
	until time.Time
}

func (s shaken) Commit(ctx context.Context, t world.Txn) (bool, error) {
	chunks := false
	for key := range t.Put {
		chunks = chunks || strings.HasPrefix(key, chunksPrefix)
	}
	if chunks && time.Now().Before(s.until) {
		return false, errors.New("no leader")
	}
	return s.KV.Commit(ctx, t)
}

func TestUploadOutlivesALeader(t *testing.T) {
	for _, c := range []struct {
		away time.Duration
		want string
	}{{3 * time.Second, ""}, {time.Minute, "storing the files: no leader"}} {
		synctest.Test(t, func(t *testing.T) {
			store, _ := newStore("a")
			_, err := Publish(t.Context(), shaken{store, time.Now().Add(c.away)}, program(t, "main.mcl", noise(2<<20)))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("the store is away for %v: %v, want %q", c.away, err, c.want)
			}
		})
	}
}
