package stdutil

import (
	"strings"
	"testing"

	"mgmt/lang/types"
)

func TestMapHostname(t *testing.T) {
	own := map[string]bool{"00:00:5e:00:53:01": true, "00:00:5e:00:53:02": true}
	for _, c := range []struct {
		names map[string]string
		want  string
	}{
		{nil, ""},
		{map[string]string{"00:00:5e:00:53:09": "other"}, ""},
		{map[string]string{"00:00:5e:00:53:01": "me", "00:00:5e:00:53:09": "other"}, "me"},
		{map[string]string{"00-00-5E-00-53-01": "me", "00:00:5e:00:53:02": "me"}, "me"},
		{map[string]string{"00:00:5e:00:53:01": "me", "00:00:5e:00:53:02": "you"}, "error: this machine has the addresses of both me and you"},
		{map[string]string{"zz": "me"}, ""},
	} {
		m, err := types.FromGo(c.names, types.MustParse("map{str: str}"))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if v, err := mapHostname(m.(*types.Map), own); err != nil {
			got = "error: " + err.Error()
		} else {
			got = v.String()
		}
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%v: got %q, want %q", c.names, got, c.want)
		}
	}
}
