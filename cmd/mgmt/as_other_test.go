//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

// as is for systems that tell whose a connection is.
func as(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("this story is for Linux") }
