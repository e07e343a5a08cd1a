package stdos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
	"mgmt/watch"
)

func files() []*funcs.Function {
	return []*funcs.Function{
		{
			Name:   "file_exists",
			Doc:    "Reports whether there is a file or directory at the path. It follows changes. That it may not be known is an error.",
			Sigs:   table.Sig("func(filename str) bool"),
			Source: follow(fileExists),
		},
		{
			Name:   "readfile",
			Doc:    "Returns the content of the file. It follows changes. That the file is missing is an error that <|> catches, until it appears; other failures are fatal.",
			Sigs:   table.Sig("func(filename str) str"),
			Source: follow(readFile),
		},
		{
			Name: "readfilewait",
			Doc:  "Returns the content of the file, and nothing while it is missing. It follows changes.",
			Sigs: table.Sig("func(filename str) str"),
			Source: follow(func(path string) (types.Value, error) {
				v, err := readFile(path)
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

// source is the form of an event source in a table.
type source = func(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error

// follow returns a source that reads the path given as its argument, and again after
// every change there.
func follow(read func(path string) (types.Value, error)) source {
	return func(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
		path := string(args[0].(types.Str))
		if !strings.HasPrefix(path, "/") { // names no file, so there is nothing to watch
			emit(read(path))
			<-ctx.Done()
			return ctx.Err()
		}
		return watchPath(ctx, call.Host, path, func() { emit(read(path)) })
	}
}

// watchPath calls changed once it is listening, and again after each change of the
// path, until ctx ends.
func watchPath(ctx context.Context, host *funcs.Host, path string, changed func()) error {
	wake := make(chan struct{}, 1)
	cancel, err := host.Watch.Path(path, watch.Options{Follow: true}, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return fmt.Errorf("watching %s: %w", path, err)
	}
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
			changed()
		}
	}
}

// missing reports whether the error means that there is nothing at a path.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func fileExists(path string) (types.Value, error) {
	if !strings.HasPrefix(path, "/") {
		return types.Bool(false), nil
	}
	_, err := os.Stat(path)
	if err != nil && !missing(err) {
		return nil, err
	}
	return types.Bool(err == nil), nil
}

func readFile(path string) (types.Value, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, types.Catchf("%q is no absolute path, so there is no such file", path)
	}
	info, err := os.Stat(path)
	if missing(err) {
		return nil, types.Catch(err)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // reading a device or pipe might never end
		return nil, fmt.Errorf("%s is no regular file but a %s", path, describe(info.Mode()))
	}
	content, err := os.ReadFile(path)
	if missing(err) {
		return nil, types.Catch(err)
	}
	if err != nil {
		return nil, err
	}
	return types.Str(content), nil
}

func describe(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeNamedPipe != 0:
		return "pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}
