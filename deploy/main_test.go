package deploy

import (
	"os"
	"testing"

	"mgmt/deploy/bundle"
)

// TestMain packs and unpacks something first: what compresses is made when it is first used, and
// then belongs to the bubble of the test that happens to be the first.
func TestMain(m *testing.M) {
	var b bundle.Builder
	err := b.Add("file", []byte("text"), false)
	if err == nil {
		var files *bundle.Bundle
		if files, err = b.Bundle(); err == nil {
			_, err = files.FS()
		}
		if err == nil {
			_, err = bundle.Unpack(files.Tree.Pack(), files.Tree.Hash(), bundle.DefaultLimits)
		}
	}
	if err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
