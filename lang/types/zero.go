package types

// Zero returns the zero value of a type: false, the empty string, 0, an empty list or
// map, a struct of zero values. A function, variant or variable has none: nil.
func Zero(t *Type) Value {
	switch t.Kind {
	case KindBool:
		return Bool(false)
	case KindStr:
		return Str("")
	case KindInt:
		return Int(0)
	case KindFloat:
		return Float(0)
	case KindList:
		return &List{}
	case KindMap:
		return &Map{}
	case KindStruct:
		s := &Struct{Names: t.FieldNames(), Elems: make([]Value, len(t.Fields))}
		for i, f := range t.Fields {
			s.Elems[i] = Zero(f.Type)
		}
		return s
	}
	return nil
}

// FieldNames returns the names of the fields of a struct type, in order.
func (t *Type) FieldNames() []string {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	return names
}
