package syntax

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestDeep holds that programs nest as deeply as anybody wants, and that beyond the
// limit there is one diagnostic.
func TestDeep(t *testing.T) {
	nest := func(before, middle, after string) func(int) string {
		return func(n int) string {
			return strings.Repeat(before, n) + middle + strings.Repeat(after, n)
		}
	}
	shapes := map[string]func(n int) string{
		"calls":    func(n int) string { return "$x = " + nest("f(", "1", ")")(n) + "\n" },
		"lists":    func(n int) string { return "$x = " + nest("[", "", "]")(n) + "\n" },
		"parens":   func(n int) string { return "$x = " + nest("(", "1", ")")(n) + "\n" },
		"maps":     func(n int) string { return "$x = " + nest("{1 => ", "1", "}")(n) + "\n" },
		"lambdas":  func(n int) string { return "$x = " + nest("func() { ", "1", " }")(n) + "\n" },
		"sums":     func(n int) string { return "$x = 1" + strings.Repeat(" + 1", n) + "\n" },
		"indexes":  func(n int) string { return "$x = $y" + strings.Repeat("[0]", n) + "\n" },
		"defaults": func(n int) string { return "$x = 1" + strings.Repeat("->a <|> 1", n) + "\n" },
		"nots":     func(n int) string { return "$x = " + strings.Repeat("not ", n) + "true\n" },
		"types":    func(n int) string { return "$x " + strings.Repeat("[]", n) + "int = $y\n" },
		"else ifs": func(n int) string { return "if $x {}" + strings.Repeat(" else if $x {}", n) + "\n" },
		"ifs":      func(n int) string { return "$x = " + nest("if true { ", "1", " } else { 2 }")(n) + "\n" },
		"blocks":   func(n int) string { return nest("if true { ", "", " }")(n) + "\n" },
		"classes":  func(n int) string { return nest("class a { ", "", " }")(n) + "\n" },
		"choices":  func(n int) string { return "$x = " + strings.Repeat("if $y { 1 } else ", n) + "{ 1 }\n" },
	}
	shapes["choices"] = func(n int) string {
		return "$x = " + strings.Repeat("if $y { 1 } else ", n) + "if $y { 1 } else { 1 }\n"
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, diags := parse(shape(100_000)); len(diags) > 0 {
				t.Errorf("100,000 levels:%s", list(diags))
			}
			if _, diags := parse(shape(maxDepth + maxDepth/10)); len(diags) != 1 || diags[0].Code != codeTooDeep {
				t.Errorf("%d levels:%s", 2*maxDepth, list(diags))
			}
		})
	}
}

// TestBrackets holds that a flood of opening brackets has one diagnostic.
func TestBrackets(t *testing.T) {
	for _, c := range []string{"[", "(", "{", "f(", "if true {", "func(", "${"} {
		_, diags := parse(strings.Repeat(c, 10<<20/len(c)))
		if len(diags) == 0 || len(diags) > 3 {
			t.Errorf("%s: %d diagnostics:%.500s", c, len(diags), list(diags))
		}
	}
}

// TestFlood holds that of a mistake that is made again and again the first are shown and the
// others counted, and that it does not hide another one.
func TestFlood(t *testing.T) {
	_, diags := parse(strings.Repeat("$x = %\n", 1000) + "$X = 1\n")
	if len(diags) != maxSame+2 {
		t.Fatalf("%d diagnostics, want %d", len(diags), maxSame+2)
	}
	if other := diags[maxSame]; other.Code != codeBadName {
		t.Errorf("the mistake in the last line is hidden; there is %s: %s", other.Code, other.Message)
	}
	last := diags[maxSame+1]
	if !strings.HasPrefix(last.Message, "and 950 more times: ") || last.Code != codeTooMany {
		t.Errorf("the last one is %s: %s", last.Code, last.Message)
	}
}

// TestNotText holds that what is no text has a diagnostic and nothing else.
func TestNotText(t *testing.T) {
	rubbish := make([]byte, 4096)
	for i := range rubbish {
		rubbish[i] = byte(i * 7)
	}
	_, diags := parse(string(rubbish))
	if len(diags) != 1 || diags[0].Code != codeInvalidUTF8 || diags[0].Message != "main.mcl is not a text file" {
		t.Errorf("rubbish:%s", list(diags))
	}
	_, diags = parse("# caf\xe9\n$x = %\n")
	if len(diags) != 2 || diags[0].Code != codeInvalidUTF8 || diags[1].Code != codeUnknownCharacter {
		t.Errorf("Latin-1:%s", list(diags))
	}
	_, diags = parse("\x00\x01\x02\n")
	if len(diags) != 1 || diags[0].Code != codeUnknownCharacter {
		t.Errorf("control characters:%s", list(diags))
	}
}

// TestTooLarge holds that a text beyond the limit is refused, and not kept.
func TestTooLarge(t *testing.T) {
	var files Files
	files.next = maxOffset - 10
	f := files.Add("big.mcl", bytes.Repeat([]byte{'\n'}, 100))
	_, diags := Parse(f, new(IDs))
	if len(diags) != 1 || diags[0].Code != codeFileTooLarge || len(f.Text) != 0 {
		t.Errorf("%d bytes kept, diagnostics:%s", len(f.Text), list(diags))
	}
	if small := files.Add("small.mcl", []byte("$x")); files.File(small.Pos(1)) != small {
		t.Error("a file that still fits cannot be found")
	}
}

// TestIndependent holds that each of many mistakes is reported, and no other.
func TestIndependent(t *testing.T) {
	var b strings.Builder
	var want []Code
	for _, info := range syntaxCodes {
		switch info.Code {
		case codeUnexpectedEnd, codeInvalidUTF8, codeUnmatched:
			continue // they end the text, or the block
		}
		if info.Example != "" {
			fmt.Fprintf(&b, "if true {\n%s}\n", info.Example)
			want = append(want, info.Code)
		}
	}
	_, diags := parse(b.String())
	for i, d := range diags {
		if i >= len(want) || d.Code != want[i] {
			t.Fatalf("diagnostic %d is %s: %s, want %s", i, d.Code, d.Message, want[min(i, len(want)-1)])
		}
	}
	if len(diags) != len(want) {
		t.Errorf("%d diagnostics, want %d", len(diags), len(want))
	}
}

// TestLinear holds that texts which invite guessing take no longer than others: each
// of them has 200 KB.
func TestLinear(t *testing.T) {
	for _, unit := range []string{
		"\\\"\n", "\"\n", "\"x\n", "'a", "'a' ", "`", "“a", "/*", "$x = <<A\n", "x(", "{\n", "}\n", "test \"a\" {",
		"=======\n", "$a__b ", "\"${", "\\", "$x = \"))))", "if true {} else ", "a.", "A:", "$x{", "<<<<<<<", "f\n(",
	} {
		text := strings.Repeat(unit, 200_000/len(unit))
		var files Files
		_, diags := Parse(files.Add("main.mcl", []byte(text)), new(IDs))
		if err := Render(io.Discard, &files, diags, false); err != nil {
			t.Fatal(err)
		}
	}
}
