// Package cluster makes agents into a cluster, which needs nobody to set it up: the agents
// themselves run the etcd that they share.
//
// # Words
//
// A host is an agent, by its name. A server is the etcd that an agent runs; a member is a server
// that belongs to the cluster, and a learner is a member that catches up and does not vote yet.
// A volunteer is a host that would run a server, a nominee one that should. The leader is the
// host whose server leads the members at present: it decides who is nominated. The wanted size
// is how many members there are to be. A quitter is a member that does not volunteer any more.
//
// # How it works
//
// All is said through keys of the store itself, below /_mgmt:
//
//	/volunteer/<host>   peer URLs; hangs on the host's session, so that a dead host is a quitter
//	/nominated/<host>   peer URLs; written by the leader
//	/endpoints/<host>   client URLs of a member that votes; hangs on the session too
//	/chooser/dynamicsize/idealclustersize   the wanted size; may be changed at any time
//	                    …/allow_size_shutdown   is there if a wanted size of 0 ends the cluster
//
// The first host begins a cluster of one and nominates itself. Others come with the addresses of
// some member (seeds), connect as clients, and volunteer if their peers can reach them
// ([Node] says when). The leader compares members, volunteers and the wanted size ([Choose], a
// pure function) and makes one change at a time: it nominates a host and adds it as a learner;
// the host starts its server, catches up, and the leader promotes it. Or it takes a nomination
// back; the host removes its own member and stops its server, and if it does not, the leader
// removes the member for it. A host whose agent died loses its session after ten seconds, and so
// is replaced.
//
// An agent that stops takes its volunteering back, hands on the lead, and waits until it has been
// released. The last one stops with its data in place, and begins from it the next time. So do
// agents that all were killed: each starts the member whose data it has. One that was removed
// meanwhile is told so by the others; it puts its data aside and joins once more.
//
// # Processes
//
// etcd's server is a process of its own (cluster/server is all of it) that an agent starts
// through [Command] and that ends when the agent does: what it needs of memory and processor is
// then seen apart, and neither takes the other along. The program is the same. Tests run it in
// their process. Both are a [Launcher].
//
// A plain agent keeps what it shares in memory (world/mem) until it has settled for the first
// time; then it starts its server, and what it shares moves there. An agent that has data of a
// cluster, or seeds, shares nothing until it is connected: functions that ask the world wait,
// and all else goes on.
//
// # Who gets in
//
// What listens beyond the machine takes mutual TLS 1.3, with certificates of an authority that
// the first host makes (package cluster/pki). Addresses of the loopback interface and sockets
// are plain; other plain addresses are refused unless Insecure says so.
//
// Servers look at what each client changes, by the host in its certificate (cluster/server): a host
// writes its own /volunteer/ and /endpoints/, not those of others. /nominated/ and /chooser/ are
// open to all hosts of the cluster: any member may come to lead, a leader writes through any of them
// and also ends what a dead host has left, and who has the store on its disk is trusted with it.
package cluster
