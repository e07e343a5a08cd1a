package main

import "github.com/spf13/cobra"

func checkCommand(io *streams) *cobra.Command {
	return &cobra.Command{Use: "check"}
}
