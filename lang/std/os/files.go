package stdos

import (
	"os"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/paths"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

func files() []*funcs.Function {
	return []*funcs.Function{
		{
			Name:   "file_exists",
			Doc:    "Reports whether there is a file or directory at the path. It follows changes. That it may not be known is an error.",
			Sigs:   table.Sig("func(filename str) bool"),
			Source: paths.Follow(fileExists),
		},
		{
			Name:   "readfile",
			Doc:    "Returns the content of the file. It follows changes. That the file is missing is an error that <|> catches, until it appears; other failures are fatal.",
			Sigs:   table.Sig("func(filename str) str"),
			Source: paths.Follow(paths.Read),
		},
		{
			Name: "readfilewait",
			Doc:  "Returns the content of the file, and nothing while it is missing. It follows changes.",
			Sigs: table.Sig("func(filename str) str"),
			Source: paths.Follow(func(path string) (types.Value, error) {
				v, err := paths.Read(path)
				if types.Catchable(err) {
					return types.Str(""), nil
				}
				return v, err
			}),
		},
		{
			Name:   "modinfo_loaded",
			Doc:    "Reports whether the kernel module is loaded. It follows changes.",
			Sigs:   table.Sig("func(module str) bool"),
			Source: modinfoLoaded,
		},
	}
}

func fileExists(path string) (types.Value, error) {
	if !strings.HasPrefix(path, "/") {
		return types.Bool(false), nil
	}
	_, err := os.Stat(path)
	if err != nil && !paths.Missing(err) {
		return nil, err
	}
	return types.Bool(err == nil), nil
}
