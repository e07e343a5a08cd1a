package main

import (
	"encoding/json"
	"fmt"
	goio "io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// A checker checks programs one after the other.
type checker struct {
	programFlags
	json bool

	reports []syntax.Report
	failed  bool
}

func checkCommand(io *streams) *cobra.Command {
	var c checker
	cmd := &cobra.Command{
		Use:   "check PATH...",
		Short: "Report all mistakes in programs, without running them",
		Long: `Check reports all mistakes in programs, without running them. A path is a .mcl file, a
directory with a module, a graph in a .yaml or .yml file, - for standard input, or any other
directory, of which every .mcl file is checked.

Exit status: 0 no errors, 1 errors, 2 wrong usage.`,
		Args: someArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args, io) },
	}
	c.register(cmd)
	cmd.Flags().BoolVar(&c.json, "json", false, "write a list of diagnostics for tools")
	return cmd
}

func (c *checker) run(cmd *cobra.Command, args []string, io *streams) error {
	if err := noFrontend(cmd, args); err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	c.reports = []syntax.Report{}
	for _, arg := range args {
		names, err := programs(arg)
		if err != nil {
			c.show(io, nil, unreadable(err))
		}
		for _, name := range names {
			p, err := c.open("", name, io)
			if err != nil {
				c.show(io, nil, unreadable(err))
				continue
			}
			files, diags := p.check(ctx)
			c.show(io, files, diags)
		}
	}
	if c.json {
		if err := writeJSON(io.out, c.reports); err != nil {
			return err
		}
	}
	if c.failed {
		return errReported
	}
	return nil
}

// show takes what is to be said of one program.
func (c *checker) show(io *streams, files *syntax.Files, diags syntax.Diagnostics) {
	c.failed = c.failed || diags.HasErrors()
	if c.json {
		c.reports = append(c.reports, syntax.JSON(files, diags)...)
		return
	}
	syntax.Render(io.err, files, diags, io.errColor)
}

// unreadable is the diagnostic of a path at which there is no program.
func unreadable(err error) syntax.Diagnostics {
	return syntax.Diagnostics{{Phase: syntax.PhaseParse, Code: "unreadable-file", Message: err.Error()}}
}

// programs lists the programs that a path names. A directory is a module or, if nothing in it
// says where to begin, a set of programs.
func programs(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if err != nil || !info.IsDir() {
		return []string{arg}, nil
	}
	if entry, err := resolve.EntryFile(resolve.Dir("."), filepath.ToSlash(arg)); err != nil || exists(entry) {
		return []string{arg}, nil
	}
	names, err := walk(arg)
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("there are no programs in %s: no main.mcl, metadata.yaml or other .mcl file", arg)
	}
	return names, err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// noFrontend refuses the name of the front end in front of the program: only run has several.
func noFrontend(cmd *cobra.Command, args []string) error {
	if len(args) > 1 && (args[0] == "lang" || args[0] == "yaml") {
		return usagef(cmd, "write %s %s, without %s", cmd.CommandPath(), args[1], args[0])
	}
	return nil
}

func writeJSON(w goio.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
