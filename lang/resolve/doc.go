// Package resolve binds every name of a program to its definition.
//
// [Resolve] parses the main file, follows its imports, and opens a [Scope] for each
// block. Names may be used before they are written, so each scope first collects its
// definitions ([Def]) and then looks up what its statements mention: inwards to
// outwards, and through import and include aliases ($net.addr, $host.disk.size). What a
// name is bound to is a [Ref]. In the end all definitions are put in an order in which
// each follows those it refers to; a cycle is reported as the list of its steps, which is
// how recursion of any kind is refused.
//
// Classes and functions stay templates: they are resolved once, wherever they are used.
// A class that nothing includes is examined too, but what is wrong in it is a warning.
//
// Types are the business of package infer.
package resolve
