package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"mgmt/deploy"
)

func deployPruneCommand(io *streams) *cobra.Command {
	var f lookFlags
	var keep int
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove old deploys that no host needs, and files that no deploy needs",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if keep < 1 {
				return usagef(cmd, "--keep is a number of deploys from 1")
			}
			return f.with(cmd, func(ctx context.Context, l *lookout) error {
				gone, err := deploy.Prune(ctx, l.store, keep)
				if err == nil {
					left := len(l.list) - len(gone)
					verb := map[bool]string{true: "is", false: "are"}[left == 1]
					fmt.Fprintf(io.out, "%s removed, %d %s left\n", count(len(gone), "deploy"), left, verb)
				}
				return err
			})
		},
	}
	f.storeFlags.register(cmd)
	cmd.Flags().IntVar(&keep, "keep", deploy.DefaultKeep, "`number` of deploys to keep")
	return cmd
}
