package resource

import (
	"iter"
	"reflect"
	"sync"
)

// A table is what the tags of a struct type say, read once.
type table struct {
	params []Param
	public []Param // without those whose names begin with _
	paths  [][]int // of the field of each parameter, through embedded structs
	byName map[string]int
}

var tables sync.Map // reflect.Type of a struct → *table

// tableOf returns the table of a resource, which is a pointer to a struct.
func tableOf(r Resource) *table { return tableFor(reflect.TypeOf(r).Elem()) }

func tableFor(t reflect.Type) *table {
	if found, ok := tables.Load(t); ok {
		return found.(*table)
	}
	found, _ := tables.LoadOrStore(t, readTags(t))
	return found.(*table)
}

func readTags(t reflect.Type) *table {
	out := &table{byName: map[string]int{}}
	for _, f := range reflect.VisibleFields(t) {
		name := f.Tag.Get("mgmt")
		if name == "" || !f.IsExported() {
			continue
		}
		out.byName[name] = len(out.params)
		out.params = append(out.params, Param{name, f.Tag.Get("doc"), f.Type, f.Tag.Get("secret") == "true"})
		if name[0] != '_' {
			out.public = append(out.public, out.params[len(out.params)-1])
		}
		out.paths = append(out.paths, f.Index)
	}
	return out
}

// field returns the field of parameter i in a struct of the table's type.
func (t *table) field(of reflect.Value, i int) reflect.Value {
	if path := t.paths[i]; len(path) > 1 {
		return of.FieldByIndex(path)
	}
	return of.Field(t.paths[i][0])
}

// keys are the names of the parameters that programs can give.
func keys(t *table) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range t.public {
			if !yield(p.Name) {
				return
			}
		}
	}
}

// IsSecret reports whether the values of a parameter, or of what a resource sends, are secret.
// Params is a struct, or a pointer to one.
func IsSecret(params any, name string) bool {
	t := structType(params)
	if t == nil {
		return false
	}
	table := tableFor(t)
	i, ok := table.byName[name]
	return ok && table.params[i].Secret
}

// structType returns the struct type of x or of what x points to, or nil.
func structType(x any) reflect.Type {
	t := reflect.TypeOf(x)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// nearest returns the candidate that name is most likely a misspelling of, or "". Of
// equally near ones it takes the first in the alphabet.
func nearest(name string, candidates iter.Seq[string]) string {
	best, bound := "", min(len(name)/3, 3)+1
	for c := range candidates {
		d := distance(name, c)
		if d < bound || d == bound && best != "" && c < best {
			best, bound = c, d
		}
	}
	return best
}

// distance counts the bytes to insert, remove or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
