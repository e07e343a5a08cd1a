package langtest

import (
	"testing"

	"mgmt/lang/funcs"
)

// Function returns a function of a module by its name.
func Function(t testing.TB, m *funcs.Module, name string) *funcs.Function {
	t.Helper()
	for _, f := range m.Funcs {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("module %q has no function %s", m.Path, name)
	return nil
}
