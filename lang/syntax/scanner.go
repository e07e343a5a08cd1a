package syntax

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A scanner cuts a text into lexemes. It never fails: what is no lexeme is
// reported, and either repaired (a string in the wrong quotes is a string all the
// same) or handed on as tBad.
type scanner struct {
	reporter
	src      string
	off      int  // of the next byte to look at
	fresh    bool // nothing but blanks so far on this line
	comments []Comment
	unclosed bool // a string was not closed up to the end of the text
}

// far bounds how much text the guesses about mistakes look at, so that no text takes
// longer than its size.
const far = 4096

// Classes of bytes.
const (
	isLower = 1 << iota
	isUpper
	isDigit
	isUnderscore
)

var class = func() (c [256]uint8) {
	for b := 'a'; b <= 'z'; b++ {
		c[b] = isLower
	}
	for b := 'A'; b <= 'Z'; b++ {
		c[b] = isUpper
	}
	for b := '0'; b <= '9'; b++ {
		c[b] = isDigit
	}
	c['_'] = isUnderscore
	return c
}()

var punctuation = [256]token{
	'{': tLBrace, '}': tRBrace, '(': tLParen, ')': tRParen, '[': tLBracket, ']': tRBracket,
	',': tComma, ':': tColon, ';': tSemi, '.': tDot, '$': tDollar, '=': tAssign,
	'+': tPlus, '-': tMinus, '*': tStar, '/': tSlash, '<': tLt, '>': tGt, '!': tBang,
}

// byteAt returns the byte at offset i, or zero beyond the end.
func (s *scanner) byteAt(i int) byte {
	if i < len(s.src) {
		return s.src[i]
	}
	return 0
}

// near returns the text at offset i, as far as guesses look.
func (s *scanner) near(i int) string { return s.src[i:min(len(s.src), i+far)] }

// scan returns the next lexeme.
func (s *scanner) scan() lexeme {
	s.blanks()
	start, fresh := s.off, s.fresh
	kind := tEOF
	if s.off < len(s.src) {
		if fresh && s.conflictMarker() {
			return s.scan()
		}
		s.fresh = false
		kind = s.lexeme()
	}
	return lexeme{kind, fresh, int32(start), int32(s.off)}
}

// conflictMarker goes past a line that a failed merge has left.
func (s *scanner) conflictMarker() bool {
	rest := s.src[s.off:]
	if !strings.HasPrefix(rest, "<<<<<<<") && !strings.HasPrefix(rest, "=======") && !strings.HasPrefix(rest, ">>>>>>>") {
		return false
	}
	line, _, _ := strings.Cut(rest, "\n")
	if rest[0] == '<' {
		s.report(codeConflictMarker, s.span(s.off, s.off+len(line)), "a merge left this conflict unresolved").
			hint("choose one of the versions, and remove the marker lines")
	}
	s.off += len(line)
	return true
}

// blanks skips white space and comments.
func (s *scanner) blanks() {
	for s.off < len(s.src) {
		switch s.src[s.off] {
		case ' ', '\t':
			s.off++
		case '\r':
			if s.byteAt(s.off+1) != '\n' {
				return
			}
			s.off++
		case '#':
			s.comment(1)
		case '/':
			if c := s.byteAt(s.off + 1); c != '/' && c != '*' {
				return
			}
			s.foreignComment()
		default:
			return
		}
	}
}

// comment takes in a comment whose mark has the given length.
func (s *scanner) comment(mark int) {
	start := s.off
	end := strings.IndexByte(s.src[start:], '\n')
	if end < 0 {
		end = len(s.src)
	} else {
		end += start
	}
	s.off = end
	text := strings.TrimRight(s.src[start+mark:end], "\r")
	s.comments = append(s.comments, Comment{text, s.span(start, start+mark+len(text))})
}

// foreignComment takes in a comment in the style of another language.
func (s *scanner) foreignComment() {
	start := s.off
	d := s.report(codeWrongComment, s.span(start, start+2), "a comment begins with `#`")
	if s.src[start+1] == '/' {
		d.fix("write `#`", Edit{s.span(start, start+2), "#"})
		s.comment(2)
		return
	}
	d.Hint = "begin each line of the comment with `#`"
	if end := strings.Index(s.src[start+2:], "*/"); end >= 0 {
		s.off = start + 2 + end + 2
		return
	}
	s.off = len(s.src)
}

// lexeme scans one lexeme that is not the end of the text.
func (s *scanner) lexeme() token {
	c := s.src[s.off]
	switch class[c] {
	case isLower:
		return s.word()
	case isUpper:
		return s.capital()
	case isDigit:
		return s.number()
	}
	switch c {
	case '\n':
		s.off++
		s.fresh = true
		return tNewline
	case '"':
		if strings.HasPrefix(s.src[s.off:], `"""`) {
			return s.tripleText()
		}
		return s.text()
	case '\'', '`':
		return s.foreignText(c)
	}
	if t := s.double(); t != tEOF {
		s.off += len(tokenText[t])
		return t
	}
	if t := punctuation[c]; t != tEOF {
		s.off++
		return t
	}
	return s.unknown()
}

// double recognises the operators of more than one character.
func (s *scanner) double() token {
	next := s.byteAt(s.off + 1)
	switch s.src[s.off] {
	case '=':
		switch next {
		case '>':
			return tFat
		case '=':
			return tEq
		}
	case '-':
		if next == '>' {
			return tArrow
		}
	case '?':
		if next == ':' {
			return tElvis
		}
	case '!':
		if next == '=' {
			return tNe
		}
	case '<':
		switch next {
		case '=':
			return tLe
		case '|':
			if s.byteAt(s.off+2) == '>' {
				return tExcept
			}
		}
	case '>':
		if next == '=' {
			return tGe
		}
	case '&':
		if next == '&' {
			return tAndAnd
		}
	case '|':
		if next == '|' {
			return tOrOr
		}
	}
	return tEOF
}

// word scans a name or reserved word.
func (s *scanner) word() token {
	start := s.off
	for s.off < len(s.src) && class[s.src[s.off]]&(isLower|isDigit|isUnderscore) != 0 {
		s.off++
	}
	if s.byteAt(s.off-1) == '_' || class[s.byteAt(s.off)]&isUpper != 0 {
		s.badName(start)
		return tIdent
	}
	if n := s.off - start; n <= longestKeyword && n > 1 {
		if t, ok := keywords[s.src[start:s.off]]; ok {
			return t
		}
	}
	return tIdent
}

// capital scans a capitalised name.
func (s *scanner) capital() token {
	start := s.off
	s.off++
	for s.off < len(s.src) && class[s.src[s.off]]&(isLower|isDigit|isUnderscore) != 0 {
		s.off++
	}
	if s.byteAt(s.off-1) == '_' || class[s.byteAt(s.off)]&isUpper != 0 {
		s.badName(start)
	}
	return tCapital
}

// badName takes in the rest of a name that goes on in a way it must not, and
// proposes a good one.
func (s *scanner) badName(start int) {
	for s.off < len(s.src) && class[s.src[s.off]] != 0 {
		s.off++
	}
	name := s.src[start:s.off]
	good := snakeCase(name)
	span := s.span(start, s.off)
	var d *Diagnostic
	if strings.ContainsFunc(name[1:], unicode.IsUpper) {
		d = s.report(codeBadName, span, "a name has no upper-case letters inside: `%s`", name)
	} else {
		d = s.report(codeBadName, span, "a name does not end in an underscore: `%s`", name)
	}
	d.fix(fmt.Sprintf("write `%s`", good), Edit{span, good})
}

// snakeCase turns fooBar_ into foo_bar, and FooBar into Foobar: a capitalised name
// is a kind, and those have no underscores of their own.
func snakeCase(name string) string {
	capital := class[name[0]]&isUpper != 0
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if class[c]&isUpper != 0 && i > 0 {
			if !capital && class[name[i-1]]&(isLower|isDigit) != 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return strings.TrimRight(b.String(), "_")
}

// number scans digits, or digits, a point and digits. A sign is the parser's.
func (s *scanner) number() token {
	start := s.off
	s.digits()
	kind := tInt
	if s.byteAt(s.off) == '.' && class[s.byteAt(s.off+1)]&isDigit != 0 {
		s.off++
		s.digits()
		kind = tFloat
	}
	switch c := s.byteAt(s.off); {
	case c == '_' && class[s.byteAt(s.off+1)]&isDigit != 0, c == 'e' && s.exponent(), c == 'E' && s.exponent(),
		c == 'x' && s.src[start:s.off] == "0", c == '.':
		return s.badNumber(start)
	}
	return kind
}

func (s *scanner) digits() {
	for s.off < len(s.src) && class[s.src[s.off]]&isDigit != 0 {
		s.off++
	}
}

// exponent reports whether the e at the offset begins an exponent.
func (s *scanner) exponent() bool {
	next := s.byteAt(s.off + 1)
	if next == '-' || next == '+' {
		next = s.byteAt(s.off + 2)
	}
	return class[next]&isDigit != 0
}

// badNumber takes in a number in a form of another language.
func (s *scanner) badNumber(start int) token {
	for s.off < len(s.src) {
		c := s.src[s.off]
		sign := (c == '-' || c == '+') && s.src[s.off-1]|0x20 == 'e'
		if class[c] == 0 && c != '.' && !sign {
			break
		}
		s.off++
	}
	text, span := s.src[start:s.off], s.span(start, s.off)
	d := s.report(codeBadNumber, span, "`%s` is not how a number is written", text).
		hint("a number is written in plain decimal digits, such as 1000 or 2.5")
	if plain := plainNumber(text); plain != "" {
		d.fix("write "+plain, Edit{span, plain})
	}
	return tBad
}

// plainNumber returns a number of another language in the form of this one, or "".
func plainNumber(text string) string {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) > 1e15 {
		return ""
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return plain
}

// text scans a string.
func (s *scanner) text() token {
	start := s.off
	end, lines := s.closingQuote(start)
	if end < 0 || lines && s.swallowed(end) {
		s.unclosed = s.unclosed || end < 0
		line, _, _ := strings.Cut(s.src[start+1:], "\n")
		s.off = start + 1 + len(trimCode(line))
		at := s.span(s.off, s.off)
		s.report(codeUnclosedString, s.span(start, s.off), "the string that begins here is not closed").
			hint("a string ends with `\"`; within it, a quote is written `\\\"`").
			fix("close it", Edit{at, `"`})
		return tString
	}
	s.off = end
	return tString
}

// tripleText scans a string in three quotes on each side.
func (s *scanner) tripleText() token {
	start := s.off
	end := strings.Index(s.src[start+3:], `"""`)
	if end < 0 {
		return s.text()
	}
	s.off = start + 3 + end + 3
	s.report(codeWrongQuotes, s.span(start, start+3), "a string has one quote on each side").
		hint("a string in plain double quotes may have several lines")
	return tString
}

// trimCode removes from the rest of a line what probably follows the string that
// lacks its closing quote: commas, closing brackets, and the brace of a block.
func trimCode(line string) string {
	for len(line) < far {
		line = strings.TrimRight(line, " \t\r,;")
		n := len(line) - 1
		if n < 0 {
			return line
		}
		open := strings.IndexByte("([{", openerOf(line[n]))
		switch {
		case line[n] == '{' && n > 0 && line[n-1] == ' ':
		case open >= 0 && strings.Count(line, line[n:]) > strings.Count(line, "([{"[open:open+1]):
		default:
			return line
		}
		line = line[:n]
	}
	return line
}

// openerOf returns the bracket that c closes, or zero.
func openerOf(c byte) byte {
	switch c {
	case ')':
		return '('
	case ']':
		return '['
	case '}':
		return '{'
	}
	return 0
}

// closingQuote returns the offset after the quote that closes the string at start,
// or -1, and whether the string has more than one line. After one that was never
// closed, only the line is searched.
func (s *scanner) closingQuote(start int) (end int, lines bool) {
	for i := start + 1; i < len(s.src); i++ {
		switch s.src[i] {
		case '"':
			return i + 1, lines
		case '\\':
			i++
		case '\n':
			if s.unclosed {
				return -1, false
			}
			lines = true
		}
	}
	return -1, lines
}

// swallowed reports whether what follows the quote before end shows that it opens
// a string, so that the one before it lacks its closing quote.
func (s *scanner) swallowed(end int) bool {
	i := end
	for class[s.byteAt(i)] != 0 {
		i++
	}
	if i == end {
		return end < len(s.src) && strings.IndexByte(`/$.%\~@"`, s.src[end]) >= 0
	}
	_, keyword := keywords[s.src[end:i]]
	return !keyword
}

// foreignText scans a string in quotes that are not the language's.
func (s *scanner) foreignText(quote byte) token {
	start := s.off
	rest := s.src[start+1:]
	end := strings.IndexByte(rest, quote)
	if end < 0 || strings.IndexByte(rest[:end], '\n') >= 0 {
		return s.unknown()
	}
	s.off = start + 1 + end + 1
	span := s.span(start, s.off)
	d := s.report(codeWrongQuotes, span, "a string is written in double quotes")
	inner := strings.ReplaceAll(rest[:end], `"`, `\"`)
	d.fix("use double quotes", Edit{span, `"` + inner + `"`})
	return tString
}

// unknown takes in a run of characters that mean nothing.
func (s *scanner) unknown() token {
	start := s.off
	r, size := utf8.DecodeRuneInString(s.src[start:])
	if strings.ContainsRune("“”„«»‘’", r) {
		return s.curlyText(r, size)
	}
	for s.off < len(s.src) {
		c := s.src[s.off]
		if c == ' ' || c == '\t' || c == '\n' || class[c] != 0 && c != '_' || punctuation[c] != tEOF || c == '"' || c == '#' {
			break
		}
		s.off++
	}
	d := s.report(codeUnknownCharacter, s.span(start, start+size), "%s is not part of the language", showRune(r))
	d.Hint = characterHints[r]
	if r == '\u00a0' {
		d.fix("use a plain space", Edit{s.span(start, start+size), " "})
	}
	return tBad
}

// curlyText scans a string in typographic quotes.
func (s *scanner) curlyText(open rune, size int) token {
	start := s.off
	line, _, _ := strings.Cut(s.near(start+size), "\n")
	end := strings.IndexAny(line, "“”„«»‘’\"")
	s.off += size
	d := s.report(codeWrongQuotes, s.span(start, s.off), "%s is a typographic quote; a string is written in plain double quotes", showRune(open))
	if end < 0 {
		s.off += len(line)
		return tString
	}
	_, closing := utf8.DecodeRuneInString(line[end:])
	s.off += end + closing
	d.fix("use plain double quotes", Edit{s.span(start, s.off), `"` + line[:end] + `"`})
	return tString
}

var characterHints = map[rune]string{
	'%':      "the remainder of a division is math.mod(a, b)",
	'^':      "a power is math.pow(x, y)",
	'&':      "the operator for two conditions is `and`",
	'|':      "the operators are `or` for conditions, and `<|>` for a fallback",
	'?':      "a choice is written `if cond { a } else { b }`",
	'\\':     "a line cannot be continued; inside ( ) and [ ] it may be broken anywhere",
	'@':      "a variable is written `$name`",
	'\r':     "lines end with a newline; a carriage return stands only directly before it",
	'_':      "names begin with a letter",
	'\ufeff': "a byte order mark may only stand at the start of the file",
	'\u00a0': "this is a no-break space, which looks like a space",
}

// showRune names a character in a message.
func showRune(r rune) string {
	switch {
	case r == utf8.RuneError:
		return "this byte"
	case unicode.IsGraphic(r) && !unicode.IsSpace(r):
		return fmt.Sprintf("`%c`", r)
	}
	return fmt.Sprintf("the character %U", r)
}
