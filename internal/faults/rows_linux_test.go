package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A row is a line of the table: what is done to the lab, and what has to follow. run returns how
// long that took, or that it cannot be done here.
type row struct {
	fault, result string
	run           func(*lab) time.Duration
}

// skipped is what a row takes that cannot be run on this system.
const skipped time.Duration = -1

var rows = []row{
	{"the server that leads is killed with -9, with its agent", "another one leads, and values flow again", killLeader},
	{"the leader is killed with -9 in the middle of a deploy", "the deploy succeeds, or whoever makes it is told why not; all agents run the newest", killDuringDeploy},
	{"each agent in turn is killed with -9, and started again", "the others go on; it goes on as the member that it was", killEach},
	{"all agents are killed at once and started again", "no acknowledged value is lost", killAll},
	{"one of three servers is cut off, and comes back", "the others go on; it learns what it has missed", cutOne},
	{"the server that leads is cut off, and comes back", "the majority goes on, it acknowledges nothing alone, and learns what it has missed", cutLeader},
	{"two of three servers are cut off, and come back", "nothing is acknowledged meanwhile; then values flow again", cutMajority},
	{"every server is cut off from the others, and the network comes back", "machines stay right; then values flow again", cutAll},
	{"30 % of the packets to and from the server that leads are lost", "values flow on between the others; it learns them", lossyLeader},
	{"30 % of all packets are lost, for 15 seconds", "what is acknowledged is kept; then values flow again", lossy},
	{"each packet takes 100 ms", "values flow on", slow},
	{"clocks are set forward and back, by up to two days", "values, deploys, exports and schedules go on", clockSteps},
	{"an agent is cut off for 1,000 revisions and a compaction", "it learns the last value", away},
	{"the disk of one host is full, and has space again", "its agent says so, the others go on; it runs a server again", diskFull},
	{"the data of a server is overwritten while its agent is down", "the agent says so and ends; with its data removed it joins again", corrupt},
	{"a second agent has the name of one that runs", "it is refused", sameName},
	{"a host comes with a wrong token, or with one that has expired", "it is told so, and gets no certificate", wrongTokens},
	{"a host comes with a certificate that has expired", "it is told so, and no server listens to it", expired},
	{"the certificate of a host is stolen", "it serves for nothing but what that host may do, and for nothing from when it is revoked", stolen},
	{"a deploy is stored that nobody of trust has signed, or that was changed", "no agent runs it; all say why", tampered},
	{"a deploy is stored with paths that leave its directory, or with links", "no agent runs it; all say why", hostilePaths},
	{"a deploy is stored that grows when it is unpacked", "no agent runs it, or takes the memory; all say why", bombs},
}

func TestFaults(t *testing.T) {
	l := newLab(t)
	l.begin()
	var done []outcome
	for _, r := range rows {
		if !t.Run(strings.ReplaceAll(r.fault, " ", "_"), func(t *testing.T) {
			outer := l.t
			l.t = t
			defer func() { l.t = outer }()
			w := l.write(fmt.Sprint(len(done)))
			defer w.finish()
			took := r.run(l)
			begin := time.Now()
			l.check(w)
			t.Logf("%s after %v; checked in %v, %d values", r.result, took.Round(100*time.Millisecond), time.Since(begin).Round(100*time.Millisecond), len(w.acked))
			done = append(done, outcome{r, took})
		}) {
			return
		}
	}
	if *update && len(done) == len(rows) {
		if err := os.WriteFile(document, []byte(page(done)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// An outcome is a row with the time it took.
type outcome struct {
	row
	took time.Duration
}

var document = filepath.Join("..", "..", "docs", "reliability.md")

// TestDocument holds that each row is in the document.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if !strings.Contains(string(text), r.line()) {
			t.Errorf("%s lacks the row %q; run this test with -update, as root", document, r.line())
		}
	}
	if got := strings.Count(string(text), "\n| ") - 1; got != len(rows) {
		t.Errorf("%s has %d rows, want %d; run this test with -update, as root", document, got, len(rows))
	}
}

func (r row) line() string { return fmt.Sprintf("| %s | %s | ", r.fault, r.result) }

// page returns the document.
func page(done []outcome) string {
	var b strings.Builder
	b.WriteString(before)
	for _, o := range done {
		took := fmt.Sprintf("%.1f s", o.took.Seconds())
		if o.took == skipped {
			took = "not run"
		}
		fmt.Fprintf(&b, "%s%s |\n", o.line(), took)
	}
	b.WriteString(after)
	return b.String()
}

const before = `# Reliability

What becomes of a [cluster](cluster.md) when machines die, networks break and somebody means harm? The
table is written by a test. It runs the program itself on three hosts, which are network namespaces of one machine,
each with a server; it does to them what the table says, and waits until all is right again.

After each row it checks that

- no value is lost that was acknowledged, of those which all hosts write all the time,
- all agents run the newest deploy, take another one, and the command that deploys it says so,
- every host has what the others export, and all know the same hosts that a schedule has chosen,
- three servers answer, and nothing listens beyond its machine without TLS 1.3 and certificates on both sides; only where
  hosts join, they come with a token instead.

| what happens | what follows | time |
|---|---|---|
`

const after = `
The time is that of the slowest host in one run, from the fault, or from its end where it has one, until what follows
is true.

## What this means in practice

- **One of three servers may fail**, and two of five: nothing is to be done. Values flow again some two seconds after the
  server that led has died. Its host comes back as the member that it was; if it is away for more than ten seconds,
  another host takes the place of its server, or the host itself joins once more when it is back.
- **Without a majority nothing that is shared can change**, and nobody is told that it did. Each agent keeps its machine
  right with what it knew last. When enough servers are back, all goes on by itself.
- **What was acknowledged is on the disks of a majority.** A write that got no answer may be there or not: make it again.
  The same goes for a command that ended with an error, like a deploy whose leader died.
- **With heavy losses** on all connections servers may elect one leader after the other, so that few writes get
  through, until the network is better.
- **A full disk** ends the server of that host, whose agent says so, and goes on with the servers of the others. It tries
  again every 20 seconds.
- **Damaged data** is never repaired or removed by itself: the agent ends and names the directory. Move that away; the host
  then gets the data of the others.
- **Clocks** may be wrong by hours: nothing in a cluster compares the clocks of two hosts, but for the certificates, which
  are good from an hour before they are signed.

## Running it

` + "```sh\nsudo go test -v ./internal/faults            # a few minutes, on Linux, with iproute2\nsudo go test ./internal/faults -update        # and write this page\n```" + `

It changes nothing on the machine that it runs on: its hosts, their mounts and their processes end with it.
`
