package main

import "github.com/spf13/cobra"

func graphCommand(io *streams) *cobra.Command {
	return &cobra.Command{Use: "graph"}
}
