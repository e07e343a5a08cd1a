// Package watch has the event sources that all resources and functions of an agent
// share: one inotify instance serves every watched path.
package watch

// A Hub is the shared event source of an agent.
type Hub struct{}
