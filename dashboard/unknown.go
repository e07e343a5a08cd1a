package dashboard

import (
	"fmt"
	"strings"

	"mgmt/history"
	"mgmt/lang/syntax"
)

// Unknown returns the error of a question about a resource that is none of those known, with
// the one that may have been meant.
func Unknown(ref history.Ref, known []history.Ref) error {
	if len(known) == 0 {
		return fmt.Errorf("there is no resource %s; there are none at all", ref)
	}
	kinds, names := map[string]bool{}, []string{}
	for _, k := range known {
		kinds[k.Kind] = true
		if strings.EqualFold(k.Kind, ref.Kind) {
			names = append(names, k.Name)
		}
	}
	if len(names) > 0 {
		if near := syntax.Suggest(ref.Name, names); near != "" {
			return fmt.Errorf("there is no resource %s; did you mean %s[%s]?", ref, strings.ToLower(ref.Kind), near)
		}
		return fmt.Errorf("there is no resource %s", ref)
	}
	for _, k := range known { // perhaps the kind is another one
		if k.Name == ref.Name {
			return fmt.Errorf("there is no resource %s; did you mean %s?", ref, k)
		}
	}
	var all []string
	for kind := range kinds {
		all = append(all, kind)
	}
	if near := syntax.Suggest(strings.ToLower(ref.Kind), all); near != "" {
		return fmt.Errorf("there is no resource %s; did you mean the kind %s?", ref, near)
	}
	return fmt.Errorf("there is no resource %s, and none of that kind", ref)
}
