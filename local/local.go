// Package local keeps what one agent remembers on its own machine, below its
// prefix: named values, numbers from pools, and directories for functions.
package local

// A Store is the local memory of one agent.
type Store struct{}
