package startup_test

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

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

// growth returns by how many percent the heap grows before it is collected.
func growth() uint64 {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

func TestFirstCollectionComesLater(t *testing.T) {
	t.Setenv("GOGC", "")
	startup.Done()
	if got := growth(); got <= 100 {
		t.Fatalf("before the first collection the heap grows by %d %%, as usual", got)
	}
	runtime.GC()
	for deadline := time.Now().Add(30 * time.Second); growth() != 100; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after the first collection the heap grows by %d %%, want 100", growth())
		}
	}
}

func TestUserSaysWhenToCollect(t *testing.T) {
	before := growth()
	t.Setenv("GOGC", "50")
	startup.Done()
	if got := growth(); got != before {
		t.Errorf("the heap grows by %d %%, want %d, as before", got, before)
	}
}
