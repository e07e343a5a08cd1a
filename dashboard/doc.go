// Package dashboard is the room from which people and tools look into a running agent: a local
// API, and a client of it.
//
// The API is HTTP with JSON over a unix socket in the agent's working directory. [Listen] makes
// the socket, for root and the user of the agent only; a [Server] answers; [Dial] returns a
// [Client]. The paths begin with the version of the API:
//
//	GET /v1/status   the state of the agent: counts, and the resources that are asked for
//	GET /v1/graph    all resources and edges
//	GET /v1/events   what happened, a record a line; with follow=1 also what happens
//	GET /v1/why      the causes of the last runs of a resource
//
// The state has one owner, the loop of the engine: a Server asks it and keeps nothing. What
// happened is read from the history, which a client can also read when no agent runs.
package dashboard
