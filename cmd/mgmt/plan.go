package main

import "github.com/spf13/cobra"

func planCommand(io *streams) *cobra.Command {
	return &cobra.Command{Use: "plan"}
}
