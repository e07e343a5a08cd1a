// Package stdregexp has the module regexp.
package stdregexp

import (
	"regexp"
	"sync"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
)

// Module returns the module regexp.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "regexp",
		Doc:  "Regular expressions in the syntax of RE2.",
		Funcs: []*funcs.Function{{
			Name: "match",
			Doc:  "Reports whether the pattern matches somewhere in s. A bad pattern is an error.",
			Sigs: table.Sig("func(pattern str, s str) bool"),
			Pure: table.Try2(match),
		}},
	}
}

func match(pattern, s string) (bool, error) {
	re, err := patterns.compile(pattern)
	return err == nil && re.MatchString(s), err
}

// patterns keeps compiled patterns: compiling one costs as much as a hundred matches,
// and a program has few.
var patterns = cache{byText: map[string]*regexp.Regexp{}}

const cacheSize = 256

type cache struct {
	mu     sync.Mutex // guards byText
	byText map[string]*regexp.Regexp
}

func (c *cache) compile(pattern string) (*regexp.Regexp, error) {
	c.mu.Lock()
	re := c.byText[pattern]
	c.mu.Unlock()
	if re != nil {
		return re, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byText) >= cacheSize {
		clear(c.byText)
	}
	c.byText[pattern] = re
	return re, nil
}
