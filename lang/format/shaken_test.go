package format

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestShaken formats programs whose line ends and comments stand anywhere between the
// tokens: those of testdata and examples, and expressions made up here. The seed is
// fixed, so that a failure comes again.
func TestShaken(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var programs []string
	for _, pattern := range []string{"testdata/*.mcl", "../../examples/*.mcl"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			programs = append(programs, strings.Split(string(text), "\n\n")...)
		}
	}
	for range 4000 {
		programs = append(programs, "$x = "+made(random, 4))
	}
	tried, refused := 0, 0
	for _, program := range programs {
		for range 5 {
			text := shake(random, program)
			tried++
			if _, diags := Source("main.mcl", []byte(text)); diags != nil {
				refused++
				continue
			}
			if check(t, text); t.Failed() {
				return
			}
		}
	}
	if refused > tried/2 {
		t.Errorf("%d of %d programs do not parse", refused, tried)
	}
}

// made returns an expression of some depth.
func made(random *rand.Rand, depth int) string {
	if depth == 0 {
		return []string{"0", "$v", `"s"`, "[]", "{}", "true"}[random.IntN(6)]
	}
	sub := func() string { return made(random, random.IntN(depth)) }
	items := func(item func() string) string {
		list := make([]string, random.IntN(4))
		for i := range list {
			list[i] = item()
		}
		return strings.Join(list, ", ")
	}
	switch random.IntN(10) {
	case 0, 1:
		return "[" + items(sub) + "]"
	case 2:
		return "{" + items(func() string { return sub() + " => " + sub() }) + "}"
	case 3:
		return "struct{" + items(func() string { return "f => " + sub() }) + "}"
	case 4:
		return "func($p) { " + sub() + " }"
	case 5:
		return "if " + sub() + " { " + sub() + " } else { " + sub() + " }"
	case 6:
		return "f(" + items(sub) + ")"
	case 7:
		return "( " + sub() + " )"
	case 8:
		return "$v[" + sub() + "]"
	default:
		return sub() + " + " + sub()
	}
}

var tokens = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|#[^\n]*|\n|[$\w.:]+|=>|->|<\|>|\?:|[<>=!]=|&&|\|\||[^\s]`)

// shake puts other blanks, line ends and comments between the tokens of a program.
// Those at the top level keep their lines, for a statement begins on one of its own.
func shake(random *rand.Rand, program string) string {
	const comment = " # c\n"
	between := []string{" ", " ", " ", " ", " ", " ", " ", "\n", "\n\n", comment, "\n" + comment}
	rare := 1 + random.IntN(12)
	var b strings.Builder
	depth := 0
	for _, token := range tokens.FindAllString(program, -1) {
		switch token {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		case "\n":
			if depth > 0 && random.IntN(rare) == 0 {
				token = " "
			}
		}
		if token[0] == '#' {
			token += "\n"
		}
		b.WriteString(token)
		if random.IntN(rare) == 0 {
			b.WriteString(between[random.IntN(len(between))])
		} else if token != "\n" {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
