package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mgmt/cluster"
)

// A brokenLauncher starts no server.
type brokenLauncher struct{ tried chan struct{} }

func (l brokenLauncher) Launch(context.Context, cluster.ServerConfig) (cluster.Server, error) {
	defer close(l.tried)
	return nil, errors.New("the disk is full")
}

// A cluster that cannot begin is no reason to stop, unless somebody wanted it.
func TestAnAgentGoesOnAlone(t *testing.T) {
	for _, asked := range []bool{false, true} {
		l := brokenLauncher{make(chan struct{})}
		m, err := cluster.NewMembership(cluster.Options{Host: "a", Dir: t.TempDir(), Launcher: l}, asked)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		m.Settled()
		<-l.tried
		if asked {
			if err := <-ended; err == nil || !strings.Contains(err.Error(), "the disk is full") {
				t.Errorf("an agent that was to be reached ends with %v", err)
			}
			cancel()
			continue
		}
		if err := m.World().SetString(ctx, "k", "v"); err != nil {
			t.Errorf("what is shared is not in memory: %v", err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("an agent alone ends with %v", err)
		}
	}
}
