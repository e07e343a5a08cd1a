package deploy

import (
	"fmt"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
)

// A Record is a manifest as it is stored: signed, or not.
type Record struct {
	Manifest
	Signer string // who signed: the name in the file of trusted keys, or the fingerprint of the key
	text   []byte
}

// newRecord makes the record of a manifest. The signer may be nil.
func newRecord(m Manifest, signer *sign.Signer) (*Record, error) {
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("deploy %d cannot be made: %w", m.ID, err)
	}
	text, err := seal(m, manifestSpace, signer)
	if err != nil {
		return nil, fmt.Errorf("deploy %d cannot be made: %w", m.ID, err)
	}
	r := &Record{Manifest: m, text: text}
	if signer != nil {
		r.Signer = signer.Key()
	}
	return r, nil
}

// parseRecord reads the record that the store has for a number.
func parseRecord(id int64, text []byte, trust *sign.Trust) (*Record, error) {
	r := &Record{text: text}
	var err error
	if r.Signer, err = unseal(text, manifestSpace, trust, &r.Manifest); err == nil {
		err = r.Check()
	}
	if err == nil && r.ID != id {
		err = fmt.Errorf("it is deploy %d in the place of another one", r.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("deploy %d is refused: %w", id, err)
	}
	return r, nil
}

// digest names the record and all that is in it.
func (r *Record) digest() bundle.Hash { return bundle.Sum(r.text) }
