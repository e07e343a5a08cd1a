package stdgolang

import (
	"strings"
	"sync"
	"text/template"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module golang. Its templates may call the functions of library,
// which is asked for when the first template runs.
func Module(library func() *funcs.Library) *funcs.Module {
	t := newTemplates(library)
	return &funcs.Module{
		Path: "golang",
		Doc:  "Text templates.",
		Funcs: []*funcs.Function{{
			Name: "template",
			Doc: "Executes a template of the Go package text/template with vars as the dot. The fields of a struct have their own names, and those with an upper-case first letter. " +
				"A field that is missing is an error. The functions of this library that take and return plain values can be called, with / and . of their names replaced by _ as in datetime_print; " +
				"one without a module begins with _. An error that such a function returns stays as it is, any other error of the template is fatal.",
			Sigs:   table.Sig("func(template str) str", "func(template str, vars ?1) str"),
			Check:  table.NoFunc,
			Impure: t.run,
		}},
	}
}

// templates executes templates. It keeps what it parsed: parsing costs far more than
// executing, and a program has few templates.
type templates struct {
	library func() *funcs.Library

	mu     sync.Mutex // guards the fields below
	bases  map[mode]*template.Template
	parsed map[templateKey]*template.Template
}

const maxParsed = 256

func newTemplates(library func() *funcs.Library) *templates {
	return &templates{
		library: library,
		bases:   map[mode]*template.Template{},
		parsed:  map[templateKey]*template.Template{},
	}
}

type templateKey struct {
	mode mode
	text string
}

// A mode says how the functions of a template behave.
type mode struct {
	caught bool // the call of the template stands on the left of <|>
	fields naming
}

func (t *templates) run(call *funcs.Call, args []types.Value) (types.Value, error) {
	text := string(args[0].(types.Str))
	var vars types.Value
	var varsType *types.Type
	if len(args) > 1 {
		vars, varsType = args[1], call.Sig.Fields[1].Type
	}
	out, err := t.execute(text, mode{call.Caught, upperCase}, vars, varsType)
	if err != nil {
		// A template may call the fields of structs by their own names as well. They are
		// not there from the start because whoever prints or ranges over a struct would
		// see each field twice.
		if out, err := t.execute(text, mode{call.Caught, bothCases}, vars, varsType); err == nil {
			return out, nil
		}
	}
	return out, err
}

func (t *templates) execute(text string, m mode, vars types.Value, varsType *types.Type) (types.Value, error) {
	tmpl, err := t.parse(templateKey{m, text})
	if err != nil {
		return nil, templateError{err}
	}
	var data any
	if vars != nil {
		data = toTemplate(vars, varsType, m.fields).Interface()
	}
	var b strings.Builder
	if err := tmpl.Execute(&b, data); err != nil {
		return nil, templateError{err}
	}
	return types.Str(b.String()), nil
}

// A templateError leaves out what the errors of package text/template begin with: it is
// the name of the function too.
type templateError struct{ error }

func (e templateError) Error() string { return strings.TrimPrefix(e.error.Error(), "template: ") }
func (e templateError) Unwrap() error { return e.error }

func (t *templates) parse(key templateKey) (*template.Template, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tmpl := t.parsed[key]; tmpl != nil {
		return tmpl, nil
	}
	tmpl, err := t.base(key.mode).Clone()
	if err != nil {
		return nil, err
	}
	if tmpl, err = tmpl.Parse(key.text); err != nil {
		return nil, err
	}
	if len(t.parsed) >= maxParsed {
		clear(t.parsed)
	}
	t.parsed[key] = tmpl
	return tmpl, nil
}

// base returns an empty template that knows the functions.
func (t *templates) base(m mode) *template.Template {
	if base := t.bases[m]; base != nil {
		return base
	}
	calls := template.FuncMap{}
	for path, module := range t.library().Modules() {
		for _, f := range module.Funcs {
			if simple(path, f) {
				calls[safeName(path, f.Name)] = templateFunc(f, m)
			}
		}
	}
	base := template.New("line").Option("missingkey=error").Funcs(calls)
	t.bases[m] = base
	return base
}

// needHost are the modules, or functions, that need more of the agent than a template
// can give them.
var needHost = map[string]bool{
	"local": true, "deploy.abspath": true, "deploy.readfile": true, "deploy.readfileabs": true,
	"deploy.file_exists": true, "deploy.directory": true, ".random1": true,
	"test.one_instance_a": true, "test.one_instance_c": true, "test.one_instance_e": true, "test.one_instance_g": true,
}

// simple reports whether templates can call the function: it takes and returns plain
// values, and has neither type variables nor events.
func simple(path string, f *funcs.Function) bool {
	if f.Pure == nil && f.Impure == nil || len(f.Sigs) != 1 || f.Variadic || f.Infer != nil {
		return false
	}
	operator := path == "" && strings.HasPrefix(f.Name, "_")
	return !operator && !needHost[path] && !needHost[path+"."+f.Name] && plain(f.Sigs[0])
}

// plain reports whether the type of a function has no variable and no function inside.
func plain(sig *types.Type) bool {
	for _, p := range sig.Fields {
		if hasVar(p.Type) || p.Type.HasFunc() {
			return false
		}
	}
	return !hasVar(sig.Elem)
}

func hasVar(t *types.Type) bool {
	if t == nil {
		return false
	}
	if t.Kind == types.KindVar || t.Kind == types.KindVariant || hasVar(t.Elem) || hasVar(t.Key) {
		return true
	}
	for _, f := range t.Fields {
		if hasVar(f.Type) {
			return true
		}
	}
	return false
}

// safeName is the name of a function in templates.
func safeName(path, name string) string {
	return strings.NewReplacer(".", "_", "/", "_").Replace(path + "." + name)
}
