// Package engine makes a machine match a graph of resources and keeps it so.
//
// An [Engine] has one loop that owns the graph, the state of every vertex, the timers
// and the semaphores. The loop never blocks and does no I/O. It takes messages from a
// mailbox (a watch woke a vertex, a job is done, a timer fired, somebody calls) and
// hands out jobs to workers. A vertex has at most one job at a time, which is why no
// two methods of a resource ever run at once:
//
//	open    make the resource, tell it about the agent, start its watch
//	run     receive values, check, apply, refresh, send
//	update  take new parameters without a new watch
//	close   stop the watch, close the resource
//
// Vocabulary. A vertex is dirty when there is reason to run it. It holds its children
// while it is dirty, running, waiting for a retry, or failed; a vertex runs when it is
// dirty, listening, and none of its parents holds it. A vertex is failed when its last
// run failed and it has no retries left; it stays watched, and an event gives it one
// fresh attempt. A dirty vertex below a failed one is blocked. A vertex is settled when
// nothing is to be done for it: it is all right, failed, or blocked. The agent is
// converged when all vertices have been settled for the timeout.
//
// Resources of some kinds are applied together, such as the packages of one transaction:
// each is checked by itself, and those that differ queue until one job applies them all.
//
// Automatic edges follow from what resources say they need and provide. One that would close a
// cycle is left out until the cycle is gone.
//
// The files: loop.go is the loop and its mailbox, vertex.go what is known of a vertex,
// settle.go the rules above; delta.go, reshape.go and adopt.go take a change of the
// graph; steps.go begins jobs, job.go and instance.go do them, pool.go has the workers,
// finish.go draws the conclusions, and panic.go turns panics of kinds into errors. Retries, rate
// limits, semaphores, convergence and stopping have a file each: retry.go, limit.go, sema.go,
// converge.go, stop.go; flap.go slows down resources that are changed back again and again.
// Applying together is in group.go and transaction.go, undoing in undo.go, staying until realized
// in realize.go, and exporting to other hosts in export.go. Automatic edges are in automatic.go,
// those between members and their servers in member.go. snapshot.go, event.go, cause.go and
// tally.go are what others get to see.
package engine
