package syntax

import "slices"

// A CodeInfo documents a code. Each stage has a table of its codes; the examples are
// programs, which tests compile.
type CodeInfo struct {
	Code        Code
	Phase       Phase
	Summary     string // what is wrong, in a few words
	Example     string // a program in which it is wrong; empty where none can be shown
	Explanation string // why it is wrong and what to do
}

// Codes lists every code of every stage, in the order of the stages.
func Codes() []CodeInfo {
	return slices.Concat(syntaxCodes, scopeCodes, typeCodes, runCodes)
}

// Explain returns what is known of a code.
func Explain(c Code) (CodeInfo, bool) {
	all := Codes()
	i := slices.IndexFunc(all, func(info CodeInfo) bool { return info.Code == c })
	if i < 0 {
		return CodeInfo{}, false
	}
	return all[i], true
}
