// Package stdsecret has the module secret: values that are never shown. What these functions
// return is marked, and so is all that is made of it; see funcs.Function.
package stdsecret

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/paths"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
	"mgmt/seal"
)

// Module returns the module secret.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "secret",
		Doc:  "Values that are never shown: neither they nor what is made of them appears in a log, a plan, a graph, the status, the history, a difference or an error.",
		Funcs: []*funcs.Function{
			{
				Name:   "file",
				Doc:    "Returns the content of the file as a secret, without the line break at its end. It follows changes. That the file is missing is an error that <|> catches, until it appears; other failures are fatal.",
				Sigs:   table.Sig("func(path str) str"),
				Source: paths.Follow(file),
				Secret: true,
			},
			{
				Name:   "env",
				Doc:    "Returns the value of an environment variable as a secret: of the environment of who deployed the program, if mgmt deploy --secret names it, and otherwise of the agent. That it is not set is an error that <|> catches, and so is that it was not sealed to this host.",
				Sigs:   table.Sig("func(name str) str"),
				Impure: env,
				Secret: true,
			},
			{
				Name:   "sealed",
				Doc:    "Returns as a secret what the command mgmt seal has sealed to this host, or to the key of its SSH server. That it is sealed to others, or that this host has no key, is an error that <|> catches; a text that is damaged is a fatal one.",
				Sigs:   table.Sig("func(text str) str"),
				Source: sealed,
				Secret: true,
			},
		},
	}
}

func file(path string) (types.Value, error) {
	content, err := paths.Read(path)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSuffix(string(content.(types.Str)), "\n")
	return types.Str(strings.TrimSuffix(text, "\r")), nil
}

func env(call *funcs.Call, args []types.Value) (types.Value, error) {
	name := string(args[0].(types.Str))
	if text, deployed := call.Host.Sealed[name]; deployed {
		return open(call.Host.KeyFile, text)
	}
	value, set := os.LookupEnv(name)
	if !set {
		return nil, types.Catchf("the environment variable %q is not set", name)
	}
	return types.Str(value), nil
}

// sealed opens a text with the key of the host, and again when there is another key.
func sealed(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	name := call.Host.KeyFile
	if name == "" {
		emit(nil, types.Catchf("this agent has no key to open what is sealed"))
		<-ctx.Done()
		return ctx.Err()
	}
	text := string(args[0].(types.Str))
	return paths.Watch(ctx, call.Host, name, func() { emit(open(name, text)) })
}

// open opens a text with the key of the host, or with that of its SSH server.
func open(name, text string) (types.Value, error) {
	secret, err := seal.Open(text, name, seal.SSHHostKeys())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, types.Catchf("this host has no key to open what is sealed: there is no %s; mgmt seal --recipient makes one", name)
	case errors.Is(err, seal.ErrNotForUs):
		return nil, types.Catchf("%w", err)
	case err != nil:
		return nil, err
	}
	return types.Str(secret), nil
}
