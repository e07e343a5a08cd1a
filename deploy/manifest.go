package deploy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"mgmt/deploy/bundle"
)

// A Manifest says what a deploy is.
type Manifest struct {
	ID       int64  `json:"id"`
	Frontend string `json:"frontend"` // lang, yaml or empty

	// Main is the path, in the tree, of the file that the program begins with, and Modules those
	// of the directories of modules.
	Main    string      `json:"main,omitempty"`
	Modules []string    `json:"modules,omitempty"`
	Tree    bundle.Hash `json:"tree,omitzero"`
	Files   string      `json:"files,omitempty"` // the key under which the store has the tree
	Size    int64       `json:"size,omitempty"`  // bytes of all files
	// Chunks are those of the tree if there are fewChunks at most: who reads the tree reads
	// them along with it. What the files are, the tree alone says.
	Chunks []bundle.Hash `json:"chunks,omitempty"`

	Noop        bool `json:"noop,omitempty"`
	Sema        int  `json:"sema,omitempty"` // how many resources may run at once; 0 is unlimited
	NoAutoedges bool `json:"noautoedges,omitempty"`
	NoAutogroup bool `json:"noautogroup,omitempty"`

	// Secrets are those of the environment of who deployed it, by their names, sealed to hosts.
	Secrets map[string]string `json:"secrets,omitempty"`

	// Hosts are the patterns of the hosts that it is for; none is all.
	Hosts []string `json:"hosts,omitempty"`
	// Staged deploys run nowhere before a Release says where.
	Staged bool `json:"staged,omitempty"`
	// RevertAlone is for how many seconds an agent that loses the cluster, right after it took
	// the deploy, waits before it goes back to the one before; 0 is never.
	RevertAlone int `json:"revertalone,omitempty"`

	Commit  string    `json:"commit,omitempty"`  // the hash of the git commit
	Restore int64     `json:"restore,omitempty"` // the number of the deploy that it brings back
	By      string    `json:"by,omitempty"`      // user and host
	At      time.Time `json:"at"`
}

// Frontends are those that a deploy may be for.
var Frontends = []string{"lang", "yaml", "empty"}

// Check reports what is wrong with a manifest.
func (m *Manifest) Check() error {
	switch {
	case m.ID < 1:
		return fmt.Errorf("its number is %d; they begin with 1", m.ID)
	case !slices.Contains(Frontends, m.Frontend):
		return fmt.Errorf("it is for the front end %.40q, which this agent does not have", m.Frontend)
	case m.Sema < 0 || m.RevertAlone < 0 || m.Size < 0:
		return errors.New("it has a negative number")
	case m.Frontend == "empty":
		return nil
	case m.Tree == bundle.Hash{} || m.Files == "":
		return errors.New("it has no files")
	}
	for _, name := range append(slices.Clone(m.Modules), m.Main) {
		if err := bundle.CheckPath(name); err != nil {
			return err
		}
	}
	for _, p := range m.Hosts {
		if err := CheckPattern(p); err != nil {
			return err
		}
	}
	return nil
}

// For reports whether a deploy is for a host.
func (m *Manifest) For(host string) bool { return matches(host, m.Hosts) }
