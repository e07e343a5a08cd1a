// Package paths has functions that read a path and follow its changes.
package paths

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
	"mgmt/watch"
)

// Source is the form of an event source in a table.
type Source = func(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error

// Follow returns a source that reads the path given as its argument, and again after
// every change there.
func Follow(read func(path string) (types.Value, error)) Source {
	return func(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
		path := string(args[0].(types.Str))
		if !strings.HasPrefix(path, "/") { // names no file, so there is nothing to watch
			emit(read(path))
			<-ctx.Done()
			return ctx.Err()
		}
		return Watch(ctx, call.Host, path, func() { emit(read(path)) })
	}
}

// Watch calls changed once it is listening, and again after each change of the
// path, until ctx ends.
func Watch(ctx context.Context, host *funcs.Host, path string, changed func()) error {
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

// Missing reports whether the error means that there is nothing at a path.
func Missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// Read returns the content of a file. That it is missing is a catchable error.
func Read(path string) (types.Value, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, types.Catchf("%q is no absolute path, so there is no such file", path)
	}
	info, err := os.Stat(path)
	if Missing(err) {
		return nil, types.Catch(err)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // reading a device or pipe might never end
		return nil, fmt.Errorf("%s is no regular file but a %s", path, describe(info.Mode()))
	}
	content, err := os.ReadFile(path)
	if Missing(err) {
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
