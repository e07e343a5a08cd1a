package faults

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// chunksPrefix is where the store has the files of deploys.
const chunksPrefix = "/_mgmt/storage/"

// killDuringDeploy kills the leader when the first of 500 files have been stored. Whoever deploys
// either succeeds, or is told why not and tries again.
func killDuringDeploy(l *lab) time.Duration {
	leader, others := l.whole()
	from := others[0]
	l.version++
	site := from.site(l.code(l.version), 500)
	stored, cancel := from.stored()
	defer cancel()
	cmd := l.publish(from, site, "--wait", "--timeout", "60s")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-stored:
	case err := <-ended:
		l.t.Fatalf("the deploy has ended before anything of it was seen: %v\n%s", err, &out)
	case <-time.After(patience):
		l.t.Fatal("nothing of the deploy is stored")
	}
	leader.kill()
	begin := time.Now()
	from.set("in the middle of a deploy")
	leader.start()
	select {
	case err := <-ended:
		if err != nil {
			l.t.Logf("the deploy has failed, and is made once more:\n%s", &out)
			if !strings.Contains(out.String(), "error: ") {
				l.t.Error("nobody is told why")
			}
			l.version--
			l.deploy(from)
		}
	case <-time.After(patience):
		l.fatalf("the deploy goes on and on:\n%s", &out)
	}
	l.onNewest()
	return time.Since(begin)
}

// site writes a program with some files of 40 KiB to the host, and returns where programs on the
// host find it.
func (h *host) site(code string, files int) string {
	h.lab.t.Helper()
	dir := h.lab.mkdir(filepath.Join(h.name, "site", "files"))
	noise := make([]byte, 30<<10)
	for i := range files {
		rand.Read(noise)
		text := base64.StdEncoding.AppendEncode(nil, noise)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%03d", i)), text, 0o600); err != nil {
			h.lab.t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "..", "main.mcl"), []byte(code), 0o600); err != nil {
		h.lab.t.Fatal(err)
	}
	return filepath.Join(h.lab.here(), "site", "main.mcl")
}

// stored returns what is closed when the server of the host has a file that it has not now.
func (h *host) stored() (<-chan struct{}, context.CancelFunc) {
	client := h.reach(h)
	ctx, cancel := context.WithCancel(context.Background())
	events := client.Watch(ctx, chunksPrefix, clientv3.WithPrefix(), clientv3.WithCreatedNotify())
	<-events
	found := make(chan struct{})
	go func() {
		defer client.Close()
		if _, ok := <-events; ok {
			close(found)
		}
	}()
	return found, cancel
}
