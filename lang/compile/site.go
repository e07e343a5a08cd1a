package compile

import (
	"path"
	"strings"

	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// caught reports whether a call stands, at any depth, on the left of a <|>. The program is
// walked once, when this is first asked.
func (c *compiler) caught(x *syntax.CallExpr) bool {
	if c.caughtCalls == nil {
		c.caughtCalls = map[int32]bool{}
		for _, m := range c.prog.Modules {
			markCaught(m.Tree, c.caughtCalls)
		}
	}
	return c.caughtCalls[x.ID()]
}

// markCaught lists the calls below n that stand on the left of a <|>.
func markCaught(n syntax.Node, calls map[int32]bool) {
	syntax.Inspect(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryExpr:
			if n.Op == syntax.OpExcept {
				markCalls(n.X, calls)
				markCaught(n.Y, calls)
				return false
			}
		case *syntax.FieldExpr:
			if n.Default != nil { // x->field <|> default
				markCalls(n.X, calls)
				markCaught(n.Default, calls)
				return false
			}
		}
		return true
	})
}

// markCalls lists all calls in e.
func markCalls(e syntax.Expr, calls map[int32]bool) {
	syntax.Inspect(e, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok {
			calls[call.ID()] = true
		}
		return true
	})
}

// deployDir returns the directory of a module as a path from the root of the deploy, which
// is the directory of the main module. It ends in /.
func (c *compiler) deployDir(m *resolve.Module) string {
	root, dir := path.Join("/", c.prog.Main.Dir), path.Join("/", m.Dir)
	if dir == root {
		return "/"
	}
	inside, ok := strings.CutPrefix(dir, strings.TrimSuffix(root, "/")+"/")
	if !ok {
		return dir + "/" // fetched from elsewhere
	}
	return "/" + inside + "/"
}
