package format

import (
	"fmt"
	"reflect"
	"strings"

	"mgmt/lang/syntax"
)

// shape describes a tree without its places and numbers.
func shape(tree *syntax.Tree) string {
	var b strings.Builder
	describe(&b, reflect.ValueOf(tree.Stmts))
	return b.String()
}

func describe(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("-")
			return
		}
		describe(b, v.Elem())
	case reflect.Slice:
		b.WriteString("[")
		for i := range v.Len() {
			describe(b, v.Index(i))
			b.WriteString(" ")
		}
		b.WriteString("]")
	case reflect.Struct:
		fmt.Fprintf(b, "%s{", v.Type().Name())
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Type == reflect.TypeFor[syntax.Span]() || strings.HasSuffix(f.Name, "ID") {
				continue
			}
			describe(b, v.Field(i))
			b.WriteString(" ")
		}
		b.WriteString("}")
	default:
		fmt.Fprintf(b, "%#v", v.Interface())
	}
}
