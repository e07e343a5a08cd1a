package startup_test

import (
	"runtime"
	"testing"

	"mgmt/internal/startup"
)

// during is computed while packages are initialized.
var during = runtime.GOMAXPROCS(0)

func TestDone(t *testing.T) {
	if during != 1 {
		t.Errorf("packages are initialized on %d processors, want 1", during)
	}
	runtime.GOMAXPROCS(1)
	startup.Done()
	if got := runtime.GOMAXPROCS(0); got == 1 && runtime.NumCPU() > 1 {
		t.Errorf("the program is left with one processor of %d", runtime.NumCPU())
	}
}
