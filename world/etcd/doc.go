// Package etcd implements package world on an etcd cluster, as one of its clients.
//
// [New] returns the view of one agent; [World.Run] keeps that agent present in the cluster for as
// long as it runs. All keys are below the namespace /_mgmt (keys.go):
//
//	/strings/<key>                          values of the whole cluster
//	/strings/<namespace>/<host>             values of each host
//	/exported/<to>/<from>/<kind>/<name>     exported resources
//	/exporter/<from>/<to>/<kind>/<name>     an index of them, by which a host finds its own
//	/scheduler/hostname/<host>/<namespace>  offers, leased
//	/scheduler/schedule/<namespace>         the hosts that are picked
//	/scheduler/candidates/<place>           who may be elected to pick, leased
//	/scheduler/election/…                   who picks
//	/alive/<host>, /converged/<host>        that an agent runs, and that it has converged; leased
//	/fence/<host>                           what keeps out writes of an agent that come late
//
// It has three parts:
//
//   - A table (table.go) is the part of the store that somebody in the agent reads: one key, or
//     all keys below a prefix. It is listed once and then kept up to date by a single watch,
//     however many readers it has, and tells each reader which keys changed. So what an agent
//     receives over the network grows only with what changes, not with the number of readers or
//     with how much is stored.
//   - A session (session.go) is a lease and the keys that are tied to it. It is renewed all the
//     time; if it is lost nevertheless, it is replaced and its keys are written again.
//   - The scheduler (schedule.go, elect.go): hosts write offers, and one elected host picks.
//
// Readers see no error when the connection is lost: they keep the last values and receive
// whatever changed in the meantime when it is back. [World.Health] reports the state of the
// connection. Writers get an error after a while (writeTimeout), and may try again.
package etcd
