// Package scale has tests that run many agents in one process: whole agents, with their front end
// and engine, and only resources that do nothing. A simulation has a fake clock and a store in
// memory; a loopback has the real clock and a real etcd.
//
// Both count what each agent asks of the store and what it is told, since that is what has to stay
// the same when the number of agents grows. docs/scale.md draws on the figures.
package scale
