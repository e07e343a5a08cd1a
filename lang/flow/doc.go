// Package flow is the incremental engine that evaluates a compiled program.
//
// A [Graph] is a set of [Node]s. A node has a [Result], computed from those of its
// inputs: a value, an error, or nothing yet (pending). [Graph.Stabilize] takes in
// every event that has arrived and recomputes what depends on them:
//
//   - in the order of heights (a node is higher than its inputs), so that each node
//     is computed at most once with all its inputs settled: no result ever mixes old
//     and new inputs;
//   - stopping where a new result is the same as the old one (cut-off);
//   - only for nodes that are needed: a node is needed while an output or a needed
//     node depends on it. An event source runs while it is needed.
//
// Four kinds of nodes exist. [Graph.Map] computes a value. [Graph.Source] delivers
// values over time. [Graph.Dynamic] chooses, each time its fixed inputs change,
// which other nodes it depends on: that is how branches, loops and function values
// appear and vanish. [Graph.Cell] is set by the owner of a dynamic node. An
// [Output] stands at the end: it is what makes nodes needed, and the outputs that
// changed in a round are the delta which the round hands on.
//
// A graph belongs to one goroutine. Sources run in goroutines of their own and hand
// over what they emit through an inbox in which only the newest value of each source
// is kept.
//
// A value may have a mark, which says what in it is secret ([Marked]). Marks are passed on by
// whoever computes values; a source with marked arguments delivers marked values.
//
// The package knows values, not syntax: package compile decides what becomes a node.
package flow
