package panic_test

import (
	"strings"
	"testing"

	"mgmt/resources/panic"
)

func TestPanic(t *testing.T) {
	r := panic.Kind.New()
	if changes, err := r.Check(t.Context()); r.Validate() != nil || len(changes) > 0 || err != nil {
		t.Errorf("Check: %v, %v; it is always right", changes, err)
	}
	if len(panic.Kind.Params()) > 0 {
		t.Errorf("it has parameters: %v", panic.Kind.Params())
	}
	if !strings.HasPrefix(panic.Kind.Name, "_") {
		t.Errorf("programs could write the kind %s", panic.Kind.Name)
	}
}
