package resolve

import (
	"path"
	"strings"
)

// above stands for the directory above, where a path begins at the directory of the program: a path with
// ".." in it would be the same after cleaning as one without.
const above = "..."

// Place returns the path that a name within the files of a program leads to, relative to the directory of
// the program. That of a module beside the program begins with "..".
func Place(name string) string {
	up := ""
	for {
		rest, ok := strings.CutPrefix(name, above)
		if !ok || rest != "" && rest[0] != '/' {
			return up + name
		}
		up, name = up+"../", strings.TrimPrefix(rest, "/")
	}
}

// deployDir returns the path of a directory from the directory of the main module.
func (r *resolver) deployDir(dir string) string {
	rel, ok := relative(r.root, dir)
	if !ok {
		rel = strings.TrimPrefix(dir, "/")
	}
	if rel == "" {
		return "/"
	}
	return "/" + rel + "/"
}

// relative returns the name of a directory within the files of a program in root; both are clean. It is
// not known if one is absolute and the other is not, or from which directory they are seen.
func relative(root, dir string) (rel string, ok bool) {
	if path.IsAbs(root) != path.IsAbs(dir) {
		return "", false
	}
	from, to := elements(root), elements(dir)
	for len(from) > 0 && len(to) > 0 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	var out []string
	for _, e := range from {
		if e == ".." {
			return "", false
		}
		out = append(out, above)
	}
	for _, e := range to {
		if e == ".." {
			e = above
		}
		out = append(out, e)
	}
	return path.Join(out...), true
}

func elements(dir string) []string {
	if dir = strings.TrimPrefix(dir, "/"); dir == "" || dir == "." {
		return nil
	}
	return strings.Split(dir, "/")
}
