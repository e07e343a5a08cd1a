package stdos

import (
	"context"
	"os"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/kernel"
	"mgmt/lang/types"
)

// modinfoLoaded looks at the list of modules whenever the kernel loads or removes one.
func modinfoLoaded(ctx context.Context, _ *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	module := string(args[0].(types.Str))
	return kernel.FollowEvents(ctx, "module", func() error {
		list, err := os.ReadFile("/proc/modules")
		if err != nil {
			return err
		}
		emit(types.Bool(listsModule(string(list), module)), nil)
		return nil
	})
}

// listsModule reports whether a line of the list begins with the name of the module, in
// which - and _ are the same.
func listsModule(list, module string) bool {
	module = strings.ReplaceAll(module, "-", "_")
	for line := range strings.Lines(list) {
		if name, _, _ := strings.Cut(line, " "); name == module {
			return true
		}
	}
	return false
}
