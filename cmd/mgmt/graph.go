package main

import (
	"context"
	"encoding/json"
	"fmt"
	goio "io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mgmt"
	"mgmt/console"
	"mgmt/engine"
	"mgmt/graph/picture"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/resources"
)

// graphFlags are the flags of graph.
type graphFlags struct {
	programFlags
	format    string
	autoedges bool
	live      bool
	prefix    string
}

var graphFormats = []string{"text", "json", "dot", "svg"}

func graphCommand(io *streams) *cobra.Command {
	var f graphFlags
	cmd := &cobra.Command{
		Use:   "graph PATH | graph --live",
		Short: "Show the resources of a program, or of the agent that runs here, and their order",
		Long: `Graph shows the first graph of resources that a program yields, without touching the machine.
Its edges are those of the program; --autoedges adds those that the agent would add.
With --live it shows the graph of a running agent, with the state of each resource.

  mgmt graph site.mcl                          in words
  mgmt graph --live --format svg >graph.svg    a picture, coloured by state

In pictures an edge that notifies is bold, and one that the engine made by itself is dashed.

Exit status: 0 shown, 1 errors, 2 wrong usage.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.live {
				return noArgs(cmd, args)
			}
			return oneArg(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(graphFormats, f.format) {
				return usagef(cmd, "--format is text, json, dot or svg, not %q", f.format)
			}
			if f.live {
				return f.runLive(io)
			}
			return f.run(args[0], io)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.format, "format", "text", "`form` of the graph: text, json, dot or svg")
	cmd.Flags().BoolVar(&f.autoedges, "autoedges", false, "also the edges that the agent adds by itself")
	cmd.Flags().BoolVar(&f.live, "live", false, "the graph of the agent that runs")
	cmd.Flags().StringVar(&f.prefix, "prefix", "", "working `directory` of that agent (MGMT_PREFIX)")
	complete(cmd, "format", graphFormats...)
	return cmd
}

func (f *graphFlags) run(arg string, io *streams) error {
	p, err := f.open("", arg, io)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	delta, files, diags, err := f.snapshot(ctx, p)
	if err != nil {
		return err
	}
	if err := syntax.Render(io.err, files, diags, io.errColor); err != nil {
		return err
	}
	if diags.HasErrors() {
		return errReported
	}
	if f.autoedges {
		if delta.SetEdges, err = f.withAutoedges(ctx, delta, io.err); err != nil {
			return err
		}
	}
	switch f.format {
	case "json":
		return graphJSON(io.out, delta)
	case "text":
		return graphText(io.out, delta)
	}
	keys := make([]resource.Key, len(delta.Set))
	for i, s := range delta.Set {
		keys[i] = s.Key
	}
	return f.draw(mgmt.Picture(keys, delta.SetEdges), io)
}

// draw writes a picture in the form that is asked for.
func (f *graphFlags) draw(g *picture.Graph, io *streams) error {
	if f.format == "dot" {
		return g.DOT(io.out)
	}
	return picture.Place(g).SVG(io.out)
}

func (f *graphFlags) runLive(io *streams) error {
	client, err := (&agentFlags{prefix: f.prefix}).dial()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	g, err := client.Graph(ctx)
	if err != nil {
		return err
	}
	switch f.format {
	case "json":
		return writeJSON(io.out, g)
	case "text":
		r := console.Reporter{Color: io.outColor, Now: time.Now()}
		r.Graph(&g)
		_, err := io.out.Write(r.Take())
		return err
	}
	return f.draw(g.Picture(), io)
}

// withAutoedges returns the edges of a graph and those that an agent adds, and warns of those
// that it would leave out.
func (f *graphFlags) withAutoedges(ctx context.Context, d resource.Delta, warn goio.Writer) ([]resource.Edge, error) {
	edges, warnings, err := engine.Automatic(ctx, engine.Options{Kinds: resources.Kinds()}, d)
	for _, w := range warnings {
		fmt.Fprintln(warn, console.Printable(fmt.Sprintf("%s: warning: %s: %v", w.Pos, w.Key, w.Err)))
	}
	return append(d.SetEdges, edges...), err
}

// The JSON form of a graph. Parameters and meta parameters are those that are not what they
// are by default. An edge along which values are sent has an entry for each value.
type (
	jsonGraph struct {
		Resources []jsonResource `json:"resources"`
		Edges     []jsonEdge     `json:"edges"`
	}
	jsonResource struct {
		jsonID
		Params map[string]any `json:"params"`
		Meta   map[string]any `json:"meta"`
	}
	jsonEdge struct {
		From   jsonID `json:"from"`
		To     jsonID `json:"to"`
		Notify bool   `json:"notify"`
		Send   string `json:"send"`
		Recv   string `json:"recv"`
		Auto   bool   `json:"auto,omitempty"`
	}
	jsonID struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	}
)

func idOf(id resource.ID) jsonID { return jsonID{id.Kind, id.Name} }

func graphJSON(w goio.Writer, d resource.Delta) error {
	out := jsonGraph{Resources: []jsonResource{}, Edges: []jsonEdge{}}
	received := map[[2]resource.ID][]resource.Recv{}
	for _, s := range d.Set {
		params, meta, err := values(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Key, err)
		}
		out.Resources = append(out.Resources, jsonResource{idOf(s.Key.ID), object(params), object(meta)})
		for _, r := range s.Recv {
			pair := [2]resource.ID{r.From, s.Key.ID}
			received[pair] = append(received[pair], r)
		}
	}
	for _, e := range d.SetEdges {
		edge := jsonEdge{From: idOf(e.From.ID), To: idOf(e.To.ID), Notify: e.Notify, Auto: e.Auto}
		sent := received[[2]resource.ID{e.From.ID, e.To.ID}]
		if len(sent) == 0 {
			out.Edges = append(out.Edges, edge)
		}
		for _, r := range sent {
			edge.Send, edge.Recv = r.Output, r.Param
			out.Edges = append(out.Edges, edge)
		}
	}
	return writeJSON(w, out)
}

// values returns the parameters and meta parameters of a resource that are not what they are
// by default, without what is secret.
func values(s *resource.Spec) (params, meta []resource.Value, err error) {
	if params, err = resources.Kinds().Lookup(s.Key.Kind).Given(s.Resource); err != nil {
		return nil, nil, err
	}
	for i := range params {
		if s.Secrets.Has(params[i].Name) || resource.IsSecret(s.Resource, params[i].Name) {
			params[i].Value = resource.Hidden
		}
	}
	meta, err = s.Meta.Given()
	return params, meta, err
}

func object(values []resource.Value) map[string]any {
	out := make(map[string]any, len(values))
	for _, v := range values {
		out[v.Name] = jsonValue(v.Value)
	}
	return out
}

// jsonValue makes objects of maps whose keys are not strings.
func jsonValue(v any) any {
	switch v := v.(type) {
	case [][2]any:
		out := make(map[string]any, len(v))
		for _, pair := range v {
			out[fmt.Sprint(pair[0])] = jsonValue(pair[1])
		}
		return out
	case map[string]any:
		for key, elem := range v {
			v[key] = jsonValue(elem)
		}
	case []any:
		for i, elem := range v {
			v[i] = jsonValue(elem)
		}
	}
	return v
}

// graphText lists the resources with their parameters, and then the edges.
func graphText(w goio.Writer, d resource.Delta) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(console.Printable(fmt.Sprintf(format, args...)) + "\n")
	}
	for _, s := range d.Set {
		params, meta, err := values(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Key, err)
		}
		line("%s", s.Key)
		for _, v := range params {
			line("\t%s: %s", v.Name, textValue(v.Value))
		}
		for _, v := range meta {
			line("\tMeta:%s: %s", v.Name, textValue(v.Value))
		}
		for _, r := range s.Recv {
			line("\t%s: received from %s.%s", r.Param, r.From, r.Output)
		}
	}
	for _, e := range d.SetEdges {
		note := ""
		if e.Notify {
			note = " (notifies)"
		}
		if e.Auto {
			note = " (automatic)"
		}
		line("%s -> %s%s", e.From, e.To, note)
	}
	_, err := goio.WriteString(w, b.String())
	return err
}

func textValue(v any) string {
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(jsonValue(v)); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
