package syntax

// A token is the kind of a lexeme.
type token uint8

const (
	tEOF     token = iota
	tBad           // text that is no token; the scanner has reported it
	tNewline       // the end of a line
	tIdent         // name
	tCapital       // Name
	tString        // "text"
	tInt           // 12
	tFloat         // 1.2

	tLBrace   // {
	tRBrace   // }
	tLParen   // (
	tRParen   // )
	tLBracket // [
	tRBracket // ]
	tComma    // ,
	tColon    // :
	tSemi     // ;
	tDot      // .
	tDollar   // $
	tAssign   // =
	tFat      // =>
	tArrow    // ->
	tElvis    // ?:
	tExcept   // <|>
	tPlus     // +
	tMinus    // -
	tStar     // *
	tSlash    // /
	tEq       // ==
	tNe       // !=
	tLt       // <
	tGt       // >
	tLe       // <=
	tGe       // >=

	// Operators of former times. They lead to a diagnostic that names the present one.
	tAndAnd // &&
	tOrOr   // ||
	tBang   // !

	tIf
	tElse
	tFor
	tForkv
	tIn
	tAnd
	tOr
	tNot
	tTrue
	tFalse
	tBool
	tStr
	tIntType
	tFloatType
	tMap
	tStruct
	tFunc
	tVariant
	tClass
	tInclude
	tImport
	tAs
	tPanic
	tCollect

	tokens // how many there are
)

var tokenText = [tokens]string{
	tLBrace: "{", tRBrace: "}", tLParen: "(", tRParen: ")", tLBracket: "[", tRBracket: "]",
	tComma: ",", tColon: ":", tSemi: ";", tDot: ".", tDollar: "$", tAssign: "=", tFat: "=>",
	tArrow: "->", tElvis: "?:", tExcept: "<|>", tPlus: "+", tMinus: "-", tStar: "*", tSlash: "/",
	tEq: "==", tNe: "!=", tLt: "<", tGt: ">", tLe: "<=", tGe: ">=",
	tAndAnd: "&&", tOrOr: "||", tBang: "!",
	tIf: "if", tElse: "else", tFor: "for", tForkv: "forkv", tIn: "in", tAnd: "and", tOr: "or",
	tNot: "not", tTrue: "true", tFalse: "false", tBool: "bool", tStr: "str", tIntType: "int",
	tFloatType: "float", tMap: "map", tStruct: "struct", tFunc: "func", tVariant: "variant",
	tClass: "class", tInclude: "include", tImport: "import", tAs: "as", tPanic: "panic",
	tCollect: "collect",
}

// keywords are the reserved words.
var keywords = func() map[string]token {
	words := make(map[string]token)
	for t := tIf; t < tokens; t++ {
		words[tokenText[t]] = t
	}
	return words
}()

// longestKeyword bounds the names worth looking up.
const longestKeyword = len("variant")

func (t token) isKeyword() bool { return t >= tIf }

// closer returns the bracket that closes t, or tEOF.
func (t token) closer() token {
	switch t {
	case tLBrace:
		return tRBrace
	case tLParen:
		return tRParen
	case tLBracket:
		return tRBracket
	}
	return tEOF
}

func (t token) isCloser() bool { return t == tRBrace || t == tRParen || t == tRBracket }

// operator returns the binary operator that t is and how tightly it binds; zero
// for other tokens.
func (t token) operator() (op Op, level int) {
	if t < tExcept || t > tOr {
		return OpNone, 0
	}
	o := operators[t]
	return o.op, int(o.level)
}

// The levels of precedence that the parser treats specially.
const (
	levelExcept  = 1
	levelCompare = 4
)

var operators = [tokens]struct {
	op    Op
	level uint8
}{
	tExcept: {OpExcept, levelExcept},
	tOr:     {OpOr, 2}, tOrOr: {OpOr, 2},
	tAnd: {OpAnd, 3}, tAndAnd: {OpAnd, 3},
	tLt: {OpLt, levelCompare}, tGt: {OpGt, levelCompare}, tLe: {OpLe, levelCompare}, tGe: {OpGe, levelCompare},
	tEq: {OpEq, levelCompare}, tNe: {OpNe, levelCompare}, tIn: {OpIn, levelCompare},
	tPlus: {OpAdd, 5}, tMinus: {OpSub, 5},
	tStar: {OpMul, 6}, tSlash: {OpDiv, 6},
}

// A lexeme is one piece of the text. Offsets are in bytes.
type lexeme struct {
	kind       token
	fresh      bool // the first on its line
	start, end int32
}
