package exec

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"mgmt/resource"
)

// Needs implements resource.Needer: the programs that it runs and the packages that bring them,
// the accounts that they run as, the directories that they work in, and what is mounted there.
func (r *Resource) Needs(context.Context) ([]resource.Need, error) {
	var needs []resource.Need
	for _, c := range []struct{ text, shell, dir string }{
		{r.cmd(), r.Shell, r.Cwd},
		{r.WatchCmd, r.WatchShell, r.WatchCwd},
		{r.IfCmd, r.IfShell, r.IfCwd},
		{r.NifCmd, r.NifShell, r.NifCwd},
		{r.DoneCmd, r.DoneShell, r.DoneCwd},
	} {
		words := strings.Fields(c.text)
		if len(words) == 0 {
			continue
		}
		if c.shell != "" {
			needs = append(needs, programNeeds(c.shell)...)
		}
		if c.shell == "" || isPlainPath(words[0]) {
			needs = append(needs, programNeeds(words[0])...)
		}
		if strings.HasPrefix(c.dir, "/") {
			dir := resource.FileUID(c.dir + "/")
			needs = append(needs, resource.Need{Of: dir}, resource.Need{Of: resource.MountUID(c.dir), Up: true})
		}
	}
	if r.Creates != "" {
		needs = append(needs, resource.Need{Of: resource.MountUID(resource.Above(r.Creates)), Up: true})
	}
	if r.User != "" {
		needs = append(needs, resource.Need{Of: resource.UserUID(r.User)})
	}
	if r.Group != "" {
		needs = append(needs, resource.Need{Of: resource.GroupUID(r.Group)})
	}
	return needs, nil
}

// isPlainPath reports whether the first word of a command is a path to a shell as well: what
// comes first there may also be a variable, a parenthesis, or part of a longer word in quotes.
func isPlainPath(word string) bool {
	return strings.HasPrefix(word, "/") && !strings.ContainsAny(word, "$`\"'\\*?[]{}()<>|&;#~=")
}

// programNeeds are the needs of whoever runs a program. One without a path may come to lie
// anywhere in the PATH of the agent.
func programNeeds(program string) []resource.Need {
	if strings.HasPrefix(program, "/") {
		mount := resource.Need{Of: resource.MountUID(resource.Above(program)), Up: true}
		return []resource.Need{{Of: resource.PkgFileUID(program)}, {Of: resource.FileUID(program)}, mount}
	}
	if strings.Contains(program, "/") {
		return nil // relative to where nobody knows
	}
	var files, pkgs []resource.UID
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if strings.HasPrefix(dir, "/") {
			files = append(files, resource.FileUID(dir+"/"+program))
			pkgs = append(pkgs, resource.PkgFileUID(dir+"/"+program))
		}
	}
	if len(files) == 0 {
		return nil
	}
	return []resource.Need{{Of: pkgs[0], Else: pkgs[1:]}, {Of: files[0], Else: files[1:]}}
}
