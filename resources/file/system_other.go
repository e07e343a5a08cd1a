//go:build !unix

package file

import (
	"errors"
	"io/fs"
	"os"
)

// A fileID cannot be told on this system.
type fileID struct{}

func idOf(fs.FileInfo) fileID                { return fileID{} }
func ownerOf(fs.FileInfo) (uid, gid int)     { return -1, -1 }
func openFile(path string) (*os.File, error) { return os.Open(path) }
func rename(oldPath, newPath string) error   { return os.Rename(oldPath, newPath) }
func isNotEmpty(error) bool                  { return false }
func explainSystem(err error) error          { return err }

var errNoSELinux = errors.New("this system has no SELinux")

func selinuxContext(string) (string, error)  { return "", errNoSELinux }
func setSELinuxContext(string, string) error { return errNoSELinux }
