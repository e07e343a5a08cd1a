package dashboard

import (
	"fmt"
	"os"
)

// shorten returns a name of a directory that is short enough for the path of a socket, until
// done is called.
func shorten(dir string) (short string, done func(), err error) {
	if len(dir)+len(socketName) < maxPath {
		return dir, func() {}, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d", f.Fd()), func() { f.Close() }, nil
}
