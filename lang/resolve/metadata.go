package resolve

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Metadata is the metadata.yaml of a module.
type Metadata struct {
	Main            string `yaml:"main"`            // entry file
	Files           string `yaml:"files"`           // directory of data files
	Path            string `yaml:"path"`            // directory of remote modules
	License         string `yaml:"license"`         // informational
	ParentPathBlock bool   `yaml:"parentpathblock"` // do not look in the paths of ancestors
}

// MetadataFile is the name of the file that describes a module.
const MetadataFile = "metadata.yaml"

// ParseMetadata reads a metadata.yaml. What is left out has its default.
func ParseMetadata(text []byte) (*Metadata, error) {
	m := &Metadata{Main: "main.mcl", Files: "files/"}
	if err := yaml.Unmarshal(text, m); err != nil {
		return nil, err
	}
	switch {
	case m.Main == "" || path.IsAbs(m.Main) || strings.HasSuffix(m.Main, "/"):
		return nil, fmt.Errorf("main is %q; it has to be the relative path of a file", m.Main)
	case !isDir(m.Files):
		return nil, fmt.Errorf("files is %q; it has to be a relative directory that ends in /", m.Files)
	case m.Path != "" && !isDir(m.Path):
		return nil, fmt.Errorf("path is %q; it has to be a relative directory that ends in /", m.Path)
	}
	return m, nil
}

func isDir(p string) bool { return !path.IsAbs(p) && strings.HasSuffix(p, "/") }

// entry returns the name of the file that a module starts with; m may be nil.
func (m *Metadata) entry() string {
	if m == nil {
		return "main.mcl"
	}
	return m.Main
}

// EntryFile returns the path of the file that a module directory starts with: what its
// metadata.yaml says, or main.mcl.
func EntryFile(src Source, dir string) (string, error) {
	text, err := src.ReadFile(path.Join(dir, MetadataFile))
	if errors.Is(err, fs.ErrNotExist) {
		return path.Join(dir, "main.mcl"), nil
	}
	if err != nil {
		return "", err
	}
	m, err := ParseMetadata(text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path.Join(dir, MetadataFile), err)
	}
	return path.Join(dir, m.Main), nil
}
