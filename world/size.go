package world

// The keys of how large a cluster is to be whose servers agents run. Where there is no SizeKey, there
// is no such cluster.
const (
	// SizeKey has the wanted number of servers. Any client of the store may change it.
	SizeKey = "/chooser/dynamicsize/idealclustersize"
	// ShutdownKey exists if a wanted number of 0 shuts the cluster down. It begins with SizeKey.
	ShutdownKey = SizeKey + "/allow_size_shutdown"
)
