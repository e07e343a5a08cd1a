//go:build !linux

package watch

import "os"

// newBackend returns an error: directories are looked at periodically.
func newBackend(*Hub) (backend, error) { return nil, errUnwatchable }

func isNotDir(error) bool { return false }

func limitHint(error) string { return "" }

// A fileID tells two files of one name apart, as far as that can be seen.
type fileID struct{ exists bool }

func idOf(os.FileInfo) fileID { return fileID{true} }

// RaiseLimits does nothing on this system.
func RaiseLimits() error { return nil }
