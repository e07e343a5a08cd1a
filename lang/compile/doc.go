// Package compile turns a checked program into a running flow graph.
//
// [Start] instantiates a program: each live expression becomes a term. A term is
// code, a Go closure that yields a result, and the flow nodes that the code reads. A
// term whose parts are all known is static: it is computed once, on the spot. Terms
// are fused: a node is made only where change can enter (an event source), where a
// value is used more than once, or where the graph may branch while running.
//
// An environment (env) holds what the names of one scope are bound to: one
// environment a module, one an include, one a branch, one a turn of a loop. Names are
// bound to terms when they are first asked for, so what nobody uses is never made.
//
// Functions are compiled in one of two ways. A pure function, one in whose body no
// event source can start, becomes code over a frame of arguments, compiled once
// however often it is called. Any other is instantiated at each call, as a class is
// at each include.
//
// Each statement that yields resources or edges becomes an output of the flow graph
// with a [Contribution] as payload. What these mean to the engine is the business of
// package frontend/lang.
package compile
