package main

import (
	"context"
	"fmt"
	"slices"
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
		Args:  deployNumbers(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, func(ctx context.Context, l *lookout) error {
				e, err := l.entryArg(args, 0, -1)
				if err == nil && len(args) == 0 {
					err = l.replaced(e)
				}
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

// replaced reports why the deploy before the newest is not what that has taken the place of.
func (l *lookout) replaced(e *deploy.Entry) error {
	newest, why := l.list[len(l.list)-1], ""
	switch {
	case e.Stage != deploy.Released:
		why = fmt.Sprintf("deploy %d, the one before it, is %s", e.ID, e.Stage)
	case newest.Err == nil && !slices.Equal(newest.Hosts, e.Hosts):
		why = fmt.Sprintf("it is for %s, and deploy %d, the one before it, for %s", audience(newest.Hosts), e.ID, audience(e.Hosts))
	default:
		return nil
	}
	return fmt.Errorf("it is not clear what was there before deploy %d: %s; name the deploy to bring back, or take this one back with mgmt deploy withdraw %d", newest.ID, why, newest.ID)
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
	if _, err = publish(ctx, l.store, plan, io); err == nil {
		warnUnsigned(e, signer, io)
	}
	return err
}
