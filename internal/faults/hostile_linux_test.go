package faults

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/deploy"
	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
)

// A forgery is a deploy that somebody who may write to the store puts there.
type forgery struct {
	manifest deploy.Manifest
	tree     string            // its text
	chunks   map[string][]byte // by what names them
	record   func(line []byte) []byte
}

// forged returns a deploy that is good in all ways: it makes a file. A test changes it before it is
// stored.
func (l *lab) forged() *forgery {
	code := fmt.Sprintf("file %q { state => \"exists\", content => \"forged\", }\n", l.here()+"/forged")
	f := &forgery{chunks: map[string][]byte{}}
	f.manifest = deploy.Manifest{Frontend: "lang", Main: "main.mcl", By: "test", At: time.Now().UTC()}
	f.tree = "mgmt-tree 1\n" + f.file("0644", "main.mcl", code)
	f.record = l.signed("key")
	return f
}

// file adds a chunk, and returns the line of the tree for the file that has it.
func (f *forgery) file(mode, path, content string) string {
	hash := sum([]byte(content))
	f.chunks[hash] = squeeze([]byte(content))
	return fmt.Sprintf("%s %d %s\t%s\n", mode, len(content), path, hash)
}

func sum(content []byte) string {
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}

// squeeze compresses as bundles are.
func squeeze(content []byte) []byte {
	e, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true))
	if err != nil {
		panic(err) // the options are constants
	}
	defer e.Close()
	return e.EncodeAll(content, nil)
}

// signed returns what signs a record with a key of the lab.
func (l *lab) signed(key string) func([]byte) []byte {
	return func(line []byte) []byte {
		signer, done, err := sign.Open(l.file(key))
		if err != nil {
			l.t.Fatal(err)
		}
		defer done()
		signature, err := signer.Sign("mgmt-deploy", line)
		if err != nil {
			l.t.Fatal(err)
		}
		return append(bytes.Clone(line), signature...)
	}
}

// store puts the forgery into the store, as the deploy of a number.
func (f *forgery) store(client *clientv3.Client, id int64) error {
	const tree = "/fs/deploy/forged"
	f.manifest.ID, f.manifest.Files = id, tree
	if f.manifest.Tree == (bundle.Hash{}) {
		f.manifest.Tree = bundle.Sum([]byte(f.tree))
	}
	line, err := json.Marshal(f.manifest)
	if err != nil {
		return err
	}
	record := f.record(append(line, '\n'))
	ops := []clientv3.Op{
		clientv3.OpPut("/_mgmt"+tree, string(squeeze([]byte(f.tree)))),
		clientv3.OpPut(fmt.Sprintf("/_mgmt/deploy/%d/payload", id), string(record)),
	}
	for hash, blob := range f.chunks {
		ops = append(ops, clientv3.OpPut("/_mgmt/storage/{sha256}"+hash, string(blob)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = client.Txn(ctx).Then(ops...).Commit()
	return err
}

// next returns the number of the next deploy.
func next(client *clientv3.Client) (id int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	got, err := client.Get(ctx, "/_mgmt/deploy/", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return 0, err
	}
	for _, kv := range got.Kvs {
		number, _, _ := strings.Cut(strings.TrimPrefix(string(kv.Key), "/_mgmt/deploy/"), "/")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, err
		}
		id = max(id, n)
	}
	return id + 1, nil
}

// refused stores forgeries one after the other, and waits until all agents have said why they do
// not take each, by its name. It returns how long that took at most.
func (l *lab) refused(why string, forgeries map[string]func(*forgery)) (longest time.Duration) {
	l.t.Helper()
	client := l.hosts[0].reach(l.hosts[0])
	defer client.Close()
	before := l.memory()
	for _, name := range slices.Sorted(maps.Keys(forgeries)) {
		f := l.forged()
		forgeries[name](f)
		id, err := next(client)
		if err != nil {
			l.t.Fatal(err)
		}
		logs := map[*host]int{}
		for _, h := range l.hosts {
			logs[h] = len(h.log())
		}
		begin := time.Now()
		if err := f.store(client, id); err != nil {
			l.t.Fatalf("storing a deploy with %s: %v", name, err)
		}
		for _, h := range l.hosts {
			l.eventually(fmt.Sprintf("%s refuses deploy %d with %s: %s", h.name, id, name, why), func() bool {
				return refusal(h.log()[logs[h]:], id, why)
			})
			if text := h.read("forged"); text != "" {
				l.t.Errorf("%s has run a deploy with %s", h.name, name)
			}
		}
		longest = max(longest, time.Since(begin))
	}
	for _, path := range []string{"evil", "../evil", "../../evil", "/etc/mgmt-evil"} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(l.dir, "h1", path)
		}
		if _, err := os.Lstat(path); err == nil {
			l.t.Errorf("there is %s", path)
		}
	}
	if grown := l.memory() - before; grown > 64<<10 {
		l.t.Errorf("an agent has grown by %d KiB", grown)
	}
	return longest
}

// refusal reports whether a log says that a deploy is not taken, and why.
func refusal(log string, id int64, why string) bool {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "a deploy is not taken") && strings.Contains(line, fmt.Sprintf("deploy %d", id)) && strings.Contains(line, why) {
			return true
		}
	}
	return false
}

// memory returns how much an agent has had at most, in KiB.
func (l *lab) memory() (most int) {
	for _, h := range l.hosts {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
		if err != nil {
			l.t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "VmHWM:")
		fields := strings.Fields(rest)
		n, err := strconv.Atoi(fields[0])
		if err != nil {
			l.t.Fatal(err)
		}
		most = max(most, n)
	}
	return most
}

func tampered(l *lab) time.Duration {
	l.key("stranger", "strangers")
	took := l.refused("is refused", map[string]func(*forgery){
		"no signature":          func(f *forgery) { f.record = func(line []byte) []byte { return line } },
		"another signature":     func(f *forgery) { f.record = l.signed("stranger") },
		"a record changed":      func(f *forgery) { f.record = changed(f.record) },
		"a record with rubbish": func(f *forgery) { f.record = func([]byte) []byte { return []byte("rubbish") } },
	})
	return max(took, l.refused("has been changed", map[string]func(*forgery){
		"another tree": func(f *forgery) { f.manifest.Tree = bundle.Sum([]byte("another")) },
		"another file": func(f *forgery) {
			for hash, blob := range f.chunks {
				f.chunks[hash] = swapped(blob)
			}
		},
	}))
}

// changed returns what changes a record after it was signed.
func changed(signed func([]byte) []byte) func([]byte) []byte {
	return func(line []byte) []byte {
		return bytes.Replace(signed(line), []byte(`"by":"test"`), []byte(`"by":"tset"`), 1)
	}
}

// swapped returns a chunk of the same size with another content.
func swapped(blob []byte) []byte {
	d, err := zstd.NewReader(nil)
	if err != nil {
		panic(err) // there are no options
	}
	defer d.Close()
	content, err := d.DecodeAll(blob, nil)
	if err != nil {
		panic(err) // it was compressed here
	}
	return squeeze(bytes.ToUpper(content))
}

func hostilePaths(l *lab) time.Duration {
	took := l.refused("is refused", map[string]func(*forgery){
		"a path that leaves": func(f *forgery) { f.tree = "mgmt-tree 1\n" + f.file("0644", "../evil", "x") },
		"a path that leaves further down": func(f *forgery) {
			f.tree += f.file("0644", "modules/../../../evil", "x")
		},
		"an absolute path":    func(f *forgery) { f.tree = "mgmt-tree 1\n" + f.file("0644", "/etc/mgmt-evil", "x") },
		"a main file outside": func(f *forgery) { f.manifest.Main = "../main.mcl" },
	})
	return max(took, l.refused("one form", map[string]func(*forgery){
		"a link":            func(f *forgery) { f.tree += f.file("0120777", "z", "/etc/passwd") },
		"a file of set-uid": func(f *forgery) { f.tree += f.file("04755", "z", "x") },
	}))
}

func bombs(l *lab) time.Duration {
	bomb := squeeze(make([]byte, 256<<20))
	took := l.refused("does not say that it has", map[string]func(*forgery){
		"a file that is a bomb": func(f *forgery) {
			for hash := range f.chunks {
				f.chunks[hash] = bomb
			}
		},
	})
	large := func(size int) string {
		return fmt.Sprintf("0644 %d z%s\n", size, strings.Repeat("\t"+sum(nil), size/bundle.ChunkSize))
	}
	return max(took, l.refused("the limit", map[string]func(*forgery){
		"a list that is a bomb": func(f *forgery) { f.tree += large(256 << 30) },
		"a large file":          func(f *forgery) { f.tree += large(100 << 20) },
	}))
}
