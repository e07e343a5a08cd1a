package syntax

import (
	"slices"
	"strconv"
	"strings"
)

// A validator looks at a parsed tree for what is wrong with it whatever its names
// mean: repeated fields and names, unknown properties, impossible keys.
type validator struct{ *reporter }

// validate checks tree and reports to r.
func validate(tree *Tree, r *reporter) {
	v := validator{r}
	v.stmts(tree.Stmts)
	v.classes(tree.Stmts)
}

func (v validator) in(phase Phase, code Code, span Span, format string, args ...any) *Diagnostic {
	v.Phase = phase
	return v.report(code, span, format, args...)
}

func (v validator) stmts(list []Stmt) {
	for _, s := range list {
		v.stmt(s)
	}
}

// block checks a block whose classes have names of their own.
func (v validator) block(b *Block) {
	if b != nil {
		v.stmts(b.Stmts)
		v.classes(b.Stmts)
	}
}

func (v validator) stmt(s Stmt) {
	switch s := s.(type) {
	case *Bind:
		v.typ(s.Type)
		v.expr(s.Value)
		v.annotation(s)
	case *Panic:
		v.exprs(s.Args)
	case *Resource:
		v.resource(s)
	case *EdgeStmt:
		for i := range s.Halves {
			v.expr(s.Halves[i].Name)
		}
	case *IfStmt:
		v.expr(s.Cond)
		v.block(s.Then)
		v.block(s.Else)
	case *ForStmt:
		v.loop(s)
	case *FuncStmt:
		v.expr(s.Func)
	case *ClassStmt:
		v.params(s.Params)
		v.stmts(s.Body.Stmts)
	case *IncludeStmt:
		v.exprs(s.Args)
	case *ImportStmt:
		if s.Path.Text == "" {
			v.in(PhaseInit, codeEmptyImport, s.Path.Span, "the name of the module is empty")
		}
	}
}

func (v validator) loop(s *ForStmt) {
	v.expr(s.Range)
	v.block(s.Body)
	for _, inner := range s.Body.Stmts {
		if _, ok := inner.(*ImportStmt); ok {
			v.in(PhaseInit, codeImportInLoop, inner.Span(), "a module cannot be imported for each round of a loop").
				related(Span{s.span.Start, s.Range.Span().End}, "in this loop").
				hint("move the import out of the loop; what it brings is visible inside")
		}
	}
}

func (v validator) exprs(list []Expr) {
	for _, x := range list {
		v.expr(x)
	}
}

func (v validator) expr(x Expr) {
	switch x := x.(type) {
	case *VarExpr:
		if strings.Contains(x.Path, "__") {
			v.in(PhaseInit, codeReservedVariable, x.span, "a variable with two underscores in a row cannot be read: `$%s`", x.Path)
		}
	case *ListLit:
		v.exprs(x.Elems)
	case *MapLit:
		v.mapLit(x)
	case *StructLit:
		v.structLit(x)
	case *FuncLit:
		v.params(x.Params)
		v.typ(x.Result)
		v.expr(x.Body)
	case *CallExpr:
		if x.Var != nil {
			v.expr(x.Var)
		}
		if x.Lit != nil {
			v.expr(x.Lit)
		}
		v.exprs(x.Args)
	case *IfExpr:
		v.expr(x.Cond)
		v.expr(x.Then)
		v.expr(x.Else)
	case *ParenExpr:
		v.expr(x.X)
	case *IndexExpr:
		v.expr(x.X)
		v.expr(x.Index)
	case *FieldExpr:
		v.expr(x.X)
		v.expr(x.Default)
	case *UnaryExpr:
		v.expr(x.X)
	case *BinaryExpr:
		v.expr(x.X)
		v.expr(x.Y)
	}
}

func (v validator) params(list []*Param) {
	var seen names
	for _, p := range list {
		v.typ(p.Type)
		if first, ok := seen.add(p.Name); !ok {
			v.in(PhaseInit, codeDuplicateParameter, p.Name.Span, "there is a parameter `$%s` already", p.Name.Text).
				related(first, "the first one")
		}
	}
}

// names finds repeated names. Short lists, which most are, cost no map.
type names struct {
	list []Name
	seen map[string]Span
}

// add takes in a name, unless it is there already: then it returns the place of the
// first one, and false.
func (s *names) add(n Name) (first Span, added bool) {
	const small = 8
	if n.Text == "" {
		return Span{}, true
	}
	if s.seen == nil {
		if i := slices.IndexFunc(s.list, func(o Name) bool { return o.Text == n.Text }); i >= 0 {
			return s.list[i].Span, false
		}
		if s.list = append(s.list, n); len(s.list) <= small {
			return Span{}, true
		}
		s.seen = make(map[string]Span)
		for _, o := range s.list {
			s.seen[o.Text] = o.Span
		}
		return Span{}, true
	}
	if first, ok := s.seen[n.Text]; ok {
		return first, false
	}
	s.seen[n.Text] = n.Span
	return Span{}, true
}

// metaNames are the meta parameters, in the order of the struct form.
var metaNames = []string{"noop", "retry", "retryreset", "delay", "timeout", "poll", "limit", "burst", "reset",
	"sema", "rewatch", "realize", "dollar", "hidden", "export", "reverse", "autoedge", "autogroup"}

var edgeNames = []string{"before", "notify", "depend", "listen"}

func (v validator) resource(r *Resource) {
	v.expr(r.Name)
	var fields, metas names
	for i := range r.Items {
		item := &r.Items[i]
		v.expr(item.Cond)
		v.expr(item.Value)
		switch item.Kind {
		case FieldItem:
			v.repeated(&fields, item, "the field `%s` is set twice")
		case MetaItem:
			v.repeated(&metas, item, "`Meta:%s` is set twice")
			v.metaName(item.Name)
		case EdgeItem:
			v.edgeItem(item)
		}
	}
}

func (v validator) repeated(seen *names, item *Item, format string) {
	first, ok := seen.add(item.Name)
	if ok {
		return
	}
	code := codeDuplicateField
	if item.Kind == MetaItem {
		code = codeDuplicateMeta
	}
	d := v.in(PhaseInit, code, item.Name.Span, format, item.Name.Text).related(first, "the first time")
	if item.Cond != nil {
		d.hint("to choose between values, write one field with `if cond { a } else { b }`")
	}
}

func (v validator) metaName(n Name) {
	if n.Text == "" || slices.Contains(metaNames, n.Text) {
		return
	}
	d := v.in(PhaseInit, codeUnknownMeta, n.Span, "there is no meta parameter `%s`", n.Text)
	if word := Suggest(n.Text, metaNames); word != "" {
		d.fix("write `"+word+"`", Edit{n.Span, word}).hint("did you mean `%s`?", word)
		return
	}
	d.hint("the meta parameters are %s", strings.Join(metaNames, ", "))
}

// foreignEdges has what the edge properties are called elsewhere.
var foreignEdges = map[string]string{
	"require": "depend", "requires": "depend", "after": "depend", "subscribe": "listen", "subscribes": "listen",
	"notifies": "notify", "needs": "depend", "onchange": "listen", "watch": "listen",
}

// edgeWord returns the edge property that is meant by name, or "".
func edgeWord(name string) string {
	if word := foreignEdges[name]; word != "" {
		return word
	}
	if slices.Contains(edgeNames, name) {
		return name
	}
	return Suggest(name, edgeNames)
}

func (v validator) edgeItem(item *Item) {
	if item.Half != nil {
		v.expr(item.Half.Name)
	}
	n := item.Name
	if slices.Contains(edgeNames, n.Text) {
		return
	}
	word := edgeWord(n.Text)
	d := v.in(PhaseInit, codeUnknownProperty, n.Span, "a resource has no property `%s`", Capitalise(n.Text))
	if word == "" {
		d.hint("the properties are Before, Notify, Depend, Listen and Meta; fields are written in lower case")
		return
	}
	word = Capitalise(word)
	d.fix("write `"+word+"`", Edit{n.Span, word}).hint("did you mean `%s`?", word)
}

func (v validator) structLit(x *StructLit) {
	var seen names
	for i := range x.Fields {
		f := &x.Fields[i]
		v.expr(f.Value)
		if first, ok := seen.add(f.Name); !ok {
			v.in(PhaseInit, codeDuplicateStructField, f.Name.Span, "the struct has a field `%s` already", f.Name.Text).
				related(first, "the first one")
		}
	}
}

// mapLit checks what is evident of the keys of a map: they have one type, which can
// be the type of a key, and no two are the same literal.
func (v validator) mapLit(x *MapLit) {
	var seen names
	var kind string
	var first Expr
	for _, e := range x.Entries {
		v.expr(e.Key)
		v.expr(e.Value)
		key, k := literal(e.Key)
		if k == "" {
			continue
		}
		if why := unhashable(e.Key); why != "" {
			v.in(PhaseInit, codeUnhashableKey, e.Key.Span(), "%s cannot be the key of a map", why)
			continue
		}
		if first == nil {
			kind, first = k, e.Key
		} else if k != kind {
			v.in(PhaseInit, codeMixedKeys, e.Key.Span(), "the keys of a map have one type: this is %s", k).
				related(first.Span(), "this is %s", kind)
			continue
		}
		if before, ok := seen.add(Name{key, e.Key.Span()}); !ok {
			v.in(PhaseInit, codeDuplicateKey, e.Key.Span(), "the map has this key already").
				related(before, "the first one")
		}
	}
}

// unparen returns what is in the parentheses around x.
func unparen(x Expr) Expr {
	for {
		p, ok := x.(*ParenExpr)
		if !ok {
			return x
		}
		x = p.X
	}
}

// literal returns the kind of a literal in words, or "", and for a scalar a text
// that is the same for equal ones.
func literal(x Expr) (key, kind string) {
	switch x := unparen(x).(type) {
	case *BoolLit:
		return strconv.FormatBool(x.Value), "a bool"
	case *IntLit:
		return strconv.FormatInt(x.Value, 10), "an int"
	case *FloatLit:
		return strconv.FormatFloat(x.Value+0, 'g', -1, 64), "a float"
	case *StringLit:
		return `"` + x.Raw, "a str"
	case *ListLit:
		return "", "a list"
	case *MapLit:
		return "", "a map"
	case *StructLit:
		return "", "a struct"
	case *FuncLit:
		return "", "a function"
	}
	return "", ""
}

// unhashable returns why x evidently cannot be a key, or "".
func unhashable(x Expr) string {
	switch x := unparen(x).(type) {
	case *ListLit:
		return "a list"
	case *MapLit:
		return "a map"
	case *FuncLit:
		return "a function"
	case *StructLit:
		for _, f := range x.Fields {
			if why := unhashable(f.Value); why != "" {
				return "a struct with " + why
			}
		}
	}
	return ""
}

// annotation holds that a literal is not annotated with a type that it evidently
// does not have.
func (v validator) annotation(s *Bind) {
	if s.Type == nil {
		return
	}
	var have string
	switch s.Value.(type) {
	case *BoolLit:
		have = "bool"
	case *IntLit:
		have = "int"
	case *FloatLit:
		have = "float"
	case *StringLit:
		have = "str"
	case *MapLit:
		v.mapAnnotation(s)
		return
	default:
		return
	}
	if b, ok := s.Type.(*BasicType); !ok || b.Name != have {
		v.wrongLiteral(s, have)
	}
}

func (v validator) mapAnnotation(s *Bind) {
	if _, ok := s.Type.(*MapType); !ok {
		v.wrongLiteral(s, "map")
	}
}

func (v validator) wrongLiteral(s *Bind, have string) {
	t := s.Type.Span()
	text := string(v.file.Text[v.file.Offset(t.Start):v.file.Offset(t.End)])
	v.in(PhaseParse, codeLiteralType, s.Value.Span(), "`$%s` is annotated as `%s`, but its value is of type `%s`", s.Name.Text, text, have).
		related(t, "the annotation")
}

// typ checks a written type, which may be nil.
func (v validator) typ(t Type) {
	switch t := t.(type) {
	case *ListType:
		v.typ(t.Elem)
	case *MapType:
		v.typ(t.Key)
		v.typ(t.Value)
		if why := unhashableType(t.Key); why != "" {
			v.in(PhaseParse, codeUnhashableType, t.Key.Span(), "%s cannot be the key of a map", why)
		}
	case *StructType:
		v.fieldTypes(t.Fields, "the struct has a field `%s` already")
	case *FuncType:
		v.fieldTypes(t.Params, "there is a parameter `$%s` already")
		v.typ(t.Result)
	}
}

func (v validator) fieldTypes(list []FieldType, format string) {
	var seen names
	for _, f := range list {
		v.typ(f.Type)
		if first, ok := seen.add(f.Name); !ok {
			v.in(PhaseParse, codeDuplicateTypeField, f.Name.Span, format, f.Name.Text).
				related(first, "the first one")
		}
	}
}

// unhashableType returns why a type cannot be that of a key, or "".
func unhashableType(t Type) string {
	switch t := t.(type) {
	case *ListType:
		return "a list"
	case *MapType:
		return "a map"
	case *FuncType:
		return "a function"
	case *StructType:
		for _, f := range t.Fields {
			if why := unhashableType(f.Type); why != "" {
				return "a struct with " + why
			}
		}
	}
	return ""
}

// A classTree has the classes of a block by the parts of their names: class a:b is
// the same as class b inside of class a.
type classTree struct {
	span  Span // of the name; invalid while only classes inside of it are known
	inner map[string]*classTree
}

// at returns the node with the given path below t.
func (t *classTree) at(path string) *classTree {
	for part := range strings.SplitSeq(path, ":") {
		next := t.inner[part]
		if next == nil {
			next = &classTree{}
			if t.inner == nil {
				t.inner = make(map[string]*classTree)
			}
			t.inner[part] = next
		}
		t = next
	}
	return t
}

// classes holds that the classes of a block have different names.
func (v validator) classes(list []Stmt) {
	if slices.ContainsFunc(list, isClass) {
		v.classesIn(list, &classTree{})
	}
}

func isClass(s Stmt) bool {
	_, ok := s.(*ClassStmt)
	return ok
}

func (v validator) classesIn(list []Stmt, tree *classTree) {
	for _, s := range list {
		c, ok := s.(*ClassStmt)
		if !ok || c.Name.Text == "" {
			continue
		}
		node := tree.at(c.Name.Text)
		if node.span.IsValid() {
			v.in(PhaseInterp, codeDuplicateClass, c.Name.Span, "there is a class `%s` already", c.Name.Text).
				related(node.span, "the first one")
			continue
		}
		node.span = c.Name.Span
		v.classesIn(c.Body.Stmts, node)
	}
}
