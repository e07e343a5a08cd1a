package resource

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// Hidden is shown in place of what is secret.
const Hidden = "(secret)"

// Secrets say what must not be shown of a resource: the values of some parameters, and texts in
// whatever it tells of itself. nil is nothing. They are immutable.
type Secrets struct {
	params []string
	texts  []string

	once   sync.Once
	forms  []string          // of the texts, the longest first
	hiding *strings.Replacer // made of the forms when the first text comes
}

// NewSecrets returns the secrets of a resource with these secret parameters. The texts are what
// their values were made of and consist of.
func NewSecrets(params, texts []string) *Secrets {
	return &Secrets{params: sorted(params), texts: sorted(texts)}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// Receiving returns the secrets of a resource that has s by itself, and to which another one
// with the secrets from has sent a value for the parameter.
func (s *Secrets) Receiving(param string, value any, from *Secrets) *Secrets {
	return s.Merge(NewSecrets([]string{param}, textsOf(value, slices.Clone(from.texts))))
}

// Merge returns the secrets of both.
func (s *Secrets) Merge(other *Secrets) *Secrets {
	switch {
	case s == nil:
		return other
	case other == nil || s.Equal(other):
		return s
	}
	return NewSecrets(slices.Concat(s.params, other.params), slices.Concat(s.texts, other.texts))
}

// textsOf adds the texts in plain Go data.
func textsOf(x any, out []string) []string {
	switch x := x.(type) {
	case nil, bool:
	case []any:
		for _, e := range x {
			out = textsOf(e, out)
		}
	case [][2]any:
		for _, e := range x {
			out = textsOf(e[1], textsOf(e[0], out))
		}
	case map[string]any:
		for k, e := range x {
			out = textsOf(e, append(out, k))
		}
	default:
		out = append(out, fmt.Sprint(x))
	}
	return out
}

// Equal reports whether both say the same.
func (s *Secrets) Equal(other *Secrets) bool {
	if s == nil || other == nil {
		return s == other
	}
	return slices.Equal(s.params, other.params) && slices.Equal(s.texts, other.texts)
}

// Has reports whether the value of the parameter is secret.
func (s *Secrets) Has(param string) bool {
	return s != nil && slices.Contains(s.params, param)
}

// Hide returns the text without secrets, in the forms in which they are likely to be quoted.
func (s *Secrets) Hide(text string) string {
	if s == nil || text == "" {
		return text
	}
	s.once.Do(s.prepare)
	return s.hiding.Replace(s.cut(text))
}

func (s *Secrets) prepare() {
	for _, text := range s.texts {
		s.forms = appendForms(s.forms, text)
		s.forms = appendForms(s.forms, strings.Join(strings.Fields(text), " "))
		for line := range strings.Lines(text) {
			s.forms = appendForms(s.forms, strings.TrimSpace(line))
		}
		s.forms = appendPieces(s.forms, text)
	}
	s.forms = sorted(s.forms)
	slices.SortStableFunc(s.forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(s.forms))
	for _, form := range s.forms {
		pairs = append(pairs, form, Hidden)
	}
	s.hiding = strings.NewReplacer(pairs...)
}

// appendForms adds a text as it is, and quoted as Go, JSON, a shell and URLs do.
func appendForms(forms []string, text string) []string {
	if strings.TrimSpace(text) == "" {
		return forms
	}
	quoted := strconv.Quote(text)
	ascii := strconv.QuoteToASCII(text)
	asJSON, _ := json.Marshal(text) // of a string, this cannot fail
	return append(forms, text, quoted[1:len(quoted)-1], ascii[1:len(ascii)-1], string(asJSON[1:len(asJSON)-1]),
		strings.ReplaceAll(text, "'", `'\''`), url.QueryEscape(text), url.PathEscape(text))
}

// A piece is a part of a text that nobody quotes in another way. Short ones stand in other texts
// by chance, and of long texts the lines have to do.
const (
	minPiece  = 6
	maxPieces = 1 << 16 // length of a text in bytes
)

// appendPieces adds the pieces of a text, for those who quote what is between them in a way of
// their own.
func appendPieces(forms []string, text string) []string {
	if len(text) > maxPieces {
		return forms
	}
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-+=.:/@", r)
	}) {
		if len(piece) >= minPiece {
			forms = append(forms, piece)
		}
	}
	return forms
}

// minBeginning is how much of a secret has to be left of it to be removed.
const minBeginning = 4

// cut removes the beginning of a secret from a text that was shortened in the middle of it.
func (s *Secrets) cut(text string) string {
	before, after, shortened := strings.Cut(text, "…")
	if !shortened {
		return text
	}
	longest := minBeginning - 1
	for _, form := range s.forms {
		for n := min(len(form), len(before)); n > longest; n-- {
			if strings.HasSuffix(before, form[:n]) {
				longest = n
			}
		}
	}
	if longest >= minBeginning {
		before = before[:len(before)-longest] + Hidden
	}
	return before + "…" + s.cut(after)
}

// HideError returns an error with the text of err but without the secrets in it.
func (s *Secrets) HideError(err error) error {
	if s == nil || err == nil {
		return err
	}
	text := err.Error()
	if hidden := s.Hide(text); hidden != text {
		return &hiddenError{hidden, err}
	}
	return err
}

// A hiddenError is an error whose text had a secret in it.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }

// Unwrap lets callers ask what kind of error it is.
func (e *hiddenError) Unwrap() error { return e.err }

// HideChanges returns the changes as they may be shown: those that are secret have no values.
func (s *Secrets) HideChanges(changes []Change) []Change {
	if s == nil && !slices.ContainsFunc(changes, func(c Change) bool { return c.Secret }) {
		return changes
	}
	out := make([]Change, len(changes))
	for i, c := range changes {
		if s.Has(c.Param) || c.Secret {
			out[i] = Change{Param: c.Param, Secret: true}
			continue
		}
		out[i] = Change{Param: c.Param, Old: s.Hide(c.Old), New: s.Hide(c.New), Note: s.Hide(c.Note)}
		if diff := c.Diff; diff != nil {
			out[i].Diff = func() string { return s.Hide(diff()) }
		}
	}
	return out
}
