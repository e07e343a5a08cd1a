package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mgmt/lang/syntax"
)

// usagef returns a mistake in the use of a command.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{cmd.CommandPath(), fmt.Errorf(format, args...)}
}

// noArgs is for commands without arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "%s takes no arguments, but there is %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// someArgs is for commands that need at least one path.
func someArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef(cmd, "name a file or a directory, or - for standard input")
	}
	return nil
}

// oneArg is for commands that take one program.
func oneArg(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef(cmd, "name a program: a file, a directory, or - for standard input")
	case 1:
		return nil
	}
	return usagef(cmd, "there is one program too many: %s", args[1])
}

// filled sets the value of a flag that has to have one. An empty one is what the shell makes of a
// variable that is not set, and it would be dangerous to take that for no flag at all.
func filled(value *string) func(string) error {
	return func(text string) error {
		if text == "" {
			return errors.New("it is empty; give it a value, or leave it out")
		}
		*value = text
		return nil
	}
}

// frontArg takes the name of a front end from the arguments, if they begin with one.
func frontArg(cmd *cobra.Command, args []string) (name string, rest []string, err error) {
	switch {
	case len(args) == 0:
	case slices.Contains(frontends, args[0]):
		return args[0], args[1:], nil
	case args[0] == "yaml2":
		err = usagef(cmd, "there is one form of graphs in YAML; write %s yaml PATH", cmd.CommandPath())
	case slices.Contains([]string{"puppet", "langpuppet", "hcl"}, args[0]):
		err = usagef(cmd, "this build has no %s front end; there are lang, yaml and empty", args[0])
	}
	return "", args, err
}

// mistypedFront refuses what is nearly the name of a front end, before a program.
func mistypedFront(cmd *cobra.Command, args []string) error {
	if len(args) < 2 {
		return nil
	}
	if near := syntax.Suggest(args[0], frontends); near != "" {
		return usagef(cmd, "there is no front end %q; did you mean %q?", args[0], near)
	}
	return nil
}

// complete has shells offer the values of a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag
	}
}

// refineCompletion makes it a mistake not to name a shell.
func refineCompletion(root *cobra.Command) {
	cmd, _, err := root.Find([]string{"completion"})
	if err != nil {
		panic(err) // cobra made none
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return usagef(cmd, "name a shell: bash, zsh, fish or powershell")
	}
}

// helpCommand shows the help of a command.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		RunE: func(help *cobra.Command, args []string) error {
			cmd, rest, err := help.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(help.Root(), args[0])
			}
			return cmd.Help()
		},
	}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	if today, ok := otherCommands[name]; ok {
		return usagef(cmd, "there is no command %q: %s", name, today)
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if near := syntax.Suggest(name, names); near != "" {
		return usagef(cmd, "there is no command %q; did you mean %q?", name, near)
	}
	return usagef(cmd, "there is no command %q", name)
}

// flagError says what is wrong with a flag: that it is spelt otherwise, or that it was
// another release that had it.
func flagError(cmd *cobra.Command, err error) error {
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return usagef(cmd, "--%s %s", bad.GetFlag().Name, wanted(bad))
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return &usageError{cmd.CommandPath(), err}
	}
	name := unknown.GetSpecifiedName()
	if group := unknown.GetSpecifiedShortnames(); group != "" {
		return usagef(cmd, "there is no flag -%s%s", name, today(cmd, "-"+name))
	}
	if other := today(cmd, "--"+name); other != "" {
		return usagef(cmd, "there is no flag --%s%s", name, other)
	}
	if near := syntax.Suggest(name, flagNames(cmd)); near != "" {
		return usagef(cmd, "there is no flag --%s; did you mean --%s?", name, near)
	}
	return usagef(cmd, "there is no flag --%s", name)
}

// wanted says what the value of a flag has to be.
func wanted(bad *pflag.InvalidValueError) string {
	kind := map[string]string{
		"int": "a whole number", "uint": "a whole number from 0", "uint16": "a whole number from 0 to 65535",
		"bool": "true or false", "duration": "a duration, like 90s or 10m",
	}[bad.GetFlag().Value.Type()]
	if kind == "" {
		return fmt.Sprintf("%q: %v", bad.GetValue(), bad.Unwrap())
	}
	return fmt.Sprintf("is %s, not %q", kind, bad.GetValue())
}

func today(cmd *cobra.Command, flag string) string {
	text, ok := otherFlags[flag]
	if !ok {
		return ""
	}
	if cmd.Name() == "deploy" {
		text = strings.ReplaceAll(text, "mgmt run ", "mgmt deploy ")
	}
	return ": " + text
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// checkForms finds long flags with one dash, which would be read as a row of short ones.
func checkForms(root *cobra.Command, args []string) error {
	cmd, _, err := root.Find(args)
	if err != nil {
		cmd = root
	}
	if cmd == root && len(args) > 0 && !strings.HasPrefix(args[0], "-") && args[0] != "help" && !strings.HasPrefix(args[0], "__") {
		return unknownCommand(root, args[0]) // whatever its flags are; cobra adds help and __complete later
	}
	for _, arg := range args {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") || len(name) < 2 || name[0] < 'a' || name[0] > 'z' {
			continue
		}
		if cmd.Flags().Lookup(name) != nil {
			return usagef(cmd, "long flags have two dashes: --%s", name)
		}
		if other := today(cmd, "-"+name); other != "" {
			return usagef(cmd, "there is no flag -%s%s", name, other)
		}
	}
	return nil
}
