//go:build !linux

package stdsys

import (
	"context"
	"os"
	"runtime"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// hostname is the name at the time of the call: there is nothing to watch.
func hostname(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	emit(types.Str(name), nil)
	<-ctx.Done()
	return ctx.Err()
}

func cpuCount(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	emit(types.Int(runtime.NumCPU()), nil)
	<-ctx.Done()
	return ctx.Err()
}
