// Command mgmt-etcd is etcd's own server, with all its flags. Agents start it beside themselves to
// become a cluster: it is a program apart from mgmt because etcd takes time at every start of a
// program that contains it.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"

	"mgmt/cluster"
	"mgmt/cluster/server"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == cluster.ServerArgument {
		os.Exit(server.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	etcdmain.Main(os.Args)
}
