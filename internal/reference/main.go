// Reference writes the reference pages of the documentation from the tables of the kinds, the
// functions and the diagnostics:
//
//	go generate ./internal/reference
//
// A test of this package compares the pages in docs/reference with what it would write.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . ../../docs/reference

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reference DIRECTORY")
		os.Exit(2)
	}
	for name, text := range pages() {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "reference:", err)
			os.Exit(1)
		}
	}
}

// pages returns the text of each page under its file name.
func pages() map[string]string {
	return map[string]string{
		"kinds.md":       kindsPage(),
		"functions.md":   functionsPage(),
		"golang.md":      golangPage(),
		"diagnostics.md": diagnosticsPage(),
	}
}

// header begins a page.
func header(title string) string {
	return "# " + title + "\n\n<!-- Written by go generate ./internal/reference; do not edit. -->\n\n"
}
