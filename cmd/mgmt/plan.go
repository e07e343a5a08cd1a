package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	goio "io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mgmt"
	"mgmt/console"
	"mgmt/engine"
	"mgmt/frontend"
	"mgmt/history"
	"mgmt/lang/funcs"
	"mgmt/resource"
	"mgmt/resources"
)

const exitChanges = 2 // of plan

// planFlags are the flags of plan.
type planFlags struct {
	programFlags
	json bool
}

func planCommand(io *streams) *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan PATH",
		Short: "Show what run would change on this machine",
		Long: `Plan checks every resource of a program on this machine and shows what run would change. It
changes nothing, and works beside an agent that is running.

Exit status: 0 nothing to do, 2 changes (or wrong usage), 1 errors.`,
		Args: oneArg,
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args[0], io) },
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "write the plan for tools")
	return cmd
}

func (f *planFlags) run(arg string, io *streams) error {
	p, err := f.open("", arg, io)
	if err != nil {
		return err
	}
	if f.hostname == "" {
		f.hostname = p.hostname()
	}
	plan, err := f.plan(p, io)
	if err != nil {
		return err
	}
	if f.json {
		err = writeJSON(io.out, plan.json())
	} else {
		err = plan.text(io.out, io.outColor)
	}
	switch {
	case err != nil:
		return err
	case len(plan.Failed)+len(plan.Blocked) > 0:
		return errReported
	case len(plan.Changed) > 0:
		return statusError(exitChanges)
	}
	return nil
}

// plan checks all resources with an agent of its own.
func (f *planFlags) plan(program program, io *streams) (*plan, error) {
	prefix, err := mgmt.TmpPrefix(f.hostname)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(prefix)
	out := console.New(console.Options{Out: io.err, Color: io.errColor})
	defer out.Close()
	p := &planner{found: map[resource.Key]engine.Event{}}
	agent, err := mgmt.New(mgmt.Options{
		Frontend: func(host *funcs.Host) frontend.Frontend {
			return once{program.frontend(host, settings{report: out.Diagnostics})}
		},
		Kinds:          resources.Kinds(),
		Prefix:         prefix,
		KeyFile:        hostKey(),
		Hostname:       f.hostname,
		Observe:        p.observe,
		Noop:           true,
		ConvergedExit:  true,
		NoRaiseLimits:  true,
		FirstGraphOnly: true,
	})
	if err != nil {
		return nil, err
	}
	ctx, stop := interruptible()
	defer stop()
	err = agent.Run(ctx)
	switch {
	case errors.Is(err, frontend.ErrRefused): // and that was reported
		return nil, errReported
	case errors.Is(err, mgmt.ErrUnsettled):
		err = nil
	case err == nil && ctx.Err() != nil:
		err = errors.New("the plan was interrupted")
	}
	return p.plan(), err
}

// once is a front end whose resources are tried once: a plan does not wait for retries.
type once struct{ frontend.Frontend }

func (o once) Run(ctx context.Context, submit func(context.Context, resource.Delta) error) error {
	return o.Frontend.Run(ctx, func(ctx context.Context, d resource.Delta) error {
		d.Set = slices.Clone(d.Set)
		for i, s := range d.Set {
			single := *s
			single.Meta.Retry = 0
			d.Set[i] = &single
		}
		return submit(ctx, d)
	})
}

// A planner keeps the latest outcome of each resource that is not as it should be. Its method
// observe is called by the engine, the other after that has ended.
type planner struct {
	found map[resource.Key]engine.Event
	total int
}

func (p *planner) observe(e engine.Event) {
	switch e.Kind {
	case engine.Changed, engine.Failed, engine.Blocked:
		p.found[e.Key] = e
	case engine.Progress:
		p.total = e.Total
	case engine.Converged, engine.Warned:
	default:
		delete(p.found, e.Key)
	}
}

// plan sorts what was found by its place in the program.
func (p *planner) plan() *plan {
	out := &plan{Total: p.total}
	for _, e := range p.found {
		switch e.Kind {
		case engine.Changed:
			out.Changed = append(out.Changed, e)
		case engine.Failed:
			out.Failed = append(out.Failed, e)
		default:
			out.Blocked = append(out.Blocked, e)
		}
	}
	for _, list := range [][]engine.Event{out.Changed, out.Failed, out.Blocked} {
		slices.SortFunc(list, byPlace)
	}
	return out
}

func byPlace(a, b engine.Event) int {
	fileA, lineA, columnA := place(a.Pos)
	fileB, lineB, columnB := place(b.Pos)
	return cmp.Or(strings.Compare(fileA, fileB), lineA-lineB, columnA-columnB,
		strings.Compare(a.Key.Kind, b.Key.Kind), strings.Compare(a.Key.Name, b.Key.Name))
}

// place takes file:line:column apart.
func place(pos string) (file string, line, column int) {
	rest, c := cutLast(pos)
	file, l := cutLast(rest)
	line, _ = strconv.Atoi(l)
	column, _ = strconv.Atoi(c)
	return file, line, column
}

func cutLast(s string) (before, after string) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// A plan is what run would do.
type plan struct {
	Changed, Failed, Blocked []engine.Event
	Total                    int // resources
}

// text shows the plan to people.
func (p *plan) text(w goio.Writer, color bool) error {
	var b []byte
	line := func(format string, args ...any) {
		b = append(append(b, console.Printable(fmt.Sprintf(format, args...))...), '\n')
	}
	for _, e := range p.Changed {
		for _, c := range e.Changes {
			line("%s: %s", e.Key, c)
			if c.Diff != nil && !c.Secret {
				b = console.AppendDiff(b, c.Diff(), color)
			}
		}
	}
	for _, e := range p.Failed {
		line("%s: error: %s: %s", e.Pos, e.Key, e.Err)
	}
	for _, e := range p.Blocked {
		line("%s: waits for %s, which failed", e.Key, e.By)
	}
	b = fmt.Appendf(b, "%d of %d resources would change", len(p.Changed), p.Total)
	if n := len(p.Failed) + len(p.Blocked); n > 0 {
		b = fmt.Appendf(b, ", and %d could not be checked", n)
	}
	_, err := w.Write(append(b, '\n'))
	return err
}

// The JSON form of a plan.
type (
	jsonPlan struct {
		Resources int          `json:"resources"`
		Changes   []jsonStep   `json:"changes"`
		Errors    []jsonFault  `json:"errors"`
		Blocked   []jsonWaiter `json:"blocked"`
	}
	jsonStep struct {
		jsonID
		Pos     string           `json:"pos"`
		Changes []history.Change `json:"changes"`
	}
	jsonFault struct {
		jsonID
		Pos   string `json:"pos"`
		Error string `json:"error"`
	}
	jsonWaiter struct {
		jsonID
		Pos string `json:"pos"`
		By  jsonID `json:"by"`
	}
)

func (p *plan) json() jsonPlan {
	out := jsonPlan{p.Total, []jsonStep{}, []jsonFault{}, []jsonWaiter{}}
	for _, e := range p.Changed {
		step := jsonStep{jsonID: idOf(e.Key.ID), Pos: e.Pos}
		for _, c := range e.Changes {
			step.Changes = append(step.Changes, console.JSONChange(c, true))
		}
		out.Changes = append(out.Changes, step)
	}
	for _, e := range p.Failed {
		out.Errors = append(out.Errors, jsonFault{idOf(e.Key.ID), e.Pos, e.Err.Error()})
	}
	for _, e := range p.Blocked {
		out.Blocked = append(out.Blocked, jsonWaiter{idOf(e.Key.ID), e.Pos, idOf(e.By.ID)})
	}
	return out
}
