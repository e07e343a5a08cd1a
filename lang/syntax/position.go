package syntax

import (
	"bytes"
	"fmt"
	"math"
	"sort"
	"sync"
	"unicode/utf8"
)

// A Pos is a place in the text of one of the files of a [Files] set: the base
// of the file plus the byte offset in it. The zero Pos is no place at all.
type Pos int32

// A Span is the text from Start up to, but not including, End. Both lie in the
// same file.
type Span struct{ Start, End Pos }

// IsValid reports whether the span lies in a file.
func (s Span) IsValid() bool { return s.Start > 0 }

// To returns the span from the start of s to the end of t.
func (s Span) To(t Span) Span { return Span{s.Start, t.End} }

// A Position is a Pos made readable. Line and Column count from one; the column
// counts characters, not bytes.
type Position struct {
	File         string
	Line, Column int
	Offset       int // bytes from the start of the file
}

func (p Position) String() string {
	if p.Line == 0 {
		return "-"
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// A File is one source text and the place its positions start at.
type File struct {
	Name string // as shown to people
	Text []byte
	base Pos
	size int // of the text that was given; Text is empty when that is too large

	lines sync.Once
	line  []int32 // offset of the start of each line
}

// maxOffset is the largest position there can be.
const maxOffset = math.MaxInt32

// starts returns the offsets of the starts of the lines. They are made when first
// asked for: most programs have no mistake and need none.
func (f *File) starts() []int32 {
	f.lines.Do(func() {
		f.line = make([]int32, 1, 1+bytes.Count(f.Text, []byte{'\n'}))
		for i := 0; ; {
			n := bytes.IndexByte(f.Text[i:], '\n')
			if n < 0 {
				return
			}
			i += n + 1
			f.line = append(f.line, int32(i))
		}
	})
	return f.line
}

// Pos returns the position of the byte at offset.
func (f *File) Pos(offset int) Pos { return f.base + Pos(offset) }

// Offset returns the byte offset of p in f.
func (f *File) Offset(p Pos) int { return int(p - f.base) }

// lineText returns the text of line n, counted from one, without its line end.
func (f *File) lineText(n int) []byte {
	line := f.starts()
	if n < 1 || n > len(line) {
		return nil
	}
	text := f.Text[line[n-1]:]
	if n < len(line) {
		text = text[:line[n]-line[n-1]]
	}
	return bytes.TrimRight(text, "\r\n")
}

// Files is the set of source files of a program. A Pos means something only
// together with the set it was made in. The zero value is an empty set. A set is
// used by one goroutine at a time while files are added.
type Files struct {
	files []*File
	next  Pos
}

// Add takes a source text into the set. A text too large for positions is left out;
// [Parse] reports that.
func (s *Files) Add(name string, text []byte) *File {
	if s.next == 0 {
		s.next = 1
	}
	f := &File{Name: name, Text: text, base: s.next, size: len(text)}
	if f.size > MaxFile || f.size > maxOffset-1-int(s.next) {
		f.Text = nil
	}
	s.next += Pos(len(f.Text)) + 1
	s.files = append(s.files, f)
	return f
}

// File returns the file that p lies in, or nil.
func (s *Files) File(p Pos) *File {
	if s == nil || p <= 0 || p >= s.next {
		return nil
	}
	i := sort.Search(len(s.files), func(i int) bool { return s.files[i].base > p })
	if i == 0 {
		return nil
	}
	return s.files[i-1]
}

// Position makes p readable.
func (s *Files) Position(p Pos) Position {
	f := s.File(p)
	if f == nil {
		return Position{}
	}
	offset := f.Offset(p)
	line := f.starts()
	i := sort.Search(len(line), func(i int) bool { return int(line[i]) > offset })
	start := int(line[i-1])
	return Position{
		File:   f.Name,
		Line:   i,
		Column: utf8.RuneCount(f.Text[start:offset]) + 1,
		Offset: offset,
	}
}
