package main

import "github.com/spf13/cobra"

func fmtCommand(io *streams) *cobra.Command {
	return &cobra.Command{Use: "fmt"}
}
