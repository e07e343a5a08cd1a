package mem

import (
	"testing"

	"mgmt/world"
	"mgmt/world/worldtest"
)

func TestConformance(t *testing.T) {
	worldtest.Run(t, func(_ *testing.T, hosts ...string) []world.World {
		s := New()
		var out []world.World
		for _, h := range hosts {
			out = append(out, s.Host(h))
		}
		return out
	})
}
