// Package cluster lets agents form a cluster by themselves: the agents run the etcd servers that
// hold what they share, and nobody has to set anything up.
//
// # Words
//
// A host is an agent, known by its name. A server is the etcd process that an agent runs; a member
// is a server that belongs to the cluster, and a learner is a member that is still catching up and
// does not vote yet. A volunteer is a host that is willing to run a server; a nominee is one that
// has been told to. The leader is the host whose server currently leads the members; it decides who
// is nominated. The wanted size is how many members there should be. A quitter is a member whose
// host no longer volunteers.
//
// # How it works
//
// Hosts coordinate through keys of the store itself, below /_mgmt:
//
//	/volunteer/<host>   peer URLs; tied to the host's session, so that a dead host becomes a quitter
//	/nominated/<host>   peer URLs; written by the leader
//	/endpoints/<host>   client URLs of a member that votes; tied to the session too
//	/chooser/dynamicsize/idealclustersize   the wanted size; may be changed at any time
//	                    …/allow_size_shutdown   present if a wanted size of 0 may end the cluster
//
// The first host starts a cluster of one and nominates itself. Others are given the addresses of
// some members (seeds), connect as clients, and volunteer if others can reach the address at which
// their server would listen ([Node] has the details). The leader compares members, volunteers and
// the wanted size ([Choose], a pure function) and makes one change at a time. To grow, it nominates
// a host and adds it as a learner; that host starts its server, catches up, and is promoted by the
// leader. To shrink, it withdraws a nomination; that host removes its own member and stops its
// server, and if it does not, the leader removes the member instead. A host whose agent has died
// loses its session after ten seconds and is replaced in the same way.
//
// An agent that stops withdraws as a volunteer, hands over the lead, and waits until its nomination
// has been withdrawn. The last one stops with its data in place and starts from that data next
// time. The same happens when all agents were killed: each restarts the member whose data it has. A
// host that was removed in the meantime learns so from the others; it sets its old data aside and
// joins again.
//
// # The store
//
// The host that leads also looks after the store (tend.go, decided by upkeep.go): servers keep the
// history of five minutes, and when the files of one come near their quota, or the alarm of a full
// store is raised, it removes what nobody needs ([Tidier]), gives up all history, has the servers make
// their files smaller, one after the other and its own last, and ends the alarm when there is room. If
// that does not help it says who needs the room, and tries again after a while. A store that others
// run is left as it is.
//
// # Processes
//
// The etcd server runs in a process of its own, of the same binary (cluster/server is all of it).
// The agent starts it through [Command], and it ends when the agent does. In this way its use of
// memory and processor can be told apart from the agent's, and a crash of one does not take down
// the other. Tests run the server within their own process. Both ways are a [Launcher].
//
// An agent that is neither given seeds nor has the data of a cluster keeps what it shares in memory
// (world/mem) until its resources have settled for the first time; then it starts its server and
// moves the shared values there. An agent that has seeds or data shares nothing until it is
// connected: functions that read from the cluster wait, and everything else goes on.
//
// # Who gets in
//
// Whatever listens beyond the machine requires mutual TLS 1.3, with certificates of an authority
// that the first host makes (package cluster/pki). Loopback addresses and sockets are plain, and
// serve root, the user of the agent and those in LocalUsers; other plain addresses are refused unless
// Insecure allows them.
//
// Servers check what each client changes against the host in its certificate (cluster/server): a
// host may write its own /volunteer/ and /endpoints/ keys, but not those of others. /nominated/ and
// /chooser/ are open to every host of the cluster, because any member may come to lead, writes
// through any server while it does, and also cleans up after dead hosts; and a host that has the
// store on its disk has to be trusted with it anyway.
package cluster
