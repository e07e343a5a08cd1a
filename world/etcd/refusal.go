package etcd

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A refusal is the answer to what this host is not allowed to do, in the words of the server.
type refusal struct{ error }

// Error leaves out what is said to programs.
func (r refusal) Error() string { return status.Convert(r.error).Message() }

func (r refusal) Unwrap() error { return r.error }

// plain returns an error of the store as something to be read.
func plain(err error) error {
	switch status.Code(err) {
	case codes.PermissionDenied, codes.Unauthenticated:
		return refusal{err}
	}
	return err
}
