package main

import (
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
)

// etcdCommand hands its arguments, whatever they are, to etcd's own server.
func etcdCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "etcd [ARGUMENT...]",
		Short:              "Run etcd's own server, with all its flags",
		DisableFlagParsing: true,
		Run: func(_ *cobra.Command, args []string) {
			os.Args = append([]string{"etcd"}, args...) // some of its subcommands read them there
			etcdmain.Main(os.Args)
		},
	}
}
