// Package etcd implements package world on an etcd cluster, through a client of it.
//
// [New] makes the view that one agent has; [World.Run] keeps the agent present in the cluster
// for as long as it runs. All keys are below the namespace /_mgmt (keys.go):
//
//	/strings/<key>                          values of the whole cluster
//	/strings/<namespace>/<host>             values of each host
//	/exported/<to>/<from>/<kind>/<name>     exported resources
//	/exporter/<from>/<to>/<kind>/<name>     notes of them, by which a host finds its own
//	/scheduler/hostname/<host>/<namespace>  offers, leased
//	/scheduler/schedule/<namespace>         the hosts that are picked
//	/scheduler/candidates/<place>           who may be elected to pick, leased
//	/scheduler/election/…                   who picks
//	/alive/<host>, /converged/<host>        that an agent runs, and is settled; leased
//
// Three things carry it:
//
//   - A table (table.go) is the part of the store that somebody in the agent reads: one key, or
//     all below a prefix. It is listed once and then kept up to date by one watch, however many
//     read it, and hands each reader the keys that changed. So what an agent gets over the
//     network grows with what changes, and neither with its readers nor with what is stored.
//   - A session (session.go) is a lease and the keys that hang on it. It is renewed; when it was
//     lost all the same, it comes back with its keys.
//   - The scheduler (schedule.go, elect.go): hosts write offers, and one of them, elected, picks.
//
// A lost connection is no error to those who read: they keep the last values and get what
// changed meanwhile when the connection is back. [World.Health] says how it stands. Those who
// write get an error after a while (writeTimeout), and may try again.
package etcd
