// Package infer gives every live expression of a program its type.
//
// [Check] is Hindley–Milner inference with levels: types are terms with variables that
// are unified in place; named functions and classes are generalised once and
// instantiated at each use, everything else is monomorphic. What depends on types that
// are not known yet (an overloaded operator, a lookup in a list or map, a field of a
// struct) becomes a constraint that waits on the variables it needs and is solved when
// they are; a constraint that a generalised definition leaves open is part of its scheme
// and comes back with each instance.
//
// [Info] answers what later stages ask: the type of an expression, and the signature that
// a call of a library function was solved to. Inside of a function or class these depend
// on the use, an [Instance].
//
// Only live code is checked for good. Definitions that nothing uses are checked
// afterwards, and what is wrong with them is a warning.
package infer
