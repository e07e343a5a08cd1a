//go:build !unix

package mgmt

import "os"

// lockFile does nothing: agents run on unix systems.
func lockFile(*os.File) error { return nil }
