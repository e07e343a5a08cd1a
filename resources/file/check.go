package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"mgmt/resource"
)

// maxAttempts is how often a check starts over because the path changed under it.
const maxAttempts = 5

// errMoved says that the path is not what it was a moment ago.
var errMoved = errors.New("the path changed while it was looked at")

// Check lists what differs.
func (r *Resource) Check(ctx context.Context) ([]resource.Change, error) {
	for range maxAttempts {
		changes, err := r.look(ctx)
		if !errors.Is(err, errMoved) {
			return changes, explain(err)
		}
	}
	return nil, fmt.Errorf("%s keeps changing while it is looked at", r.path)
}

// Apply takes the steps that Check planned. When the path has changed since, everything is
// looked at again.
func (r *Resource) Apply(ctx context.Context, _ []resource.Change) error {
	for range maxAttempts {
		err := r.take(ctx)
		if !errors.Is(err, errMoved) {
			return explain(err)
		}
		if _, err := r.Check(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s keeps changing while it is repaired", r.path)
}

func (r *Resource) take(ctx context.Context) error {
	steps := r.steps
	r.steps = nil
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s(ctx); err != nil {
			return err
		}
	}
	return nil
}

// look compares the path with the parameters.
func (r *Resource) look(ctx context.Context) ([]resource.Change, error) {
	r.steps = nil
	info, err := os.Lstat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	l := &lookup{r: r, ctx: ctx, info: info}
	switch {
	case r.State == absent:
		err = l.absent()
	case r.Symlink:
		err = l.link()
	case r.dir:
		err = l.directory()
	default:
		err = l.file()
	}
	if err != nil {
		r.steps = nil
		return nil, err
	}
	return l.changes, nil
}

// A lookup is one comparison.
type lookup struct {
	r       *Resource
	ctx     context.Context
	info    fs.FileInfo // nil if nothing is there
	changes []resource.Change
}

// differ notes a difference and the step that removes it.
func (l *lookup) differ(c resource.Change, s step) {
	l.changes = append(l.changes, c)
	if s != nil {
		l.r.steps = append(l.r.steps, s)
	}
}

// typeName says what a path is.
func typeName(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	case m.IsRegular():
		return "file"
	}
	return "special file"
}

func (l *lookup) absent() error {
	l.leftover()
	switch {
	case l.r.Made != "":
		return l.unmade()
	case l.info == nil:
		return nil
	}
	path, dir := l.r.path, l.info.IsDir()
	l.differ(resource.Change{Param: "state", Note: "removed (" + typeName(l.info.Mode()) + ")"}, func(context.Context) error {
		if dir && l.r.Recurse {
			return os.RemoveAll(path)
		}
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if isNotEmpty(err) {
			return fmt.Errorf("%w; recurse => true removes it with all in it", err)
		}
		return err
	})
	return nil
}

// leftover removes what a killed agent had begun to write.
func (l *lookup) leftover() {
	temp := tempName(l.r.path)
	if _, err := os.Lstat(temp); err != nil {
		return
	}
	l.differ(resource.Change{Param: "state", Note: "removed (unfinished write)"}, func(context.Context) error { return os.RemoveAll(temp) })
}

// sweep does so once for each resource: writing replaces what was left, so it is of use only
// where nothing has to be written.
func (l *lookup) sweep() {
	if !l.r.swept {
		l.r.swept = true
		l.leftover()
	}
}

// wrongType handles something of another type at the path: it is removed if that is allowed.
// It returns whether something was there.
func (l *lookup) wrongType(want string) (bool, error) {
	if l.info == nil {
		return false, nil
	}
	have := typeName(l.info.Mode())
	if have == want {
		return false, nil
	}
	if !l.r.Force {
		return false, fmt.Errorf("%s is a %s, and a %s is wanted; force => true replaces it", l.r.path, have, want)
	}
	path := l.r.path
	l.differ(resource.Change{Param: "state", Note: "replaced (" + have + " by " + want + ")"}, func(context.Context) error {
		return os.RemoveAll(path)
	})
	l.info = nil
	return true, nil
}

func (l *lookup) link() error {
	r := l.r
	if r.State == "" && l.info == nil {
		return nil
	}
	replaced, err := l.wrongType("symbolic link")
	if err != nil {
		return err
	}
	target := ""
	if l.info != nil {
		if target, err = os.Readlink(r.path); err != nil {
			return moved(err)
		}
	}
	if r.State == exists && (l.info == nil || target != r.Source) {
		c := resource.Change{Param: "source", Old: target, New: r.Source}
		if l.info == nil && !replaced {
			c = resource.Change{Param: "state", Note: "created (link to " + r.Source + ")"}
		}
		l.differ(c, func(context.Context) error { return writeLink(r.path, r.Source) })
	} else {
		l.sweep()
	}
	return l.ownership(typeOfLink)
}

func (l *lookup) directory() error {
	r := l.r
	if _, err := l.wrongType("directory"); err != nil {
		return err
	}
	if l.info == nil {
		if r.State != exists {
			if len(l.changes) == 0 && r.Source == "" && r.Mode == "" && r.Owner == "" && r.Group == "" {
				return nil
			}
			return fmt.Errorf("%s/ does not exist; state => \"exists\" creates it", r.path)
		}
		if len(l.changes) == 0 {
			l.changes = append(l.changes, resource.Change{Param: "state", Note: "created (directory)"})
		}
		r.steps = append(r.steps, func(context.Context) error { return r.makeDir() })
	}
	if r.Source != "" || r.Purge {
		if err := l.mirror(); err != nil {
			return err
		}
	}
	return l.ownership(typeOfDir)
}

// file handles a regular file: its existence, content, ownership and mode. What has to be
// written is written together.
func (l *lookup) file() error {
	r := l.r
	replaced, err := l.wrongType("file")
	if err != nil {
		return err
	}
	if l.info == nil {
		return l.newFile(replaced)
	}
	want, err := r.wanted()
	if err != nil {
		return err
	}
	if want != nil {
		same, err := r.sameContent(l.ctx, l.info, want)
		if err != nil {
			return err
		}
		if !same {
			l.differ(r.contentChange(want, l.info), func(ctx context.Context) error {
				return r.write(ctx, want, l.info)
			})
			return l.ownership(typeOfFile)
		}
	}
	l.sweep()
	return l.ownership(typeOfFile)
}

// newFile plans a file where there is none.
func (l *lookup) newFile(replaced bool) error {
	r := l.r
	want, err := r.wanted()
	if err != nil {
		return err
	}
	if r.State != exists {
		if want == nil && r.Mode == "" && r.Owner == "" && r.Group == "" && !replaced {
			return nil
		}
		return fmt.Errorf("%s does not exist; state => \"exists\" creates it", r.path)
	}
	if want == nil {
		want = text("")
	}
	if !replaced {
		note := "created (" + want.describe() + ")"
		l.changes = append(l.changes, resource.Change{Param: "state", Note: note, Diff: want.diff(r.path)})
	}
	r.steps = append(r.steps, func(ctx context.Context) error { return r.write(ctx, want, nil) })
	if r.SELinux != nil {
		return l.selinux()
	}
	return nil
}

// moved turns the error of a path that was there a moment ago into errMoved.
func moved(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errMoved
	}
	return err
}

// names lists the entries of a directory by name.
func names(dir string) ([]fs.DirEntry, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int {
		switch {
		case a.Name() < b.Name():
			return -1
		case a.Name() > b.Name():
			return 1
		}
		return 0
	})
	return list, nil
}
