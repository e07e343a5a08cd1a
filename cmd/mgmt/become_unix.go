//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// become puts another program in the place of this one. It returns only if that fails.
func become(path string, args []string) error {
	err := syscall.Exec(path, append([]string{path}, args...), os.Environ())
	return fmt.Errorf("running %s: %w", path, err)
}
