package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"mgmt/resource"
	"mgmt/watch"
)

// An item is a resource whose part of the system is an entry of a disk.
type item struct {
	Text string  `mgmt:"text"`
	Need *string `mgmt:"need"`

	id   string
	name string
	disk *disk
}

// A disk is the system that the items of a test manage, and keeps an eye on them.
type disk struct {
	mu      sync.Mutex
	is      map[string]string
	sends   map[string]string
	fail    map[string]int
	takes   map[string]time.Duration
	wakes   map[string]func()
	watch   map[string]chan error
	running map[string]bool
	step    int
	applied map[string]int  // step of the latest apply
	fresh   map[string]int  // step of the latest refresh
	busy    map[string]bool // groups that are being applied
	server  map[string]resource.ID
	wrong   []string
}

func newDisk() *disk {
	return &disk{is: map[string]string{}, sends: map[string]string{}, fail: map[string]int{},
		takes: map[string]time.Duration{}, wakes: map[string]func(){}, watch: map[string]chan error{},
		running: map[string]bool{}, busy: map[string]bool{}, server: map[string]resource.ID{}, applied: map[string]int{}, fresh: map[string]int{}}
}

// enter notes that a method of an item begins, and fails if it is to.
func (i *item) enter() (func(), error) {
	d := i.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running[i.id] {
		d.wrong = append(d.wrong, "two methods of "+i.id+" at once")
	}
	d.running[i.id] = true
	leave := func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.running[i.id] = false
	}
	if d.fail[i.id] > 0 {
		d.fail[i.id]--
		return leave, errors.New("broken")
	}
	return leave, nil
}

func (i *item) Validate() error { return nil }

func (i *item) SetName(name string) { i.name = name }

// An item provides one of a few things and needs another one, which follow from its name and
// its text.
func (i *item) wish(factor int) resource.UID {
	var n, text int
	_, _ = fmt.Sscan(strings.TrimPrefix(i.name, "i"), &n)
	_, _ = fmt.Sscan(strings.TrimPrefix(i.Text, "text"), &text)
	return resource.UID{Type: "thing", Text: fmt.Sprint((n*factor + text) % 5)}
}

func (i *item) Provides() []resource.UID { return []resource.UID{i.wish(1)} }

func (i *item) Needs(context.Context) ([]resource.Need, error) {
	if i.Text == "text" {
		return nil, nil
	}
	return []resource.Need{{Of: i.wish(2), Before: i.Text == "text2"}}, nil
}

func (i *item) Open(env *resource.Env) error {
	i.id = env.ID.Name
	leave, err := i.enter()
	i.disk.mu.Lock()
	i.disk.server[i.id] = env.Server
	i.disk.mu.Unlock()
	leave()
	return err
}

func (i *item) Close() error {
	leave, _ := i.enter()
	leave()
	return nil
}

func (i *item) Watch(ctx context.Context, wake func()) error {
	failures := make(chan error, 1)
	i.disk.mu.Lock()
	i.disk.wakes[i.id] = wake
	i.disk.watch[i.id] = failures
	i.disk.mu.Unlock()
	wake()
	select {
	case err := <-failures:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *item) want() string {
	if i.Need != nil {
		return i.Text + "/" + *i.Need
	}
	return i.Text
}

func (i *item) Check(ctx context.Context) ([]resource.Change, error) {
	leave, err := i.enter()
	defer leave()
	if late := i.linger(ctx); late != nil {
		return nil, late
	}
	i.disk.mu.Lock()
	defer i.disk.mu.Unlock()
	if err != nil || i.disk.is[i.id] == i.want() {
		return nil, err
	}
	return []resource.Change{{Param: "text"}}, nil
}

// linger takes the time that an item takes.
func (i *item) linger(ctx context.Context) error {
	i.disk.mu.Lock()
	takes := i.disk.takes[i.id]
	i.disk.mu.Unlock()
	if takes == 0 {
		return nil
	}
	select {
	case <-time.After(takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *item) Apply(context.Context, []resource.Change) error {
	leave, err := i.enter()
	defer leave()
	d := i.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	d.is[i.id] = i.want()
	d.step++
	d.applied[i.id] = d.step
	return err // also an apply that failed may have worked
}

// A fresh item is refreshed, sends, and has no goroutine.
type freshItem struct{ item }

func (i *freshItem) Refresh(context.Context) error {
	leave, err := i.enter()
	defer leave()
	if err != nil {
		return err
	}
	d := i.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step++
	d.fresh[i.id] = d.step
	d.applied[i.id] = d.step // it counts as work
	return nil
}

func (i *freshItem) Sends() any {
	if i.disk == nil {
		return probeSends{}
	}
	i.disk.mu.Lock()
	defer i.disk.mu.Unlock()
	out := i.disk.sends[i.id]
	return probeSends{Out: &out}
}

func (i *freshItem) Subscribe(_ *watch.Hub, wake func()) (func(), error) {
	i.disk.mu.Lock()
	i.disk.wakes[i.id] = wake
	i.disk.mu.Unlock()
	wake()
	return func() {}, nil
}

// A live item takes new parameters in place, and is a member of a fresh one.
type liveItem struct{ item }

func (i *liveItem) Server() (kind, name string) {
	switch i.Text {
	case "text1":
		return "fresh", "i1"
	case "text2":
		return "fresh", "i6"
	}
	return "fresh", ""
}

// A slow item is a member of a live one.
type slowItem struct{ item }

func (i *slowItem) Server() (kind, name string) { return "live", "" }

func (i *liveItem) Update(next resource.Resource) bool {
	leave, _ := i.enter()
	defer leave()
	i.Text, i.Need = next.(*liveItem).Text, next.(*liveItem).Need
	return true
}

// A packItem is applied together with others of the same text.
type packItem struct{ item }

func (i *packItem) GroupKey() string {
	if i.Text == "text0" {
		return ""
	}
	return i.Text
}

func (i *packItem) Apply(ctx context.Context, changes []resource.Change) error {
	if i.GroupKey() == "" {
		return i.item.Apply(ctx, changes)
	}
	m := &resource.Member{Resource: i, Changes: changes}
	i.ApplyGroup(ctx, []*resource.Member{m})
	return m.Err
}

func (i *packItem) ApplyGroup(ctx context.Context, members []*resource.Member) {
	i.disk.occupy(i.GroupKey(), true)
	defer i.disk.occupy(i.GroupKey(), false)
	for _, m := range members {
		member := m.Resource.(*packItem)
		if member.GroupKey() != i.GroupKey() || len(m.Changes) == 0 {
			i.disk.note("%s is a member of a transaction of %s", member.id, i.GroupKey())
		}
		if m.Err = member.linger(ctx); m.Err == nil {
			m.Err = member.item.Apply(ctx, m.Changes)
		}
	}
}

// occupy notes that a group is being applied, or that this is over.
func (d *disk) occupy(group string, busy bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if busy && d.busy[group] {
		d.wrong = append(d.wrong, "two transactions of "+group+" at once")
	}
	d.busy[group] = busy
}

func (d *disk) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong = append(d.wrong, fmt.Sprintf(format, args...))
}
