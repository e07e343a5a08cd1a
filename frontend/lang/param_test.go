package lang

import (
	"fmt"
	"reflect"

	"mgmt/resource"
)

// paramText returns the text of a parameter of a resource.
func paramText(r resource.Resource, name string) string {
	v := reflect.ValueOf(r).Elem()
	for f := range v.Type().Fields() {
		if f.Tag.Get("mgmt") == name {
			return fmt.Sprint(v.FieldByIndex(f.Index).Interface())
		}
	}
	return "(no parameter " + name + ")"
}
