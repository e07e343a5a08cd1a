package bundle

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// Extract writes the files into a directory, which they cannot leave.
func (b *Bundle) Extract(root *os.Root) error {
	made := map[string]bool{".": true}
	for _, f := range b.Tree {
		content, err := b.Content(f)
		if err != nil {
			return err
		}
		name := filepath.FromSlash(f.Path)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("unpacking %q: this system has no such name of a file", f.Path)
		}
		if dir := path.Dir(f.Path); !made[dir] {
			if err := root.MkdirAll(filepath.FromSlash(dir), 0o755); err != nil {
				return fmt.Errorf("unpacking %q: %w", f.Path, err)
			}
			made[dir] = true
		}
		if err := root.WriteFile(name, content, f.Mode()); err != nil {
			return fmt.Errorf("unpacking %q: %w", f.Path, err)
		}
	}
	return nil
}
