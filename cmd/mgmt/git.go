package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// commits returns the commit of the git worktree in the present directory, and the one before
// that, or "" if it is the first. There may be no changes that are in no commit.
func commits(ctx context.Context) (head, parent string, err error) {
	if head, err = git(ctx, "rev-parse", "--verify", "--quiet", "HEAD"); err != nil {
		return "", "", fmt.Errorf("finding the git commit to deploy: %w; deploy from a git worktree, or with --no-git", err)
	}
	changes, err := git(ctx, "status", "--porcelain", "--untracked-files=normal")
	if err != nil {
		return "", "", fmt.Errorf("looking for changes in the git worktree: %w; deploy from a git worktree, or with --no-git", err)
	}
	if changes != "" {
		first, _, _ := strings.Cut(changes, "\n")
		return "", "", fmt.Errorf("the git worktree has changes that are in no commit, like %q; commit or stash them, or deploy with --no-git", strings.TrimSpace(first))
	}
	log, err := git(ctx, "rev-list", "--max-count=2", "HEAD")
	if err != nil {
		return "", "", fmt.Errorf("finding the git commit before: %w", err)
	}
	_, parent, _ = strings.Cut(log, "\n")
	return head, parent, nil
}

// git runs git and returns what it prints.
func git(ctx context.Context, args ...string) (string, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	text := strings.TrimSpace(errs.String())
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("git is not installed")
	case err != nil && text != "":
		return "", errors.New(strings.TrimPrefix(text, "fatal: "))
	case err != nil && args[0] == "rev-parse":
		return "", errors.New("there is no commit yet")
	case err != nil:
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimRight(out.String(), "\n"), nil
}
