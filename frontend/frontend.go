// Package frontend says what a front end is: anything that yields the graph of
// resources that a machine should have.
//
// The packages below it are front ends: lang for programs, yaml for graphs that are written
// down as such, empty for nothing at all. What they have in common is here: [Told] makes
// deltas, [Changes] tells when files are saved.
package frontend

import (
	"context"
	"errors"

	"mgmt/resource"
)

// A Frontend yields the desired graph as a sequence of deltas until ctx ends. submit
// hands a delta to the engine, which takes it as a whole or refuses it as a whole. Run
// returns nil or the error of ctx when ctx has ended, and any other error when the
// input is of no use: then there was no graph at all.
type Frontend interface {
	Run(ctx context.Context, submit func(context.Context, resource.Delta) error) error
}

// ErrRefused is what a front end returns when its input was refused before there was a graph.
// What is wrong with it has been reported.
var ErrRefused = errors.New("the program was refused")
