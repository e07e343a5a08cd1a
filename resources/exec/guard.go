package exec

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"mgmt/resource"
)

// Check asks whether the command has to run.
func (r *Resource) Check(ctx context.Context) ([]resource.Change, error) {
	if r.RefreshOnly {
		return nil, r.recall()
	}
	run, err := r.wanted(ctx)
	if err != nil {
		return nil, err
	}
	if !run {
		return nil, r.recall()
	}
	return []resource.Change{{Param: "cmd", Note: "run " + r.command("cmd", r.cmd(), r.Args, r.Cwd, r.Shell).String()}}, nil
}

// guarded reports whether there may be a reason not to run.
func (r *Resource) guarded() bool {
	return r.IfCmd != "" || r.NifCmd != "" || r.Creates != "" || r.RefreshOnly
}

// wanted asks mtimes and then the guards.
func (r *Resource) wanted(ctx context.Context) (bool, error) {
	if len(r.MTimes) > 0 {
		newer, err := r.newer()
		if newer || err != nil {
			return newer, err
		}
		if !r.guarded() {
			return false, nil
		}
	}
	if r.IfCmd != "" {
		run, err := r.ifGuard(ctx)
		if !run || err != nil {
			return false, err
		}
	}
	if r.NifCmd != "" {
		_, err := r.run(ctx, r.command("nifcmd", r.NifCmd, nil, r.NifCwd, r.NifShell))
		if err == nil || !answered(err) {
			return false, err
		}
	}
	if r.Creates != "" {
		_, err := os.Lstat(r.Creates)
		if err == nil {
			return false, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("creates: %w", err)
		}
	}
	return true, nil
}

// answered reports whether a guard has said no: it ended by itself with another status than 0.
func answered(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Signal == ""
}

func (r *Resource) ifGuard(ctx context.Context) (bool, error) {
	res, err := r.run(ctx, r.command("ifcmd", r.IfCmd, nil, r.IfCwd, r.IfShell))
	if err != nil {
		if answered(err) {
			return false, nil
		}
		return false, err
	}
	if r.IfEquals != nil && res.output.String() == *r.IfEquals || r.IfEqualsStdout != nil && res.stdout.String() == *r.IfEqualsStdout {
		return false, nil
	}
	return true, nil
}

// newer reports whether a path of mtimes was changed since the last run.
func (r *Resource) newer() (bool, error) {
	last, err := r.lastRun()
	if err != nil {
		return false, err
	}
	for _, p := range r.MTimes {
		info, err := os.Stat(p)
		if err != nil {
			return false, fmt.Errorf("mtimes: %w", err)
		}
		if info.ModTime().After(last) {
			return true, nil
		}
	}
	return false, nil
}

// Apply runs the command, and donecmd after it.
func (r *Resource) Apply(ctx context.Context, _ []resource.Change) error {
	res, err := r.run(ctx, r.command("cmd", r.cmd(), r.Args, r.Cwd, r.Shell))
	if err != nil {
		return err
	}
	if r.DoneCmd != "" {
		if _, err := r.run(ctx, r.command("donecmd", r.DoneCmd, nil, r.DoneCwd, r.DoneShell)); err != nil {
			return err
		}
	}
	return r.remember(res)
}
