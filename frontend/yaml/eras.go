package yaml

import (
	"strings"

	"mgmt/resource"
)

// Files are written by generators, some of them older than the kinds. This file has what used
// to be and what it means; a kind that has a parameter of the same name comes first.

// oldKinds are former names of kinds.
var oldKinds = map[string]string{"service": "svc"}

// lookup returns the kind of a name, or nil. In edges, a kind was once written without the
// colons in its name.
func lookup(kinds *resource.Registry, name string) *resource.Kind {
	if strings.HasPrefix(name, "_") {
		return nil // the engine's own
	}
	if k := kinds.Lookup(name); k != nil {
		return k
	}
	return kinds.Lookup(oldKinds[name])
}

// withoutColons returns the kinds by their names without colons, where these differ.
func withoutColons(kinds *resource.Registry) map[string]string {
	out := map[string]string{}
	for _, name := range kinds.Names() {
		if short := strings.ReplaceAll(name, ":", ""); short != name && kinds.Lookup(short) == nil {
			out[short] = name
		}
	}
	return out
}

// A former parameter is one that a kind no longer has.
type former struct{ kind, param string }

// formerParams are parameters that became meta parameters, with the factor between their
// units, or that never had an effect.
var formerParams = map[former]struct {
	meta   string
	factor int64
}{
	{"exec", "state"}:   {},
	{"exec", "pollint"}: {"poll", 1},
	{"exec", "timeout"}: {"timeout", 1000},
}

// renamedParams are parameters that have another name in a program.
var renamedParams = map[former]string{
	{"hetzner:vm", "serverrescuesshkeys"}: "serverrescuekeys",
}

// fileExists reports whether a file without a state is to exist: in YAML, one that has
// content or is a directory always did.
func fileExists(kind *resource.Kind, e entry) bool {
	if kind.Name != "file" || e.body.get("state") != nil {
		return false
	}
	path := e.name
	if p := e.body.get("path"); p != nil {
		path = p
	}
	return e.body.get("content") != nil || e.body.get("source") != nil || e.body.get("fragments") != nil ||
		strings.HasSuffix(path.text, "/")
}
