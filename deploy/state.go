package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"mgmt/world"
)

// A State is what an agent says of itself. The store has it for as long as the agent is alive.
type State struct {
	Deploy    int64     `json:"deploy"`            // that it runs; 0 is none
	Converged bool      `json:"converged"`         // all is as it should be, for as long as the agent waits to be sure
	Failed    int       `json:"failed,omitempty"`  // resources that failed
	Trouble   string    `json:"trouble,omitempty"` // what failed on one of them, or fails again and again
	Refused   int64     `json:"refused,omitempty"` // the newest deploy that it was meant to run, and did not take
	Error     string    `json:"error,omitempty"`   // why it refused that deploy
	Since     time.Time `json:"since"`             // when this became so
}

// failures says what failed.
func (s State) failures() string {
	switch {
	case s.Failed == 1 && s.Trouble != "":
		return "1 resource failed: " + s.Trouble
	case s.Failed == 1:
		return "1 resource failed"
	case s.Trouble != "":
		return fmt.Sprintf("%d resources failed, like %s", s.Failed, s.Trouble)
	}
	return fmt.Sprintf("%d resources failed", s.Failed)
}

// String describes the state in a few words.
func (s State) String() string {
	switch {
	case s.Failed > 0:
		return s.failures()
	case s.Converged:
		return "has converged"
	case s.Trouble != "":
		return "is at it: " + s.Trouble
	}
	return "is at it"
}

// States returns what the agents that are alive say, by host.
func States(ctx context.Context, store world.KV) (map[string]State, error) {
	all, err := store.List(ctx, statesPrefix)
	if err != nil {
		return nil, fmt.Errorf("reading the states of the agents: %w", err)
	}
	out := make(map[string]State, len(all))
	for key, text := range all {
		if host, s, ok := parseState(key, text); ok {
			out[host] = s
		}
	}
	return out, nil
}

// parseState reads a state. One that cannot be read says nothing.
func parseState(key, text string) (host string, s State, ok bool) {
	host = strings.TrimPrefix(key, statesPrefix)
	return host, s, json.Unmarshal([]byte(text), &s) == nil && host != ""
}

// report puts the state of an agent into the store.
func report(ctx context.Context, store world.KV, host string, s State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return store.Hold(ctx, stateKey(host), string(text))
}
