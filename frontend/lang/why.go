package lang

import (
	"strings"

	"mgmt/lang/flow"
	"mgmt/lang/types"
	"mgmt/resource"
)

// explain writes into the delta what it comes from.
func (v *version) explain(d *resource.Delta, old *version) {
	causes := v.causes
	v.causes = nil
	switch {
	case v.fresh && old != nil:
		d.Cause = &resource.Move{What: "the program changed"}
		return
	case v.fresh:
		d.Cause = &resource.Move{What: "the program was loaded"}
		return
	case len(causes) > 0:
		d.Cause = move(causes[len(causes)-1])
	}
	v.state.explain(d)
}

// explain names the causes of the resources in the delta. The commonest case, that all have
// the same one, costs a look at each.
func (c *collector) explain(d *resource.Delta) {
	moves := map[*flow.Cause]*resource.Move{}
	for _, s := range d.Set {
		cause := c.nodes[s.Key.ID].cause
		if cause == nil {
			continue
		}
		m := moves[cause]
		if m == nil {
			m = move(cause)
			moves[cause] = m
			if len(moves) == 1 {
				d.Cause = m
			}
		}
		if m != d.Cause {
			if d.Causes == nil {
				d.Causes = map[resource.Key]*resource.Move{}
			}
			d.Causes[s.Key] = m
		}
	}
}

func move(c *flow.Cause) *resource.Move {
	if c.Old.Mark() != nil || c.New.Mark() != nil {
		return &resource.Move{What: c.Label + " (secret)"}
	}
	return &resource.Move{What: c.Label, Old: resultText(c.Old), New: resultText(c.New)}
}

// maxText bounds the text of a value, in bytes.
const maxText = 60

func resultText(r flow.Result) string {
	switch {
	case r.Err() != nil:
		return shortened("error: " + r.Err().Error())
	case r.Value != nil:
		return types.Brief(r.Value, maxText)
	}
	return "pending"
}

func shortened(text string) string {
	if len(text) > maxText {
		return strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
