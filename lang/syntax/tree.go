package syntax

// A Node is a piece of the tree.
type Node interface {
	Span() Span
}

// An Expr is an expression. Each expression of a program that is parsed into one
// [Files] set with one [IDs] counter has its own small number, so that a pass can
// keep what it finds out in a slice.
type Expr interface {
	Node
	ID() int32
	exprNode()
}

// A Stmt is a statement.
type Stmt interface {
	Node
	stmtNode()
}

// A Type is a type as written.
type Type interface {
	Node
	typeNode()
}

// pos is embedded in every node.
type pos struct{ span Span }

func (p pos) Span() Span { return p.span }

// expr is embedded in every expression.
type expr struct {
	pos
	id int32
}

func (e expr) ID() int32 { return e.id }
func (expr) exprNode()   {}

// stmt is embedded in every statement.
type stmt struct{ pos }

func (stmt) stmtNode() {}

// typ is embedded in every written type.
type typ struct{ pos }

func (typ) typeNode() {}

// A Name is an identifier and its place.
type Name struct {
	Text string
	Span Span
}

// A Comment is the text from # to the end of the line, without the #.
type Comment struct {
	Text string
	Span Span
}

// A Tree is one parsed file.
type Tree struct {
	File     *File
	Stmts    []Stmt
	Comments []Comment // in order of place
}

// A Block is the statements between two braces.
type Block struct {
	pos
	Stmts []Stmt
}

// Statements.
type (
	// Bind is $name type = value.
	Bind struct {
		stmt
		Name  Name // without the $
		Type  Type // or nil
		Value Expr
	}

	// Panic is panic(args).
	Panic struct {
		stmt
		Args []Expr
	}

	// Resource is kind name { items }; with Collect set it stands behind the
	// word collect.
	Resource struct {
		stmt
		Collect bool
		Kind    Name // parts joined by ":", lower case
		Name    Expr
		Items   []Item
	}

	// EdgeStmt is a chain of two or more halves, or (a mistake) of one.
	EdgeStmt struct {
		stmt
		Halves []Half
	}

	// IfStmt is if cond { } else { }. An "else if" is an Else block that holds
	// just the inner statement.
	IfStmt struct {
		stmt
		Cond   Expr
		Then   *Block
		Else   *Block // or nil
		ElseIf bool   // Else was written as "else if"
	}

	// ForStmt is for $index, $value in range { } or, with Keyed set,
	// forkv $key, $value in range { }.
	ForStmt struct {
		stmt
		Keyed      bool
		Key, Value Name
		Range      Expr
		Body       *Block
		KeyID      int32 // number of the loop variables, as of an expression
		ValueID    int32
	}

	// FuncStmt is func name(params) { body }.
	FuncStmt struct {
		stmt
		Name Name
		Func *FuncLit
	}

	// ClassStmt is class name(params) { body }.
	ClassStmt struct {
		stmt
		Name      Name // parts joined by ":"
		HasParens bool
		Params    []*Param
		Body      *Block
	}

	// IncludeStmt is include path(args) as alias.
	IncludeStmt struct {
		stmt
		Path      Name // parts joined by "."
		HasParens bool
		Args      []Expr
		Alias     Name  // or empty
		ID        int32 // number, as of an expression
	}

	// ImportStmt is import "path" as alias.
	ImportStmt struct {
		stmt
		Path  Name
		Alias Name // or empty, or "*"
	}

	// BadStmt stands where a statement could not be parsed.
	BadStmt struct{ stmt }
)

// An ItemKind tells what a line in the body of a resource sets.
type ItemKind uint8

// The kinds of items.
const (
	FieldItem   ItemKind = iota // field => value,
	EdgeItem                    // Before => Kind["name"],
	MetaItem                    // Meta:name => value,
	MetaAllItem                 // Meta => struct{…},
)

// An Item is one entry of the body of a resource.
type Item struct {
	Kind ItemKind
	Span Span // up to and with the comma
	Name Name // field, "before"/"notify"/"depend"/"listen" (as written, lower case), meta name
	Cond Expr // before ?:, or nil
	// Value is set for fields and metas, Half for edges.
	Value Expr
	Half  *Half
}

// A Half is Kind[name] or Kind[name].field.
type Half struct {
	Span  Span
	Kind  Name // lower case
	Name  Expr
	Field Name // or empty
}

// A Param is a parameter of a function or class. ID numbers it like an expression.
type Param struct {
	pos
	Name Name
	Type Type // or nil
	ID   int32
}

// Expressions.
type (
	// BoolLit is true or false.
	BoolLit struct {
		expr
		Value bool
	}

	// IntLit is a whole number.
	IntLit struct {
		expr
		Value int64
	}

	// FloatLit is a number with a point.
	FloatLit struct {
		expr
		Value float64
	}

	// StringLit is a string. Without interpolation Parts is nil and Value is its
	// text. With it, Parts has the pieces in order.
	StringLit struct {
		expr
		Raw   string // between the quotes, as written
		Value string
		Parts []StringPart
	}

	// ListLit is [elems].
	ListLit struct {
		expr
		Elems []Expr
	}

	// MapLit is {key => value}.
	MapLit struct {
		expr
		Entries []MapEntry
	}

	// StructLit is struct{name => value}.
	StructLit struct {
		expr
		Fields []FieldInit
	}

	// VarExpr is $path.
	VarExpr struct {
		expr
		Path string // dotted, without the $
	}

	// FuncLit is func(params) result { body }.
	FuncLit struct {
		expr
		Params []*Param
		Result Type // or nil
		Body   Expr
	}

	// CallExpr is path(args), $path(args) or func(…){…}(args): exactly one of
	// Name, Var and Lit is set.
	CallExpr struct {
		expr
		Name Name // dotted
		Var  *VarExpr
		Lit  *FuncLit
		Args []Expr
	}

	// IfExpr is if cond { then } else { else }. An "else if" chain nests in Else.
	IfExpr struct {
		expr
		Cond, Then, Else Expr
		ElseIf           bool // Else was written as "else if"
	}

	// ParenExpr is (x).
	ParenExpr struct {
		expr
		X Expr
	}

	// IndexExpr is x[index].
	IndexExpr struct {
		expr
		X, Index Expr
	}

	// FieldExpr is x->field, or with Default set the fused x->field <|> default.
	FieldExpr struct {
		expr
		X       Expr
		Field   Name
		Default Expr // or nil
	}

	// UnaryExpr is not x, or -x.
	UnaryExpr struct {
		expr
		Op Op // OpNot or OpNeg
		X  Expr
	}

	// BinaryExpr is x op y.
	BinaryExpr struct {
		expr
		Op     Op
		OpSpan Span
		X, Y   Expr
	}

	// BadExpr stands where an expression could not be parsed.
	BadExpr struct{ expr }
)

// A StringPart is a piece of an interpolated string: text, or a variable.
type StringPart struct {
	Text string
	Var  *VarExpr // or nil
}

// A MapEntry is key => value.
type MapEntry struct{ Key, Value Expr }

// A FieldInit is name => value in a struct literal.
type FieldInit struct {
	Name  Name
	Value Expr
}

// An Op is an operator.
type Op uint8

// The operators.
const (
	OpNone Op = iota
	OpExcept
	OpOr
	OpAnd
	OpLt
	OpGt
	OpLe
	OpGe
	OpEq
	OpNe
	OpIn
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpNot
	OpNeg
)

var opNames = [...]string{
	OpExcept: "<|>", OpOr: "or", OpAnd: "and", OpLt: "<", OpGt: ">", OpLe: "<=", OpGe: ">=",
	OpEq: "==", OpNe: "!=", OpIn: "in", OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/",
	OpNot: "not", OpNeg: "-",
}

func (o Op) String() string { return opNames[o] }

// Types.
type (
	// BasicType is bool, str, int, float or variant.
	BasicType struct {
		typ
		Name string
	}

	// ListType is []elem.
	ListType struct {
		typ
		Elem Type
	}

	// MapType is map{key: value}.
	MapType struct {
		typ
		Key, Value Type
	}

	// StructType is struct{name type; …}.
	StructType struct {
		typ
		Fields []FieldType
	}

	// FuncType is func($name type, …) result.
	FuncType struct {
		typ
		Params []FieldType // Name may be empty
		Result Type
	}
)

// A FieldType is a field of a struct type or a parameter of a function type.
type FieldType struct {
	Name Name
	Type Type
}

// IDs hands out the numbers of expressions, parameters and loop variables. One
// counter serves all files of a program.
type IDs struct{ next int32 }

// Next returns the next number; the first is 0.
func (c *IDs) Next() int32 {
	c.next++
	return c.next - 1
}

// Len returns how many numbers were given out: the size of a side table.
func (c *IDs) Len() int { return int(c.next) }
