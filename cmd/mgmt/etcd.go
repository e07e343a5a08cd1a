package main

import (
	"github.com/spf13/cobra"

	"mgmt/cluster"
)

// etcdCommand hands its arguments, whatever they are, to etcd's own server, which is a program
// of its own.
func etcdCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "etcd [ARGUMENT...]",
		Short:              "Run etcd's own server, with all its flags",
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := cluster.FindServer()
			if err != nil {
				return err
			}
			return become(path, args)
		},
	}
}
