package stdos

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/paths"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

func users() []*funcs.Function {
	return []*funcs.Function{
		{
			Name:   "expand_home",
			Doc:    "Replaces ~/ at the start by the home directory of the user that the agent runs as, and ~name/ by that of the named user. An unknown user is an error.",
			Sigs:   table.Sig("func(str) str"),
			Impure: impure(table.Try1(expandHome)),
		},
		{
			Name:   "home",
			Doc:    "Returns the home directory of the user, with a slash at its end. An unknown user is an error.",
			Sigs:   table.Sig("func(str) str"),
			Impure: impure(table.Try1(home)),
		},
		{
			Name: "uid",
			Doc:  "Returns the number of the user, as a string. An unknown user is an error.",
			Sigs: table.Sig("func(str) str"),
			Impure: impure(table.Try1(func(name string) (string, error) {
				u, err := user.Lookup(name)
				if err != nil {
					return "", err
				}
				return u.Uid, nil
			})),
		},
		{
			Name:   "user_exists",
			Doc:    "Reports whether /etc/passwd has the user. It follows changes.",
			Sigs:   table.Sig("func(user str) bool"),
			Source: userExists,
		},
	}
}

func home(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return withSlash(u.HomeDir), nil
}

func withSlash(dir string) string { return strings.TrimSuffix(dir, "/") + "/" }

func expandHome(path string) (string, error) {
	name, rest, ok := strings.Cut(path, "/")
	if !ok || !strings.HasPrefix(name, "~") {
		return path, nil
	}
	u, err := lookup(name[1:])
	if err != nil {
		return "", err
	}
	return withSlash(u.HomeDir) + rest, nil
}

// lookup returns the user with the name, or the present one if it is empty.
func lookup(name string) (*user.User, error) {
	if name == "" {
		return user.Current()
	}
	return user.Lookup(name)
}

func userExists(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	name := string(args[0].(types.Str))
	const path = "/etc/passwd"
	return paths.Watch(ctx, call.Host, path, func() {
		known, err := lists(path, name)
		if err != nil {
			emit(nil, err)
			return
		}
		emit(types.Bool(known), nil)
	})
}

// lists reports whether a line of the file begins with the name and a colon.
func lists(path, name string) (bool, error) {
	if name == "" {
		return false, nil
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if first, _, ok := strings.Cut(lines.Text(), ":"); ok && first == name {
			return true, nil
		}
	}
	return false, lines.Err()
}
