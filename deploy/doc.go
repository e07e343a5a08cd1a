// Package deploy brings programs to the agents of a cluster, through the store that they share.
//
// A deploy is a program with all the files that it needs, and how it is to be run. Its parts:
//
//   - A [Manifest] says what a deploy is: its number, the front end and the hash of the tree of files
//     (package deploy/bundle), the options, who made it and for which hosts.
//   - A [Record] is the text of a manifest and a signature of it (package deploy/sign). It is what
//     the store has under /deploy/<id>/payload. It never changes.
//   - A [Release] says how far a deploy has come: to some hosts first, to all, or that it is withdrawn.
//     The store has it under /deploy/<id>/release. It changes, and is signed like a record.
//   - The files are in the store by content: the tree under /fs/deploy/<id>-<random>, the chunks under
//     /storage/{sha256}<hash>.
//   - A [State] is what an agent says of itself: which deploy it runs, and how that goes. The store
//     has it under /deployed/<host> for as long as the agent is alive.
//
// Deploys are numbered from 1. Whoever publishes ([Publish]) takes the next number, if nobody
// has been faster. An agent ([Follower]) runs the newest deploy that is meant for it. It believes
// neither store nor network: with keys to trust it takes only what one of them signed, and it does
// not go back to an older deploy, unless the newer one was withdrawn.
//
// Whoever deploys in steps has a [Rollout]: a pure state machine that is shown the states of the
// agents and says what to do next; [Drive] carries that out.
package deploy
