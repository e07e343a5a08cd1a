package file

import (
	"context"

	"mgmt/resource"
)

// Provides implements resource.Provider.
func (r *Resource) Provides() []resource.UID {
	return []resource.UID{resource.FileUID(r.effective())}
}

// Needs implements resource.Needer: the directory above and what is mounted there, what the
// content is taken from, and the accounts that own it.
func (r *Resource) Needs(context.Context) ([]resource.Need, error) {
	needs := resource.PathNeeds(r.effective())
	need := func(u resource.UID) { needs = append(needs, resource.Need{Of: u}) }
	for _, f := range r.Fragments {
		need(resource.FileUID(f))
	}
	if r.Source != "" && !r.Symlink {
		need(resource.FileUID(r.Source))
	}
	if r.State == absent {
		return needs, nil
	}
	if r.Owner != "" {
		need(resource.UserUID(r.Owner))
	}
	if r.Group != "" {
		need(resource.GroupUID(r.Group))
	}
	return needs, nil
}
