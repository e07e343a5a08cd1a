package world

// The keys that say how many servers a cluster should have, if agents run its servers. A store
// without a SizeKey is run by somebody else.
const (
	// SizeKey has the wanted number of servers. Any client of the store may change it.
	SizeKey = "/chooser/dynamicsize/idealclustersize"
	// ShutdownKey exists if a wanted number of 0 shuts the cluster down. It begins with SizeKey.
	ShutdownKey = SizeKey + "/allow_size_shutdown"
)
