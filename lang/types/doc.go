// Package types has the types and the values of the language.
//
// A [Type] is one of the kinds of [Kind]; it may contain type variables (?1, ?2),
// which stand only in the signatures of library functions. [Parse] reads a type
// from its text form, [Type.String] prints it.
//
// A [Value] is an immutable datum: [Bool], [Str], [Int], [Float], [*List], [*Map],
// [*Struct] or [*Func]. Values do not carry their static type: an empty list does
// not know what it is a list of. [Equal] is the == of the language, [Same] the
// stricter identity by which the flow engine decides that nothing changed, and
// [Compare] the order in which maps print.
//
// A failure to compute a value is an error in its place. One made with [Catchf]
// is catchable: the operator <|> replaces it. All others are fatal.
package types
