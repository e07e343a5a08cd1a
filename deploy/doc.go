// Package deploy brings programs to the agents of a cluster, through the store that they share.
//
// A deploy is a program with all the files it needs, and the options it is to run with. It consists
// of:
//
//   - A [Manifest], which describes the deploy: its number, the front end and the hash of the tree
//     of files (package deploy/bundle), the options, who made it, and for which hosts.
//   - A [Record]: the text of the manifest and a signature of it (package deploy/sign), stored under
//     /deploy/<id>/payload. It never changes.
//   - A [Release], which says how far the deploy has been rolled out: to some hosts first, to all of
//     them, or withdrawn. It is stored under /deploy/<id>/release, changes, and is signed like a
//     record.
//   - The files, stored by content: the tree under /fs/deploy/<id>-<random>, the chunks under
//     /storage/{sha256}<hash>.
//
// A [State] is what an agent reports about itself: which deploy it runs, and how that is going. It is
// stored under /deployed/<host> for as long as the agent is alive.
//
// Deploys are numbered from 1. [Publish] takes the next number, unless somebody else took it first.
// Each agent has a [Follower], which runs the newest deploy that is meant for it. A follower trusts
// neither the store nor the network: if it was given keys to trust it accepts only what one of them
// has signed, and it never goes back to an older deploy unless the newer one was withdrawn.
//
// A deploy in steps is a [Rollout]: a pure state machine that is shown the states of the agents and
// says what to do next. [Drive] does it.
package deploy
