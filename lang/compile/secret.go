package compile

import (
	"mgmt/lang/flow"
	"mgmt/lang/types"
)

// What is secret follows values: the result of a function is secret if an argument is, with
// more precise rules where a collection is put together or taken apart. It does not follow
// control: which branch a condition chooses tells something of the condition, but the value of
// the branch is marked only if it is a secret itself.

// elementwise is the rule of list and struct literals: each element has its own mark.
func elementwise(_ []types.Value, marks []*types.Mark, _ types.Value) *types.Mark {
	return types.MarkParts(marks)
}

// mapped is the rule of map literals, whose arguments are keys and values by turns. With a
// secret key the whole map is secret.
func mapped(args []types.Value, marks []*types.Mark, result types.Value) *types.Mark {
	m := result.(*types.Map)
	parts := make([]*types.Mark, m.Len())
	for i := 0; i < len(args); i += 2 {
		if marks[i] != nil {
			return types.Derived(marks...)
		}
		if at, ok := m.Index(args[i]); ok {
			parts[at] = marks[i+1] // of equal keys the last one counts
		}
	}
	return types.MarkParts(parts)
}

// indexed is the rule of collection[index].
func indexed(args []types.Value, marks []*types.Mark, _ types.Value) *types.Mark {
	if marks[1] != nil {
		return types.Derived(marks...)
	}
	switch c := args[0].(type) {
	case *types.List:
		return marks[0].Part(int(args[1].(types.Int)))
	case *types.Map:
		if i, ok := c.Index(args[1]); ok {
			return marks[0].Part(i)
		}
	}
	return types.Derived(marks...)
}

// markOf returns the mark of a function value that closed over the nodes and the frame.
func markOf(inputs []*flow.Node, fr *frame) *types.Mark {
	var mark *types.Mark
	for _, n := range inputs {
		mark = types.Derived(mark, n.Result().Mark())
	}
	for ; fr != nil; fr = fr.parent {
		for _, r := range fr.slots {
			mark = types.Derived(mark, r.Mark())
		}
	}
	return mark
}

// joined adds a mark to a result. An error may quote what is marked.
func joined(r flow.Result, mark *types.Mark) flow.Result {
	switch {
	case mark == nil:
	case r.Err() != nil:
		return flow.Fail(hideError(r.Err()))
	case r.Value != nil:
		return flow.Marked(r.Value, types.Derived(r.Mark(), mark))
	}
	return r
}

// hideError hides the text of an error but not its place.
func hideError(err error) error {
	if e, ok := err.(*Error); ok {
		return &Error{e.Span, types.HideError(e.Err)}
	}
	return types.HideError(err)
}

// hiddenMessage returns what a panic says in place of a secret.
func hiddenMessage(v types.Value) types.Value {
	if text, ok := v.(types.Str); ok && text != "" {
		return types.Str("(the message is secret)")
	}
	return v
}
