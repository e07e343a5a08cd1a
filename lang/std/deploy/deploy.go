// Package stddeploy has the module deploy: the files that travel with the program.
//
// A path is written as an absolute one, but begins at the directory of the module in
// whose source the call stands.
package stddeploy

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module deploy.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "deploy",
		Doc:  "The files that travel with the program. A path begins with / and means: from the directory of the module in whose source the call stands.",
		Funcs: []*funcs.Function{
			{
				Name:   "abspath",
				Doc:    "Returns the path counted from the root of the deploy, in which ... is the directory above. The empty path stands for the directory of the module.",
				Sigs:   table.Sig("func(path str) str"),
				Impure: text(abspath),
			},
			{
				Name:   "readfile",
				Doc:    "Returns the content of a file of the module. That it is missing is an error.",
				Sigs:   table.Sig("func(filename str) str"),
				Impure: text(readFile), Travels: inModule,
			},
			{
				Name:   "readfileabs",
				Doc:    "Returns the content of a file by its path from the root of the deploy, as deploy.abspath returns it. That it is missing is an error.",
				Sigs:   table.Sig("func(filename str) str"),
				Impure: text(readFileAbs), Travels: fromRoot,
			},
			{
				Name:   "file_exists",
				Doc:    "Reports whether the module, or else the root of the deploy, has the file or directory.",
				Sigs:   table.Sig("func(filename str) bool"),
				Impure: fileExists, Travels: anywhere, Optional: true,
			},
			{
				Name:   "directory",
				Doc:    "Copies a directory of the module to the local disk, without what else is there, and returns the path of the copy. The path begins and ends with a slash.",
				Sigs:   table.Sig("func(directory str) str"),
				Impure: text(directory), Travels: inModule,
			},
			{
				Name:   "binary_path",
				Doc:    "Returns the path of the program that runs, without symbolic links.",
				Sigs:   table.Sig("func() str"),
				Impure: binaryPath,
			},
			{
				Name: "bootstrap_packages",
				Doc:  "Lists the packages that mgmt needs on a distribution, debian or fedora. Another one is an error.",
				Sigs: table.Sig("func(str) []str"),
				Pure: table.Try1(bootstrapPackages),
			},
		},
	}
}

// text makes f, which takes and returns a path or other string, a function of a table.
func text(f func(call *funcs.Call, path string) (string, error)) func(*funcs.Call, []types.Value) (types.Value, error) {
	return func(call *funcs.Call, args []types.Value) (types.Value, error) {
		out, err := f(call, string(args[0].(types.Str)))
		if err != nil {
			return nil, err
		}
		return types.Str(out), nil
	}
}

func abspath(call *funcs.Call, name string) (string, error) {
	if name == "" {
		return call.Dir, nil
	}
	if !strings.HasPrefix(name, "/") {
		return "", fmt.Errorf("path %q does not begin with /", name)
	}
	out := path.Join(call.Dir, name)
	if strings.HasSuffix(name, "/") && out != "/" {
		out += "/"
	}
	return out, nil
}

// within turns a path from the root of the deploy into a name within its files.
func within(abs string) string {
	return cmp.Or(strings.Trim(path.Clean("/"+abs), "/"), ".")
}

// These say which files calls read.

func inModule(dir, arg string) []string { return []string{within(path.Join(dir, arg))} }
func fromRoot(_, arg string) []string   { return []string{within(arg)} }
func anywhere(dir, arg string) []string { return []string{within(path.Join(dir, arg)), within(arg)} }

// inside turns a path from the root of the deploy into a name within its files.
func inside(call *funcs.Call, abs string) (fs.FS, string, error) {
	if call.Host == nil || call.Host.Files == nil {
		return nil, "", errors.New("no files travel with this program")
	}
	return call.Host.Files, within(abs), nil
}

func readFile(call *funcs.Call, name string) (string, error) {
	if name == "" {
		return "", errors.New("the path is empty")
	}
	abs, err := abspath(call, name)
	if err != nil {
		return "", err
	}
	return readFileAbs(call, abs)
}

func readFileAbs(call *funcs.Call, abs string) (string, error) {
	files, name, err := inside(call, abs)
	if err != nil {
		return "", err
	}
	content, err := fs.ReadFile(files, name)
	return string(content), err
}

func fileExists(call *funcs.Call, args []types.Value) (types.Value, error) {
	name := string(args[0].(types.Str))
	if !strings.HasPrefix(name, "/") {
		return nil, fmt.Errorf("path %q does not begin with /", name)
	}
	for _, abs := range []string{path.Join(call.Dir, name), name} {
		found, err := existsAbs(call, abs)
		if err != nil {
			return nil, err
		}
		if found {
			return types.Bool(true), nil
		}
	}
	return types.Bool(false), nil
}

func existsAbs(call *funcs.Call, abs string) (bool, error) {
	files, name, err := inside(call, abs)
	if err != nil {
		return false, err
	}
	_, err = fs.Stat(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func binaryPath(*funcs.Call, []types.Value) (types.Value, error) {
	name, err := os.Executable()
	if err == nil {
		name, err = filepath.EvalSymlinks(name)
	}
	if err != nil {
		return nil, err
	}
	return types.Str(name), nil
}

func bootstrapPackages(distro string) ([]string, error) {
	switch distro {
	case "debian":
		return []string{"libaugeas-dev", "libvirt-dev", "packagekit-tools"}, nil
	case "fedora":
		return []string{"augeas-devel", "libvirt-devel", "PackageKit"}, nil
	}
	return nil, fmt.Errorf("%q is neither debian nor fedora", distro)
}
