// Package file has the kind file: one file, directory or symbolic link.
//
// [Resource.Check] looks at the path with lstat and, when what it sees has changed since the
// last look, at the content. It lists what differs and plans a step for each difference;
// [Resource.Apply] takes these steps. A file is never written in place: its new content goes
// to a temporary file beside it, which gets owner and mode and is then renamed over it, so
// nobody ever sees half of it. Links are not followed at the end of a path.
//
// The files: file.go has the parameters, check.go the order of things, content.go reading and
// comparing, write.go writing, tree.go directories, owner.go and mode.go what their names say,
// edges.go what a file needs, index.go the paths that file resources manage, reverse.go how to
// undo.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mgmt/resource"
	"mgmt/watch"
)

// Kind is the kind file.
var Kind = &resource.Kind{
	Name: "file",
	Doc: "Manages one file, directory or symbolic link. A path that ends in / is a directory. Files are replaced as a whole: " +
		"nobody ever sees half of the new content, and owner and mode stay as they are unless they are given.",
	New: func() resource.Resource { return &Resource{} },
}

// Values of the parameter state.
const (
	exists = "exists"
	absent = "absent"
)

// Resource is a file, directory or symbolic link.
type Resource struct {
	Path      string   `mgmt:"path" doc:"Absolute path; the default is the name of the resource. One that ends in / is a directory."`
	Dirname   string   `mgmt:"dirname" doc:"Replaces the directory part of the path; ends in /."`
	Basename  string   `mgmt:"basename" doc:"Replaces the last part of the path."`
	State     string   `mgmt:"state" doc:"exists, absent, or empty, which neither creates nor removes."`
	Content   *string  `mgmt:"content" doc:"The content of the file."`
	Source    string   `mgmt:"source" doc:"A file or directory (which ends in /) to copy; for a symbolic link its target."`
	Fragments []string `mgmt:"fragments" doc:"Files, or directories whose files are taken by name, that are put together to the content."`
	Owner     string   `mgmt:"owner" doc:"User name or number."`
	Group     string   `mgmt:"group" doc:"Group name or number."`
	Mode      string   `mgmt:"mode" doc:"Octal, such as 0644, or symbolic, such as u=rw,go=r, which leaves out subjects as they are."`
	Recurse   bool     `mgmt:"recurse" doc:"Copy a whole directory; make missing parents of a directory; remove a directory with all in it."`
	Force     bool     `mgmt:"force" doc:"Replace what is of another type: a directory by a file, a link by a directory, and so on."`
	Purge     bool     `mgmt:"purge" doc:"Remove what is in the directory and managed by no file resource."`
	Symlink   bool     `mgmt:"symlink" doc:"Make a symbolic link whose target is source."`
	SELinux   *string  `mgmt:"selinux" doc:"SELinux context; empty removes it."`
	Made      string   `mgmt:"_made" doc:"The topmost of the directories that were made for this one. They are removed as far as they are empty."`

	name string // of the resource
	env  *resource.Env
	path string // effective, without a final /
	dir  bool   // the path is a directory
	mode *modeSpec

	index *index
	known known // what the last comparison of the content found
	steps []step
	swept bool // an unfinished write of an earlier agent was looked for
}

// A step removes one difference.
type step func(ctx context.Context) error

// SetName implements resource.Named.
func (r *Resource) SetName(name string) { r.name = name }

// effective returns the path that the parameters add up to.
func (r *Resource) effective() string {
	path := r.Path
	if path == "" {
		path = r.name
	}
	tail := ""
	if strings.HasSuffix(path, "/") {
		tail = "/"
	}
	dir, base := filepath.Split(strings.TrimSuffix(path, "/"))
	if r.Dirname != "" {
		dir = r.Dirname
	}
	if r.Basename != "" {
		base, tail = r.Basename, ""
		if strings.HasSuffix(base, "/") {
			tail = "/"
		}
	}
	path = filepath.Clean(dir + "/" + base)
	if path == "/" {
		return path
	}
	return path + tail
}

// Equal compares what the resources want, in effect.
func (r *Resource) Equal(other resource.Resource) bool {
	o := other.(*Resource)
	return r.effective() == o.effective() && r.State == o.State && equalText(r.Content, o.Content) && r.Source == o.Source &&
		strings.Join(r.Fragments, "\x00") == strings.Join(o.Fragments, "\x00") && r.Owner == o.Owner && r.Group == o.Group &&
		r.Mode == o.Mode && r.Recurse == o.Recurse && r.Force == o.Force && r.Purge == o.Purge && r.Symlink == o.Symlink &&
		equalText(r.SELinux, o.SELinux) && r.Made == o.Made
}

func equalText(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

func paramError(param, format string, args ...any) error {
	return &resource.ParamError{Param: param, Err: fmt.Errorf(format, args...)}
}

// Validate checks the parameters, each and together.
func (r *Resource) Validate() error {
	path := r.Path
	if path == "" {
		path = r.name
	}
	switch {
	case path == "":
		return paramError("path", "is empty")
	case !strings.HasPrefix(path, "/") && r.Dirname == "":
		return paramError("path", "%q is no absolute path", path)
	case strings.ContainsRune(path, 0):
		return paramError("path", "%q has a NUL byte in it", path)
	case r.Dirname != "" && (!strings.HasPrefix(r.Dirname, "/") || !strings.HasSuffix(r.Dirname, "/")):
		return paramError("dirname", "%q has to be absolute and end in /", r.Dirname)
	case strings.HasPrefix(r.Basename, "/"):
		return paramError("basename", "%q may not begin with /", r.Basename)
	case r.State != "" && r.State != exists && r.State != absent:
		return paramError("state", "is %q; it can be %q, %q or empty", r.State, exists, absent)
	}
	if base := filepath.Base(r.effective()); len(base) > 255 {
		return paramError("path", "the last part is %d bytes long; file systems take 255", len(base))
	}
	r.prepare()
	if err := r.validateContent(); err != nil {
		return err
	}
	if r.Mode != "" {
		m, err := parseMode(r.Mode)
		if err != nil {
			return paramError("mode", "%w", err)
		}
		r.mode = &m
	}
	return nil
}

// prepare works out the effective path.
func (r *Resource) prepare() {
	path := r.effective()
	r.dir = strings.HasSuffix(path, "/")
	r.path = strings.TrimSuffix(path, "/")
	if r.path == "" {
		r.path = "/"
	}
}

func (r *Resource) validateContent() error {
	given := 0
	for _, g := range []bool{r.Content != nil, r.Source != "", len(r.Fragments) > 0} {
		if g {
			given++
		}
	}
	sourceDir := strings.HasSuffix(r.Source, "/")
	switch {
	case given > 1:
		return errors.New("only one of content, source and fragments can be given")
	case r.Symlink && (r.Content != nil || len(r.Fragments) > 0 || r.Recurse || r.Purge):
		return paramError("symlink", "goes with none of content, fragments, recurse and purge")
	case r.Symlink && r.State == exists && r.Source == "":
		return paramError("source", "has to name the target of the link")
	case r.State == absent && (given > 0 && !r.Symlink || r.SELinux != nil):
		return paramError("state", "is absent, which goes with none of content, source, fragments and selinux")
	case r.path == "/" && r.State == absent:
		return paramError("state", "the root directory cannot be removed")
	case r.dir && (r.Content != nil || len(r.Fragments) > 0 || r.Symlink):
		return errors.New("the path ends in /, so it is a directory, which has no content, fragments, or target")
	case r.Purge && (r.Content != nil || len(r.Fragments) > 0):
		return paramError("purge", "goes with directories only")
	case r.Purge && !r.Recurse:
		return paramError("purge", "needs recurse")
	}
	if r.Source != "" && !r.Symlink {
		switch {
		case !strings.HasPrefix(r.Source, "/"):
			return paramError("source", "%q is no absolute path", r.Source)
		case sourceDir != r.dir:
			return paramError("source", "source and path have to be both files, or both directories, which end in /")
		case sourceDir && !r.Recurse:
			return paramError("source", "is a directory, which needs recurse")
		case !sourceDir && r.Recurse:
			return paramError("recurse", "goes with directories only")
		}
	}
	return r.validateFragments()
}

func (r *Resource) validateFragments() error {
	for _, f := range r.Fragments {
		switch {
		case !strings.HasPrefix(f, "/"):
			return paramError("fragments", "%q is no absolute path", f)
		case strings.HasSuffix(f, "/") && strings.HasPrefix(r.path, f):
			return paramError("fragments", "the path lies in the directory %q, so the file would contain itself", f)
		}
	}
	return nil
}

// Open implements resource.Opener.
func (r *Resource) Open(env *resource.Env) error {
	r.env = env
	r.index = sharedIndex(env.Shared)
	return nil
}

// Close implements resource.Opener.
func (r *Resource) Close() error { return nil }

// Declare makes the path known to the other file resources of the agent.
func (r *Resource) Declare(shared func(key any, make func() any) any, enter bool) {
	if enter {
		sharedIndex(shared).add(r.path)
	} else {
		sharedIndex(shared).remove(r.path)
	}
}

// Update takes other parameters for the same path.
func (r *Resource) Update(next resource.Resource) bool {
	n := next.(*Resource)
	if n.effective() != r.effective() || n.Source != r.Source || n.Recurse != r.Recurse ||
		strings.Join(n.Fragments, "\x00") != strings.Join(r.Fragments, "\x00") {
		return false
	}
	resource.CopyParams(r, n)
	r.mode, r.name = n.mode, n.name
	r.known = known{}
	return true
}

// Subscribe implements resource.Subscriber.
func (r *Resource) Subscribe(hub *watch.Hub, wake func()) (func(), error) {
	var cancels []func()
	cancel := func() {
		for _, c := range cancels {
			c()
		}
	}
	add := func(path string, opts watch.Options) error {
		c, err := hub.Path(path, opts, wake)
		if err != nil {
			cancel()
			return fmt.Errorf("watching %s: %w", path, err)
		}
		cancels = append(cancels, c)
		return nil
	}
	if err := add(r.path, watch.Options{Recursive: r.dir && r.Recurse && (r.Source != "" || r.Purge)}); err != nil {
		return nil, err
	}
	if r.Source != "" && !r.Symlink {
		if err := add(r.Source, watch.Options{Follow: true, Recursive: strings.HasSuffix(r.Source, "/")}); err != nil {
			return nil, err
		}
	}
	for _, f := range r.Fragments {
		if err := add(f, watch.Options{Follow: true}); err != nil {
			return nil, err
		}
	}
	if len(cancels) == 1 {
		return cancels[0], nil
	}
	return cancel, nil
}

// Watch implements resource.Resource for those who have no hub.
func (r *Resource) Watch(ctx context.Context, wake func()) error {
	cancel, err := r.Subscribe(r.env.Hub, wake)
	if err != nil {
		return err
	}
	defer cancel()
	<-ctx.Done()
	return nil
}

// explain adds what to do to errors that people meet.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
		return fmt.Errorf("%w; the agent does not run as root", err)
	}
	return explainSystem(err)
}
