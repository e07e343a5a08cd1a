package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"mgmt/deploy"
)

func deployRollbackCommand(io *streams) *cobra.Command {
	var f lookFlags
	var key string
	cmd := &cobra.Command{
		Use:   "rollback [NUMBER]",
		Short: "Deploy once more what an older deploy has; the default is the one before the newest",
		Args:  atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, func(ctx context.Context, l *lookout) error {
				e, err := l.entryArg(cmd, args, 0, -1)
				if err != nil {
					return err
				}
				return l.rollback(ctx, e, key, io)
			})
		},
	}
	f.register(cmd)
	registerSign(cmd, &key)
	return cmd
}

func (l *lookout) rollback(ctx context.Context, e *deploy.Entry, key string, io *streams) error {
	plan := deploy.Plan{Manifest: e.Manifest}
	plan.Restore, plan.By, plan.At = e.ID, deployer(), time.Time{}
	plan.Staged = false
	if e.Files != "" {
		files, err := deploy.Fetch(ctx, l.store, &e.Manifest)
		if err != nil {
			return err
		}
		plan.Bundle = files
	}
	signer, done, err := openSigner(key)
	if err != nil {
		return err
	}
	defer done()
	plan.Signer = signer
	_, err = publish(ctx, l.store, plan, io)
	return err
}
