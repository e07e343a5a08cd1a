package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"mgmt/cluster/pki"
)

// tokenVariable has a token, which is not seen in lists of processes then.
const tokenVariable = "MGMT_TOKEN"

// readToken returns the token, nil if there is none. Programs that the agent runs do not get it. A
// file that has served its purpose may be gone.
func (f *clusterFlags) readToken(cmd *cobra.Command, certificates pki.Dir) (*pki.Token, error) {
	text, from := f.token, "--token"
	switch {
	case f.token != "" && f.tokenFile != "":
		return nil, usagef(cmd, "--token and --token-file exclude each other")
	case f.tokenFile != "":
		var err error
		if text, err = readTokenFile(f.tokenFile); errors.Is(err, fs.ErrNotExist) && certificates.HasCertificate() {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the token: %w", err)
		}
		from = "--token-file " + f.tokenFile
	case f.token == "":
		return nil, nil
	}
	if err := os.Unsetenv(tokenVariable); err != nil {
		return nil, err
	}
	token, err := pki.ParseToken(text)
	if err != nil {
		return nil, usagef(cmd, "%s: %w", from, err)
	}
	return &token, nil
}

// longestTokenFile is more than any token has.
const longestTokenFile = 4096

func readTokenFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, longestTokenFile))
	return string(text), err
}
