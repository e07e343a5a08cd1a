package stddeploy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"mgmt/lang/funcs"
)

// directory copies a directory of the module. The copies of all deploys stay: a
// resource that still runs may use one.
func directory(call *funcs.Call, name string) (string, error) {
	if !strings.HasPrefix(name, "/") || !strings.HasSuffix(name, "/") {
		return "", fmt.Errorf("path %q does not begin and end with /", name)
	}
	abs, err := abspath(call, name)
	if err != nil {
		return "", err
	}
	files, from, err := inside(call, abs)
	if err != nil {
		return "", err
	}
	if info, err := fs.Stat(files, from); err != nil {
		return "", err
	} else if !info.IsDir() {
		return "", fmt.Errorf("%s is no directory", abs)
	}
	to, err := call.Host.Local.VarDir(path.Join("directory", abs))
	if err != nil {
		return "", err
	}
	if err := mirror(files, from, to); err != nil {
		return "", fmt.Errorf("copying %s to %s: %w", abs, to, err)
	}
	return strings.TrimSuffix(to, "/") + "/", nil
}

// mirror makes the directory to on disk the same as the directory from.
func mirror(files fs.FS, from, to string) error {
	wanted, err := fs.ReadDir(files, from)
	if err != nil {
		return err
	}
	if err := clean(to, wanted); err != nil {
		return err
	}
	for _, entry := range wanted {
		src, dst := path.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		if entry.IsDir() {
			if err := os.MkdirAll(dst, 0o755); err != nil {
				return err
			}
			if err := mirror(files, src, dst); err != nil {
				return err
			}
			continue
		}
		if err := copyFile(files, src, dst); err != nil {
			return err
		}
	}
	return nil
}

// clean removes from a directory what is not wanted, or wanted as something else.
func clean(dir string, wanted []fs.DirEntry) error {
	kinds := make(map[string]bool, len(wanted))
	for _, entry := range wanted {
		kinds[entry.Name()] = entry.IsDir()
	}
	present, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range present {
		isDir, ok := kinds[entry.Name()]
		if ok && isDir == entry.IsDir() && (isDir || entry.Type().IsRegular()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// copyFile writes a file in one step, so that nobody sees half of it.
func copyFile(files fs.FS, from, to string) error {
	content, err := fs.ReadFile(files, from)
	if err != nil {
		return err
	}
	if present, err := os.ReadFile(to); err == nil && bytes.Equal(present, content) {
		return nil
	}
	temp, err := os.CreateTemp(filepath.Dir(to), ".mgmt-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if err := errors.Join(err, temp.Chmod(0o644), temp.Close()); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return os.Rename(temp.Name(), to)
}
