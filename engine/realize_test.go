package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
)

func realize(m *resource.Meta) { m.Realize = true }

func remove(names ...string) resource.Delta {
	var d resource.Delta
	for _, name := range names {
		d.Remove = append(d.Remove, key(name))
	}
	return d
}

// What has not run yet runs once, after what it depends on, and then goes.
func TestRealize(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("dir").takes = time.Second
		e.load("dir -> file -> other", e.spec("dir"), e.spec("file", realize), e.spec("other"))
		e.submit(remove("dir", "file", "other"))
		e.saw("check:dir")
		e.state("dir=running file=waiting")
		time.Sleep(time.Second)
		e.saw("check:file")
		e.state("")
		if removed := e.happened(Removed); len(removed) != 3 {
			t.Errorf("got %+v", removed)
		}
	})
}

func TestRealizedGoesAtOnce(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("a -> b", e.spec("a", realize), e.spec("b", realize))
		e.stage.of("a").takes = time.Hour
		e.stage.wake("a")
		e.saw("check:a check:b check:a")
		e.submit(remove("b"))
		e.sawAll("close:b")
	})
}

// Another set of parameters has to be realized by itself.
func TestRealizeAgain(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("a", realize))
		e.stage.of("a").takes = time.Second
		e.submit(resource.Delta{Set: []*resource.Spec{e.spec("a new", realize)}})
		e.stage.take()
		e.submit(remove("a"))
		e.sawAll("")
		time.Sleep(time.Second)
		e.sawAll("close:a")
	})
}

// What cannot be expected to run does not stay.
func TestRealizeNotForEver(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").fail = -1
		e.stage.of("c").fail = -1
		e.load("a -> b", e.spec("a"), e.spec("b", realize), e.spec("c", realize, retry(1, 1000)))
		e.submit(remove("b", "c"))
		e.state("a=failed c=waiting")
		time.Sleep(time.Second)
		e.state("a=failed")
	})
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").takes = time.Second
		e.load("a -> b", e.spec("a"), e.spec("b", realize))
		e.submit(remove("b"))
		e.stopAndWait()
		e.saw("check:a")
	})
}

// One that is leaving receives from what is leaving with it.
func TestRealizeReceives(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("s").sends = ptr("v")
		e.stage.of("s").takes = time.Second
		e.load("", e.spec("listener:s"), recv(e.spec("r", realize), "need", "listener:s", "out"))
		e.submit(remove("r"))
		e.submit(remove("listener:s"))
		time.Sleep(time.Second)
		e.saw("check:s check:r need=v")
		e.state("")
	})
}

// For the program it is gone: nothing can refer to it, and new edges are not refused
// because of it.
func TestRealizeIsGone(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").takes = time.Second
		e.load("a -> b -> c", e.spec("a"), e.spec("b", realize), e.spec("c"))
		e.submit(remove("b"))
		if err := e.Submit(context.Background(), resource.Delta{SetEdges: edges("a -> b")}); err == nil {
			t.Error("an edge to what is gone was taken")
		}
		e.submit(resource.Delta{SetEdges: edges("c -> a")})
		time.Sleep(2 * time.Second)
		e.state("a=ok c=ok")
	})
}

// One that comes again has the edges that it is given then.
func TestRealizeComesAgain(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").takes = time.Second
		e.load("a -> b -> c", e.spec("a"), e.spec("b", realize), e.spec("c"))
		e.submit(remove("b"))
		e.load("c -> b", e.spec("b", realize), e.spec("c changed"))
		e.saw("check:a check:c check:b")
		time.Sleep(time.Second)
		synctest.Wait()
		e.state("a=ok b=ok c=ok")
	})
}
