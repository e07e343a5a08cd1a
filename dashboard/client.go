package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"

	"mgmt/history"
)

// ErrNoAgent is the error of a question to a working directory in which no agent runs.
var ErrNoAgent = errors.New("no agent is running")

// A Client asks an agent.
type Client struct {
	prefix string
	http   *http.Client
}

// Dial returns a client of the agent that runs in a working directory.
func Dial(prefix string) (*Client, error) {
	c := &Client{prefix: prefix, http: &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return dial(prefix) },
	}}}
	conn, err := dial(prefix)
	if err != nil {
		return nil, c.explain(err)
	}
	return c, conn.Close()
}

// explain says what an error of a connection means.
func (c *Client) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w in %s; start one with mgmt run, or name its directory with --prefix", ErrNoAgent, c.prefix)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("only root and the user of the agent in %s may look into it: %w", c.prefix, err)
	}
	return fmt.Errorf("asking the agent in %s: %w", c.prefix, err)
}

// hungUp says what it means that a question has no answer.
func (c *Client) hungUp(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return c.explain(err)
	}
	return fmt.Errorf("%w in %s any more; if there is one, it answers only root and its own user", ErrNoAgent, c.prefix)
}

// get asks, and returns the body of an answer that is no error.
func (c *Client) get(ctx context.Context, path string, params url.Values) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://agent/v1/"+path+"?"+params.Encode(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.hungUp(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var p problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Error == "" {
		p.Error = "it answers " + resp.Status + "; is it of another version?"
	}
	return nil, fmt.Errorf("the agent in %s: %s", c.prefix, p.Error)
}

// fetch asks for one value.
func fetch[T any](ctx context.Context, c *Client, path string, params url.Values) (value T, err error) {
	body, err := c.get(ctx, path, params)
	if err != nil {
		return value, err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(&value); err != nil {
		return value, fmt.Errorf("reading the answer of the agent in %s: %w", c.prefix, err)
	}
	return value, nil
}

// Status returns the state of the agent.
func (c *Client) Status(ctx context.Context, q Query) (Status, error) {
	params := url.Values{}
	if q.All {
		params.Set("all", "1")
	}
	if q.Diffs {
		params.Set("diffs", "1")
	}
	for name, value := range map[string]string{"kind": q.Kind, "name": q.Name} {
		if value != "" {
			params.Set(name, value)
		}
	}
	if q.Limit > 0 {
		params.Set("limit", strconv.Itoa(q.Limit))
	}
	return fetch[Status](ctx, c, "status", params)
}

// Graph returns all resources and edges.
func (c *Client) Graph(ctx context.Context) (Graph, error) {
	return fetch[Graph](ctx, c, "graph", nil)
}

// Why returns the causes of the latest runs of a resource; see history.Explain.
func (c *Client) Why(ctx context.Context, q history.Question) ([]history.Chain, error) {
	params := url.Values{"kind": {q.About.Kind}, "name": {q.About.Name}, "limit": {strconv.Itoa(q.Limit)}}
	if q.All {
		params.Set("all", "1")
	}
	return fetch[[]history.Chain](ctx, c, "why", params)
}

// Follow returns the records whose numbers are greater than after, and then those that come,
// until ctx or the agent ends.
func (c *Client) Follow(ctx context.Context, after uint64) iter.Seq2[history.Record, error] {
	return func(yield func(history.Record, error) bool) {
		body, err := c.get(ctx, "events", url.Values{"follow": {"1"}, "after": {strconv.FormatUint(after, 10)}})
		if err != nil {
			yield(history.Record{}, err)
			return
		}
		defer body.Close()
		in := json.NewDecoder(body)
		for {
			var r history.Record
			if err := in.Decode(&r); err != nil {
				return // the agent ended, or ctx
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}
