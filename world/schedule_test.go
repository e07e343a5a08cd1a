package world

import (
	"strings"
	"testing"
)

func TestCheckOffer(t *testing.T) {
	for _, x := range []struct {
		host, namespace, strategy string
		want                      string
	}{
		{"a", "n", "", ""},
		{"a", "n", "alpha", ""},
		{"a", "", "", "without /"},
		{"a", "b/c", "", "without /"},
		{"a", "n", "best", `no scheduling strategy "best"`},
		{"a,b", "n", "", "without a comma"},
	} {
		err := CheckOffer(x.host, x.namespace, ScheduleOptions{Strategy: x.strategy})
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%q for %q with %q: %v, want %q", x.host, x.namespace, x.strategy, err, x.want)
		}
	}
}
