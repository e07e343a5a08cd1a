//go:build !linux

package dashboard

import "fmt"

// shorten returns an error if the name of a directory is too long for the path of a socket.
func shorten(dir string) (short string, done func(), err error) {
	if len(dir)+len(socketName) >= maxPath {
		return "", nil, fmt.Errorf("the path of the working directory is too long for a socket in it: %s", dir)
	}
	return dir, func() {}, nil
}
