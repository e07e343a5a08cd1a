package yaml

import (
	"strconv"

	"mgmt/lang/syntax"
)

// A node is a value of a document, as it is written: aliases stand for what they point to,
// and merge keys (<<) have been followed.
type node struct {
	shape  shape
	text   string  // of a scalar, without its quotes
	quoted bool    // the scalar is a string, whatever it looks like
	binary bool    // the scalar is tagged as base64
	items  []*node // of a list
	fields []field // of a map, in the order of the text

	span         syntax.Span
	line, column int
	size         int // nodes below it and itself, with all aliases followed
}

// A field is an entry of a map. Keys are scalars; they are distinct.
type field struct{ key, value *node }

// A shape is what a node is made of.
type shape uint8

const (
	scalar shape = iota
	list
	mapping
)

func (n *node) String() string {
	switch {
	case n.shape == list:
		return "a list"
	case n.shape == mapping:
		return "a map"
	case n.null():
		return "empty"
	}
	text := clip(n.text)
	if n.quoted {
		text = strconv.Quote(text)
	}
	return "`" + text + "`"
}

// clip shortens a text that is shown in a message.
func clip(text string) string {
	const most = 40
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}

// null reports whether nothing is given.
func (n *node) null() bool {
	if n.shape != scalar || n.quoted {
		return false
	}
	switch n.text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// get returns the value of a key, or nil if there is none or nothing is given.
func (n *node) get(key string) *node {
	for _, f := range n.fields {
		if f.key.text == key && !f.value.null() {
			return f.value
		}
	}
	return nil
}
