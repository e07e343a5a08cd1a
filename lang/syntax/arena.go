package syntax

// nodes has what the parser allocates from. Nodes of the frequent kinds come in
// slabs; lists are gathered on stacks and copied once their length is known.
type nodes struct {
	vars    slab[VarExpr]
	strs    slab[StringLit]
	ints    slab[IntLit]
	calls   slab[CallExpr]
	bins    slab[BinaryExpr]
	lists   slab[ListLit]
	binds   slab[Bind]
	parens  slab[ParenExpr]
	fields  slab[FieldExpr]
	indexes slab[IndexExpr]

	exprs   stack[Expr]
	entries stack[MapEntry]
	inits   stack[FieldInit]
	params  stack[*Param]
	items   stack[Item]
	stmts   stack[Stmt]
	types   stack[FieldType]

	capitals map[string]string // lower-case forms of capitalised names
}

// A slab hands out values from ever larger arrays.
type slab[T any] struct{ free []T }

// alloc returns a zero T.
func (s *slab[T]) alloc() *T {
	if len(s.free) == cap(s.free) {
		s.free = make([]T, 0, min(max(8, 2*cap(s.free)), 512))
	}
	s.free = s.free[:len(s.free)+1]
	return &s.free[len(s.free)-1]
}

// A stack gathers the elements of lists that nest.
type stack[T any] struct{ list []T }

func (s *stack[T]) push(x T)  { s.list = append(s.list, x) }
func (s *stack[T]) mark() int { return len(s.list) }

// take removes the elements from mark on, and returns them.
func (s *stack[T]) take(mark int) []T {
	if mark == len(s.list) {
		return nil
	}
	taken := make([]T, len(s.list)-mark)
	copy(taken, s.list[mark:])
	clear(s.list[mark:])
	s.list = s.list[:mark]
	return taken
}
