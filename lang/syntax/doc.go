// Package syntax turns the text of mcl programs into trees.
//
// A [Files] set holds the source texts; [Parse] makes one of them a [Tree] of
// statements ([Stmt]) and expressions ([Expr]), which are plain data. Each node
// knows its [Span]; comments are kept beside the tree. A mistake in the text
// does not end the parse: Parse returns what it could understand and every
// [Diagnostic] it has.
//
// Diagnostic is the type with which every later stage reports too: resolve,
// infer, compile, and the resources themselves. [Render] shows it with its source
// line and a caret.
//
// What names mean is the business of package resolve; what types expressions have,
// of package infer. Layout is the business of package format, which prints these
// trees. Start reading with tree.go, then parser.go.
package syntax
