package main

import (
	"errors"
	"fmt"
	goio "io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mgmt"
	"mgmt/seal"
)

// maxSecret bounds the size of what is sealed, in bytes.
const maxSecret = 1 << 20

// maxTravelling bounds the size of sealed secrets in a deploy, in bytes.
const maxTravelling = 1 << 19

// sealFlags are the flags of seal.
type sealFlags struct {
	to        []string
	recipient bool
	keep      bool
	prefix    string
}

func sealCommand(io *streams) *cobra.Command {
	var f sealFlags
	cmd := &cobra.Command{
		Use:   "seal --to RECIPIENT... [FILE|-] | seal --recipient",
		Short: "Seal a secret so that only certain hosts can open it",
		Long: `Seal prints a text that can stand in a program, as the argument of secret.sealed. It says
nothing to anybody but the hosts that it is sealed to. The secret is read from a file, or from
standard input; the line break at its end is no part of it.

  mgmt seal --recipient                     on the host: what to seal to
  mgmt seal --to age1… password.txt         anywhere: the sealed text

  mgmt seal --to "$(ssh-keyscan -t ed25519 web1)" password.txt

A recipient is what mgmt seal --recipient prints, or the public key of an SSH server, of the type
ssh-ed25519 or ssh-rsa: an agent that may read /etc/ssh/ssh_host_*_key opens what is sealed to it.
Take it from a known_hosts file that you trust: whoever answers ssh-keyscan can be somebody else.

The recipient of a host belongs to a key in its working directory, which is made the first time
and which nobody but its owner may read.

Exit status: 0 done, 1 errors, 2 wrong usage.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, io) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.to, "to", nil, "the `recipient` of a host that may open it; may be given again")
	flags.BoolVar(&f.recipient, "recipient", false, "print the recipient of this host instead")
	flags.BoolVar(&f.keep, "keep-newline", false, "the line break at the end is a part of the secret")
	flags.StringVar(&f.prefix, "prefix", "", "working `directory` of the agent of this host (MGMT_PREFIX)")
	return cmd
}

func (f *sealFlags) run(cmd *cobra.Command, args []string, io *streams) error {
	switch {
	case f.recipient && len(f.to)+len(args) > 0:
		return usagef(cmd, "--recipient stands alone: it seals nothing")
	case f.recipient:
		return f.printRecipient(io)
	case len(f.to) == 0:
		return usagef(cmd, "name with --to who may open the secret; mgmt seal --recipient prints that on each host")
	case len(args) > 1:
		return usagef(cmd, "there is one secret at a time, in a file or on standard input")
	}
	secret, err := readSecret(args, io)
	if err != nil {
		return err
	}
	if !f.keep {
		secret = strings.TrimSuffix(strings.TrimSuffix(secret, "\n"), "\r")
	}
	if secret == "" {
		return errors.New("the secret is empty")
	}
	text, err := seal.Seal([]byte(secret), f.to)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(io.out, text)
	return err
}

func (f *sealFlags) printRecipient(io *streams) error {
	dir, err := (&agentFlags{prefix: f.prefix}).dir()
	if err != nil {
		return err
	}
	if err := mgmt.MakePrefix(dir); err != nil {
		return err
	}
	key, err := seal.Make(mgmt.KeyFile(dir))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(io.out, key.Recipient())
	return err
}

// readSecret reads the file that is named, or standard input.
func readSecret(args []string, io *streams) (string, error) {
	in := io.in
	if len(args) == 1 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return "", fmt.Errorf("reading the secret: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := goio.ReadAll(goio.LimitReader(in, maxSecret+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the secret: %w", err)
	case len(text) > maxSecret:
		return "", errors.New("the secret is larger than 1 MiB")
	}
	return string(text), nil
}

// sealVariables seals variables of the environment, by name.
func sealVariables(names, recipients []string) (map[string]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out := make(map[string]string, len(names))
	total := 0
	for _, name := range names {
		value, set := os.LookupEnv(name)
		switch {
		case strings.Contains(name, "="): // its value may be a secret that was given in the wrong place
			return nil, errors.New("--secret names a variable of the environment, without its value: others on this machine can read command lines")
		case !set || value == "":
			return nil, fmt.Errorf("the environment variable %q, which is to travel as a secret, is not set or empty", name)
		}
		text, err := seal.Seal([]byte(value), recipients)
		if err != nil {
			return nil, err
		}
		out[name] = text
		if total += len(text); total > maxTravelling {
			return nil, fmt.Errorf("the secrets have more than %d KiB together, sealed to %d hosts: they are too large to travel with a deploy; seal files with mgmt seal instead", maxTravelling>>10, len(recipients))
		}
	}
	return out, nil
}

// hostKey returns the file with the key of this host, or "" if there is no place for one.
func hostKey() string {
	dir, err := (&agentFlags{}).dir()
	if err != nil {
		return ""
	}
	return mgmt.KeyFile(dir)
}
