package resource

import (
	"errors"
	"fmt"
	"strings"
)

// An AgentError is an error of Validate about this agent rather than about the parameters: it
// is not root, or runs on another system. Other agents may take them.
type AgentError struct{ Err error }

func (e *AgentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *AgentError) Unwrap() error { return e.Err }

// A SpecError says what is wrong with a resource, and where a program states it.
type SpecError struct {
	Key Key
	Pos string // may be empty
	Err error
}

func (e *SpecError) Error() string {
	text := strings.ReplaceAll(e.Key.String(), "\x00", `\x00`) + ": " + e.Err.Error()
	if e.Pos != "" {
		return e.Pos + ": " + text
	}
	return text
}

// Unwrap returns the cause.
func (e *SpecError) Unwrap() error { return e.Err }

// Validate checks the name, the meta parameters and, unless it is hidden, the
// resource. Its error is a [SpecError].
func (s *Spec) Validate() error {
	if err := s.validate(); err != nil {
		return &SpecError{s.Key, s.Pos, err}
	}
	return nil
}

func (s *Spec) validate() error {
	switch name := s.Key.Name; {
	case s.Resource == nil:
		return errors.New("there is no resource")
	case s.Key.Kind == "":
		return errors.New("the kind is empty")
	case name == "":
		return errors.New("the name is empty")
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("the name %q has a NUL byte in it", name)
	case name[0] == '$' && !s.Meta.Dollar:
		return errors.New("the name begins with $, as if a variable were in quotes; write Meta:dollar => true if it is meant")
	}
	if err := s.Meta.Validate(); err != nil {
		return err
	}
	if s.Meta.Hidden {
		return nil
	}
	return s.Resource.Validate()
}
