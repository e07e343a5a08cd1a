package file

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// modeBits are the bits of a mode that a program can set.
const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// A modeSpec is a mode as written: octal, or symbolic clauses that replace the bits of some
// subjects and leave those of others.
type modeSpec struct {
	keep fs.FileMode // bits of the present mode that stay
	set  fs.FileMode
}

// apply returns the mode that a file with the present mode should have.
func (m modeSpec) apply(present fs.FileMode) fs.FileMode { return present&modeBits&m.keep | m.set }

// parseMode reads a mode: octal such as "0644" or "4755", or symbolic such as "u=rw,go=r".
func parseMode(text string) (modeSpec, error) {
	if text == "" {
		return modeSpec{}, errors.New("is empty")
	}
	if text[0] >= '0' && text[0] <= '9' {
		n, err := strconv.ParseUint(text, 8, 32)
		if err != nil || n > 0o7777 {
			return modeSpec{}, fmt.Errorf("%q is no octal mode between 0 and 7777", text)
		}
		return modeSpec{set: octal(uint32(n))}, nil
	}
	return parseSymbolic(text)
}

// octal returns the mode that chmod(1) means by a number.
func octal(n uint32) fs.FileMode {
	m := fs.FileMode(n) & fs.ModePerm
	for bit, special := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if n&bit != 0 {
			m |= special
		}
	}
	return m
}

// showMode prints a mode as chmod(1) takes it.
func showMode(m fs.FileMode) string {
	n := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		n |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		n |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		n |= 0o1000
	}
	return fmt.Sprintf("%04o", n)
}

// subjects are who a clause is for: the permission bits of each, and the special bit that s
// means for it.
var subjects = map[rune]struct {
	shift   uint
	special fs.FileMode
}{'u': {6, fs.ModeSetuid}, 'g': {3, fs.ModeSetgid}, 'o': {0, 0}}

func parseSymbolic(text string) (modeSpec, error) {
	spec := modeSpec{keep: modeBits}
	seen := map[rune]bool{}
	for clause := range strings.SplitSeq(text, ",") {
		who, what, ok := strings.Cut(clause, "=")
		if !ok {
			return modeSpec{}, fmt.Errorf("%q: a clause is like u=rw; + and - are not taken", clause)
		}
		if who == "" || who == "a" {
			who = "ugo"
		}
		for _, s := range who {
			sub, ok := subjects[s]
			switch {
			case !ok:
				return modeSpec{}, fmt.Errorf("%q: there is no subject %q; there are u, g, o, and a for all", clause, s)
			case seen[s]:
				return modeSpec{}, fmt.Errorf("%q: %q is given twice", text, s)
			}
			seen[s] = true
			spec.keep &^= 0o7<<sub.shift | sub.special
			bits, err := parseBits(what, sub.shift, sub.special)
			if err != nil {
				return modeSpec{}, fmt.Errorf("%q: %w", clause, err)
			}
			spec.set |= bits
		}
		if strings.ContainsRune(what, 't') {
			spec.set |= fs.ModeSticky
		} else if strings.ContainsRune(who, 'o') {
			spec.keep &^= fs.ModeSticky
		}
	}
	return spec, nil
}

func parseBits(what string, shift uint, special fs.FileMode) (fs.FileMode, error) {
	var m fs.FileMode
	for _, b := range what {
		switch b {
		case 'r':
			m |= 4 << shift
		case 'w':
			m |= 2 << shift
		case 'x':
			m |= 1 << shift
		case 's':
			m |= special
		case 't':
		default:
			return 0, fmt.Errorf("there is no permission %q; there are r, w, x, s and t", b)
		}
	}
	return m, nil
}
