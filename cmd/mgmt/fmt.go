package main

import (
	"bytes"
	"fmt"
	goio "io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mgmt/lang/format"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// A formatter formats files one after the other.
type formatter struct {
	check   bool
	test    bool // another name of check
	verbose bool

	io     *streams
	failed bool
}

func fmtCommand(io *streams) *cobra.Command {
	f := formatter{io: io}
	cmd := &cobra.Command{
		Use:   "fmt PATH...",
		Short: "Format programs in place",
		Long: `Fmt writes programs in their canonical form, in place. Of a directory it formats every .mcl
file in it and below. With - it formats standard input to standard output.

Exit status: 0 done, 1 errors or, with --check, files that are not formatted, 2 wrong usage.`,
		Args: someArgs,
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "change nothing; list the files that are not formatted")
	cmd.Flags().BoolVarP(&f.test, "test", "t", false, "the same as --check")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "list the files that were changed")
	return cmd
}

func (f *formatter) run(args []string) error {
	f.check = f.check || f.test
	for _, arg := range args {
		if arg == "-" {
			if err := f.stdin(); err != nil {
				return err
			}
			continue
		}
		names, err := walk(arg)
		if err != nil {
			return fmt.Errorf("formatting %s: %w", arg, err)
		}
		for _, name := range names {
			if err := f.file(name); err != nil {
				return fmt.Errorf("formatting %s: %w", name, err)
			}
		}
	}
	if f.failed {
		return errReported
	}
	return nil
}

func (f *formatter) stdin() error {
	text, err := goio.ReadAll(f.io.in)
	if err != nil {
		return fmt.Errorf("reading standard input: %w", err)
	}
	out, ok := f.source("<stdin>", text)
	switch {
	case !ok:
		return nil
	case !f.check:
		_, err = f.io.out.Write(out)
		return err
	case !bytes.Equal(text, out):
		f.failed = true
		fmt.Fprintln(f.io.out, "<stdin>")
	}
	return nil
}

func (f *formatter) file(name string) error {
	text, err := resolve.Dir("").ReadFile(name)
	if err != nil {
		return err
	}
	out, ok := f.source(name, text)
	if !ok || bytes.Equal(text, out) {
		return nil
	}
	if f.check {
		f.failed = true
		fmt.Fprintln(f.io.out, name)
		return nil
	}
	if f.verbose {
		fmt.Fprintln(f.io.out, name)
	}
	return replaceFile(name, out)
}

// source formats a text, or reports why it cannot be.
func (f *formatter) source(name string, text []byte) ([]byte, bool) {
	out, diags := format.Source(name, text)
	if !diags.HasErrors() {
		return out, true
	}
	f.failed = true
	var files syntax.Files
	files.Add(name, text)
	syntax.Render(f.io.err, &files, diags, f.io.errColor)
	return nil, false
}

// replaceFile gives a file other content at once: whoever reads it sees all of the old or all
// of the new. Links to it stay, and so does its mode.
func replaceFile(name string, text []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // it is gone if all went well
	_, err = tmp.Write(text)
	if err == nil {
		err = tmp.Chmod(info.Mode().Perm())
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
