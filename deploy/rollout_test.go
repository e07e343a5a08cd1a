package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"mgmt/deploy/sign"
	"mgmt/world"
)

func TestShares(t *testing.T) {
	for _, c := range []struct {
		text string
		of   map[int]int
	}{
		{"1", map[int]int{0: 0, 1: 1, 7: 1}},
		{"5", map[int]int{3: 3, 7: 5}},
		{"10%", map[int]int{0: 0, 1: 1, 10: 1, 11: 2, 100: 10}},
		{"100%", map[int]int{7: 7}},
	} {
		s, err := ParseShare(c.text)
		if err != nil {
			t.Fatal(err)
		}
		for all, want := range c.of {
			if got := s.Of(all); got != want {
				t.Errorf("%s of %d is %d, want %d", c.text, all, got, want)
			}
		}
	}
	for _, text := range []string{"", "0", "-1", "0%", "101%", "x", "%", "1.5", "1 %"} {
		if s, err := ParseShare(text); err == nil {
			t.Errorf("%q is taken for %v", text, s)
		}
	}
}

// Short forms of what agents of deploy 2 say.
var (
	old     = State{Deploy: 1, Converged: true}
	busy    = State{Deploy: 2}
	good    = State{Deploy: 2, Converged: true}
	failing = State{Deploy: 2, Converged: true, Failed: 3}
	refused = State{Deploy: 1, Converged: true, Refused: 2, Error: "it does not compile"}
)

// A story is what a rollout is shown, a line each: the second, the states of the hosts a, b, c …, and
// what it shall do.
type story struct {
	at     int
	states []State
	want   string
}

func TestRollouts(t *testing.T) {
	gone := State{Deploy: -1}
	canary := RolloutOptions{Canary: Share{N: 1}, Soak: 10 * time.Second}
	for _, c := range []struct {
		name  string
		opts  RolloutOptions
		story []story
	}{
		{"all at once", RolloutOptions{}, []story{
			{0, []State{old, old}, "on all hosts 0/2"},
			{1, []State{good, busy}, "on all hosts 1/2"},
			{2, []State{good, good}, "done 2/2"},
		}},
		{"nobody is there", canary, []story{{0, nil, "failed 0/0"}}},
		{"a canary", canary, []story{
			{0, []State{old, old, old}, "on the first hosts 0/1 canary a"},
			{1, []State{busy, old, old}, "on the first hosts 0/1"},
			{2, []State{good, old, old}, "soaking 1/1"},
			{11, []State{good, old, old}, "soaking 1/1"},
			{12, []State{good, old, old}, "on all hosts 1/3 released"},
			{13, []State{good, good, good}, "done 3/3"},
		}},
		{"a canary that is not calm", canary, []story{
			{0, []State{old, old}, "on the first hosts 0/1 canary a"},
			{2, []State{good, old}, "soaking 1/1"},
			{9, []State{busy, old}, "on the first hosts 0/1"},
			{10, []State{good, old}, "soaking 1/1"},
			{19, []State{good, old}, "soaking 1/1"},
			{20, []State{good, old}, "on all hosts 1/2 released"},
		}},
		{"a failure", canary, []story{
			{0, []State{old, old}, "on the first hosts 0/1 canary a"},
			{2, []State{failing, old}, "failed 0/1"},
			{3, []State{good, old}, "failed 1/2"},
		}},
		{"a failure while it soaks", RolloutOptions{Canary: Share{N: 1}, Soak: 10 * time.Second, AutoRevert: true}, []story{
			{0, []State{old, old}, "on the first hosts 0/1 canary a"},
			{2, []State{good, old}, "soaking 1/1"},
			{3, []State{failing, old}, "going back 0/1 withdrawn"},
			{4, []State{{Deploy: 1}, old}, "going back 0/1"},
			{5, []State{old, old}, "withdrawn 1/1"},
			{6, []State{good, good}, "withdrawn 0/2"},
		}},
		{"some failures are allowed", RolloutOptions{MaxFailures: 1, AutoRevert: true}, []story{
			{0, []State{old, old, old}, "on all hosts 0/3"},
			{1, []State{refused, old, good}, "on all hosts 1/3"},
			{2, []State{refused, good, good}, "done 2/3"},
		}},
		{"too many failures", RolloutOptions{MaxFailures: 1, AutoRevert: true}, []story{
			{0, []State{old, old, old}, "on all hosts 0/3"},
			{1, []State{refused, failing, old}, "going back 2/3 withdrawn"},
			{2, []State{refused, gone, old}, "withdrawn 2/2"}, // who is away goes back later
		}},
		{"a host that is restarted", RolloutOptions{}, []story{
			{0, []State{old, old}, "on all hosts 0/2"},
			{1, []State{good, gone}, "on all hosts 1/2"},
			{20, []State{good, good}, "done 2/2"},
		}},
		{"a host that is gone", RolloutOptions{}, []story{
			{0, []State{old, old}, "on all hosts 0/2"},
			{1, []State{good, gone}, "on all hosts 1/2"},
			{30, []State{good, gone}, "failed 1/2"},
		}},
		{"too slow", RolloutOptions{Timeout: time.Minute, AutoRevert: true}, []story{
			{0, []State{old, old}, "on all hosts 0/2"},
			{59, []State{good, busy}, "on all hosts 1/2"},
			{60, []State{good, busy}, "going back 0/2 withdrawn"},
			{119, []State{old, busy}, "going back 1/2"},
			{120, []State{old, busy}, "withdrawn 1/2"},
		}},
		{"a host that does not go back", RolloutOptions{AutoRevert: true}, []story{
			{0, []State{old, failing}, "going back 1/2 withdrawn"},
			{59, []State{old, failing}, "going back 1/2"},
			{60, []State{old, failing}, "withdrawn 1/2"},
		}},
		{"back where something fails again and again", RolloutOptions{AutoRevert: true}, []story{
			{0, []State{old, failing}, "going back 1/2 withdrawn"},
			{1, []State{old, {Deploy: 1, Trouble: "no space"}}, "withdrawn 2/2"},
		}},
		{"a newer one", canary, []story{
			{0, []State{old, old}, "on the first hosts 0/1 canary a"},
			{1, []State{{Deploy: 3, Converged: true}, {Deploy: 3}}, "failed 1/1"},
		}},
		{"a newer one for some", RolloutOptions{}, []story{
			{0, []State{old, old}, "on all hosts 0/2"},
			{1, []State{{Deploy: 3}, good}, "done 2/2"},
		}},
		{"a host that comes late", RolloutOptions{}, []story{
			{0, []State{old}, "on all hosts 0/1"},
			{1, []State{good, old}, "on all hosts 1/2"},
			{2, []State{good, good}, "done 2/2"},
		}},
	} {
		r := NewRollout(&Manifest{ID: 2}, c.opts)
		for _, line := range c.story {
			states := map[string]State{}
			for i, s := range line.states {
				if s.Deploy >= 0 {
					states[string(rune('a'+i))] = s
				}
			}
			if got := settle(r, line.at, states); got != line.want {
				t.Errorf("%s: after %d s it is %q, want %q", c.name, line.at, got, line.want)
				break
			}
		}
	}
}

// A rollout that ends says which host was in trouble, and which.
func TestRolloutsSayWhy(t *testing.T) {
	stuck := State{Deploy: 2, Trouble: "file[/x]: no space left"}
	one := State{Deploy: 2, Converged: true, Failed: 1, Trouble: "exec[y]: exit status 1"}
	for _, c := range []struct {
		states map[string]State
		want   string
	}{
		{map[string]State{"a": busy, "b": stuck}, "the deploy has failed: after 1m0s, 2 of 2 hosts have not converged, like b: file[/x]: no space left"},
		{map[string]State{"a": busy}, "the deploy has failed: after 1m0s, 1 of 1 hosts have not converged, like a"},
		{map[string]State{"a": one}, "the deploy has failed: 1 of 1 hosts failed, like a: 1 resource failed: exec[y]: exit status 1"},
	} {
		r := NewRollout(&Manifest{ID: 2}, RolloutOptions{Timeout: time.Minute})
		settle(r, 0, c.states)
		s := r.Step(time.Unix(60, 0), c.states)
		if err := s.Err(); err == nil || err.Error() != c.want {
			t.Errorf("with %+v it ends with\n%v, want\n%s", c.states, err, c.want)
		}
	}
	r := NewRollout(&Manifest{ID: 2}, RolloutOptions{})
	settle(r, 0, map[string]State{"a": stuck})
	if s := r.Step(time.Unix(1, 0), map[string]State{"a": stuck}); s.Troubles["a"] != stuck.Trouble {
		t.Errorf("while it goes on, the troubles are %v", s.Troubles)
	}
}

// settle takes steps until there is nothing to do, and says how it stands, and what was released.
func settle(r *Rollout, at int, states map[string]State) string {
	released := ""
	for before := Phase(-1); ; {
		s := r.Step(time.Unix(int64(at), 0), states)
		if s.Release != nil {
			released += strings.TrimRight(fmt.Sprintf(" %s %s", s.Release.Stage, strings.Join(s.Release.Hosts, " ")), " ")
		}
		if s.Phase == before || s.Phase.Over() {
			return fmt.Sprintf("%v %d/%d%s", s.Phase, s.Settled, s.Hosts, released)
		}
		before = s.Phase
	}
}

// Whatever agents say, a rollout never lets more hosts have a deploy than it may.
func TestRolloutsAreCareful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := RolloutOptions{
			Canary:      Share{N: rapid.IntRange(0, 3).Draw(t, "canary")},
			Soak:        time.Duration(rapid.IntRange(0, 20).Draw(t, "soak")) * time.Second,
			MaxFailures: rapid.IntRange(0, 2).Draw(t, "failures"),
			AutoRevert:  rapid.Bool().Draw(t, "revert"),
			Timeout:     time.Duration(rapid.IntRange(0, 60).Draw(t, "timeout")) * time.Second,
		}
		r := NewRollout(&Manifest{ID: 2, Hosts: []string{"web*"}}, opts)
		now := time.Unix(0, 0)
		var canary []string
		var calm time.Time // since when the canary has been converged without a break
		spread, withdrawn, over := opts.Canary == Share{}, false, Phase(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 15).Draw(t, "seconds")) * time.Second)
			states := map[string]State{}
			for _, host := range []string{"web1", "web2", "web3", "web4", "db1"} {
				if s := rapid.SampledFrom([]State{old, busy, good, good, good, failing, refused, {Deploy: -1}}).Draw(t, host); s.Deploy >= 0 {
					states[host] = s
				}
			}
			ok := !slices.ContainsFunc(canary, func(host string) bool { return states[host] != good })
			tolerated := 0
			for _, host := range canary {
				if states[host] != good {
					tolerated++
				}
			}
			if ok = ok || tolerated <= opts.MaxFailures; !ok || len(canary) == 0 {
				calm = time.Time{}
			} else if calm.IsZero() {
				calm = now
			}
			for before := Phase(-1); ; {
				s := r.Step(now, states)
				if over.Over() && s.Phase != over {
					t.Fatalf("after its end, %v, it is %v", over, s.Phase)
				}
				if !s.Wake.IsZero() && !s.Wake.After(now) {
					t.Fatal("it wakes up in the past")
				}
				if slices.Contains(s.Waiting, "db1") || s.Failures["db1"] != "" {
					t.Fatal("it waits for a host that it is not for")
				}
				if s.Settled+len(s.Waiting)+len(s.Failures) != s.Hosts {
					t.Fatalf("the hosts do not add up: %+v", s.Progress)
				}
				if rel := s.Release; rel != nil {
					switch rel.Stage {
					case Canary:
						if canary = rel.Hosts; len(canary) > opts.Canary.N || spread {
							t.Fatalf("the canary is %v of %v", canary, opts.Canary)
						}
						calm = time.Time{}
						if !slices.ContainsFunc(canary, func(host string) bool { return states[host] != good }) || opts.MaxFailures > 0 {
							calm = now
						}
					case Released:
						if len(canary) == 0 || withdrawn || calm.IsZero() || now.Sub(calm) < opts.Soak {
							t.Fatalf("it is released to all at %v; the canary %v is calm since %v", now, canary, calm)
						}
						spread = true
					case Withdrawn:
						if !opts.AutoRevert || withdrawn || s.Why == "" {
							t.Fatalf("it is withdrawn, because %q", s.Why)
						}
						withdrawn = true
					}
				}
				over = s.Phase
				if s.Phase == Succeeded && !spread || s.Phase == Reverted && !withdrawn {
					t.Fatalf("it is %v", s.Phase)
				}
				if s.Phase == before || s.Phase.Over() {
					break
				}
				before = s.Phase
			}
		}
	})
}

func TestDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		ann := newSigner(t)
		start := func(host string, bad ...int64) *agentTest {
			return follow(t, Options{Store: view(s, host), Host: host, Trust: trusting(t, ann)}, bad...)
		}
		agents := []*agentTest{start("a"), start("b"), start("c", 2)}
		deploy := func(text string, opts RolloutOptions) (Progress, error) {
			p := program(t, "main.mcl", text)
			p.Staged, p.Signer = opts.Canary != Share{}, ann
			r := publish(t, store, p)
			phases := []Phase{}
			out, err := Drive(t.Context(), store, r, ann, opts, func(p Progress) { phases = append(phases, p.Phase) })
			if !slices.IsSorted(phases) {
				t.Errorf("the phases are %v", phases)
			}
			return out, err
		}
		begin := time.Now()
		p, err := deploy("one", RolloutOptions{Canary: Share{N: 1}, Soak: time.Minute})
		if err != nil || p.Err() != nil || p.Settled != 3 || time.Since(begin) < time.Minute {
			t.Errorf("the first one ends after %v as %+v, %v", time.Since(begin), p, err)
		}
		// The second is bad for the last host.
		p, err = deploy("two", RolloutOptions{Canary: Share{N: 50, Percent: true}, AutoRevert: true})
		if err != nil || p.Phase != Reverted || !strings.Contains(p.Err().Error(), "c: ") {
			t.Errorf("the second one ends as %+v, %v", p, err)
		}
		agents[0].check(0, 1, 2, 1)
		agents[2].check(0, 1)
		p, err = deploy("three", RolloutOptions{})
		if err != nil || p.Err() != nil {
			t.Errorf("the third one ends as %+v, %v", p, err)
		}
		agents[0].check(0, 1, 2, 1, 3)
		agents[2].check(0, 1, 3)
	})
}

// TestDriveIsOverruled has somebody else withdraw a deploy while its hosts are waited for.
func TestDriveIsOverruled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := newStore("desk")
		ann := newSigner(t)
		follow(t, Options{Store: view(s, "a"), Host: "a", Trust: trusting(t, ann)})
		p := program(t, "main.mcl", "one")
		p.Staged, p.Signer = true, ann
		r := publish(t, store, p)
		withdraw := func(after time.Duration, signer *sign.Signer, why string) {
			time.Sleep(after)
			list, err := List(t.Context(), store, nil)
			if err == nil {
				_, err = SetRelease(t.Context(), store, r, list[0].Release, Release{Stage: Withdrawn, Why: why}, signer)
			}
			if err != nil {
				t.Error(err)
			}
		}
		go func() {
			withdraw(time.Minute, nil, "by eve") // which no agent believes
			withdraw(time.Minute, ann, "by ann")
		}()
		begin := time.Now()
		out, err := Drive(t.Context(), store, r, ann, RolloutOptions{Canary: Share{N: 1}, Soak: time.Hour}, func(Progress) {})
		if err != nil || out.Phase != GivenUp || out.Why != "somebody else has withdrawn it, by ann" || time.Since(begin) != 2*time.Minute {
			t.Errorf("it ends after %v as %+v, %v", time.Since(begin), out, err)
		}
	})
}

// An ailing store takes no writes from a time to another.
type ailing struct {
	world.KV
	from, to time.Time
}

func (a ailing) Ails(context.Context) (what, err error) {
	switch now := time.Now(); {
	case now.Second()%7 == 0:
		return nil, errors.New("it does not answer")
	case now.Before(a.from) || now.After(a.to):
		return nil, nil
	}
	return errors.New("the store is full"), nil
}

// Who waits for hosts is told what keeps them from saying how they are, for as long as it does.
func TestDriveOnAnAilingStore(t *testing.T) {
	for healed, want := range map[bool]string{
		true:  "the deploy has failed: after 1m0s, 1 of 1 hosts have not converged, like a",
		false: "the deploy has failed: after 1m0s, 1 of 1 hosts have not said that they have converged: the store is full",
	} {
		synctest.Test(t, func(t *testing.T) {
			store, s := newStore("desk")
			r := publish(t, store, program(t, "main.mcl", "one"))
			if err := report(t.Context(), view(s, "a"), "a", State{Deploy: r.ID}); err != nil {
				t.Fatal(err)
			}
			ill := ailing{store, time.Now().Add(10 * time.Second), time.Now().Add(time.Hour)}
			if healed {
				ill.to = time.Now().Add(30 * time.Second)
			}
			var told []string
			p, err := Drive(t.Context(), ill, r, nil, RolloutOptions{Timeout: time.Minute}, func(p Progress) {
				if len(told) == 0 || told[len(told)-1] != p.Ails {
					told = append(told, p.Ails)
				}
			})
			if err != nil || p.Err() == nil || p.Err().Error() != want {
				t.Errorf("it ends as %v, %v; want %s", p.Err(), err, want)
			}
			wantTold := []string{"", "the store is full"}
			if healed {
				wantTold = append(wantTold, "")
			}
			if !slices.Equal(told, wantTold) {
				t.Errorf("it tells %q, want %q", told, wantTold)
			}
		})
	}
}

func TestReleasesDoNotCollide(t *testing.T) {
	store, _ := newStore("desk")
	r := publish(t, store, program(t, "main.mcl", "one"))
	first, err := SetRelease(t.Context(), store, r, nil, Release{Stage: Held}, nil)
	if err != nil {
		t.Fatal(first, err)
	}
	if _, err := SetRelease(t.Context(), store, r, nil, Release{Stage: Released}, nil); err == nil {
		t.Error("two can decide")
	}
	second, err := SetRelease(t.Context(), store, r, first, Release{Stage: Released}, nil)
	if err != nil || second.Seq <= first.Seq {
		t.Error(first, second, err)
	}
	// One that nobody believes is in nobody's way.
	if _, err := store.Commit(t.Context(), world.Txn{Put: map[string]string{deployKey(1, release): "nonsense"}}); err != nil {
		t.Fatal(err)
	}
	list, err := List(t.Context(), store, nil)
	if err != nil || len(list) != 1 || list[0].Stage != Released {
		t.Fatalf("with nonsense in the store the list is %+v, %v", list, err)
	}
	if third, err := SetRelease(t.Context(), store, r, list[0].Release, Release{Stage: Withdrawn}, nil); err != nil || third.Seq < second.Seq {
		t.Error(third, err)
	}
}
