package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mgmt/world/etcd"
)

// TestCluster runs the stories in testdata/cluster: many agents on one machine, with servers at
// ports of their own. PORT1 to PORT6 are ports at which nothing listens.
func TestCluster(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/cluster",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NO_COLOR", "1")
			for i := range 6 {
				port, err := freePort()
				if err != nil {
					return err
				}
				env.Setenv(fmt.Sprint("PORT", i+1), port)
			}
			return nil
		},
		Condition: available,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"as":      as,
			"exits":   exits,
			"expand":  expand,
			"random":  random,
			"setenv":  setenv,
			"share":   share,
			"sigterm": sigterm,
			"sshd":    sshd,
			"until":   until,
			"within":  within,
		},
	})
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// setenv NAME FILE makes the text of a file a variable.
func setenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: setenv NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// random FILE BYTES writes a file that cannot be compressed.
func random(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: random FILE BYTES")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := make([]byte, n)
	rand.Read(data) // never fails
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// share PORT KEY VALUE sets a value of the whole cluster by one of its servers.
func share(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: share PORT KEY VALUE")
	}
	client, err := etcd.Dial([]string{"http://127.0.0.1:" + args[0]}, nil)
	ts.Check(err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ts.Check(etcd.New(client, etcd.Options{Host: "story"}).SetString(ctx, args[1], args[2]))
}
