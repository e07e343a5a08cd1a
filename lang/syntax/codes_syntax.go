package syntax

// The codes of this package.
const (
	codeUnexpected          Code = "unexpected"
	codeUnexpectedEnd       Code = "unexpected-end"
	codeUnknownCharacter    Code = "unknown-character"
	codeInvalidUTF8         Code = "invalid-utf8"
	codeFileTooLarge        Code = "file-too-large"
	codeTooDeep             Code = "too-deep"
	codeTooMany             Code = "too-many-errors"
	codeConflictMarker      Code = "conflict-marker"
	codeUnclosedString      Code = "unclosed-string"
	codeUnclosedBracket     Code = "unclosed-bracket"
	codeUnmatched           Code = "unmatched-bracket"
	codeReservedWord        Code = "reserved-word"
	codeMisspeltWord        Code = "misspelt-word"
	codeBadName             Code = "bad-name"
	codeMissingDollar       Code = "missing-dollar"
	codeBareWord            Code = "bare-word"
	codeBadNumber           Code = "bad-number"
	codeNumberRange         Code = "number-range"
	codeWrongQuotes         Code = "wrong-quotes"
	codeWrongComment        Code = "wrong-comment"
	codeWrongAssignment     Code = "wrong-assignment"
	codeWrongArrow          Code = "wrong-arrow"
	codeOldOperator         Code = "old-operator"
	codeComparisonChain     Code = "comparison-chain"
	codeNotCallable         Code = "not-callable"
	codeMissingComma        Code = "missing-comma"
	codeMissingNewline      Code = "missing-newline"
	codeMissingValue        Code = "missing-value"
	codeMissingElse         Code = "missing-else"
	codeMissingName         Code = "missing-name"
	codeMissingBody         Code = "missing-body"
	codeBraceOnNewLine      Code = "brace-on-new-line"
	codeElseOnNewLine       Code = "else-on-new-line"
	codeExpressionStatement Code = "expression-statement"
	codeBodyStatement       Code = "body-statement"
	codeLoopVariables       Code = "loop-variables"
	codeNotEdge             Code = "not-an-edge"
	codeSendReceive         Code = "send-receive"
	codeImportName          Code = "import-name"
	codeUnknownType         Code = "unknown-type"
	codeLiteralType         Code = "literal-type"
	codeUnhashableType      Code = "unhashable-type"
	codeDuplicateTypeField  Code = "duplicate-type-field"

	codeDuplicateField       Code = "duplicate-field"
	codeDuplicateMeta        Code = "duplicate-meta"
	codeUnknownMeta          Code = "unknown-meta"
	codeUnknownProperty      Code = "unknown-property"
	codeDuplicateStructField Code = "duplicate-struct-field"
	codeDuplicateKey         Code = "duplicate-key"
	codeMixedKeys            Code = "mixed-keys"
	codeUnhashableKey        Code = "unhashable-key"
	codeDuplicateParameter   Code = "duplicate-parameter"
	codeImportInLoop         Code = "import-in-loop"
	codeEmptyImport          Code = "empty-import"
	codeReservedVariable     Code = "reserved-variable"

	codeBadEscape        Code = "bad-escape"
	codeBadInterpolation Code = "bad-interpolation"
	codeDuplicateClass   Code = "duplicate-class"
)

var syntaxCodes = []CodeInfo{
	{codeUnexpected, PhaseParse, "something else is needed here",
		"for $i $v in [1] {}\n",
		"The text does not go on as the grammar needs it. The message says what was expected."},
	{codeUnexpectedEnd, PhaseParse, "the file ends too early",
		"$x int",
		"The file ends in the middle of a statement."},
	{codeUnknownCharacter, PhaseParse, "a character means nothing",
		"$x = 5 % 2\n",
		"Outside of strings and comments only the letters, digits and signs of the language may stand."},
	{codeInvalidUTF8, PhaseParse, "the file is not UTF-8 text",
		"# caf\xe9\n",
		"Programs are UTF-8 text. A file in another encoding has to be converted."},
	{codeFileTooLarge, PhaseParse, "the file is too large", "",
		"A source file has at most 256 MiB. Data of that size belongs into files that the program reads."},
	{codeTooDeep, PhaseParse, "too many levels of nesting", "",
		"Expressions and blocks nest at most 250,000 levels deep."},
	{codeTooMany, PhaseParse, "too many errors to show", "",
		"Only the first 200 errors are shown, and 50 of those that say the same. Repair those first."},
	{codeConflictMarker, PhaseParse, "a merge conflict is not resolved",
		"<<<<<<< mine\n$x = 1\n=======\n$x = 2\n>>>>>>> theirs\n",
		"Lines that version control has put around conflicting changes are still there."},
	{codeUnclosedString, PhaseParse, "a string has no closing quote",
		"$x = \"abc\n",
		"A string goes from one double quote to the next. A quote inside of it is written \\\"."},
	{codeUnclosedBracket, PhaseParse, "a bracket is not closed",
		"$x = (1 + 2\n$y = 3\n",
		"Each ( [ and { needs the bracket that closes it."},
	{codeUnmatched, PhaseParse, "a closing bracket closes nothing",
		"test \"a\" {}\n}\n",
		"A closing bracket was found to which there is no opening one."},
	{codeReservedWord, PhaseParse, "a reserved word is used as a name",
		"$struct = 1\n",
		"Words of the language cannot be names of variables, fields, functions or classes."},
	{codeMisspeltWord, PhaseParse, "a word of the language is misspelt",
		"improt \"fmt\"\n",
		"No statement begins with this word; there is one that is close to it."},
	{codeBadName, PhaseParse, "a name has a form that names do not have",
		"$fooBar = 1\n",
		"A name begins with a lower-case letter, goes on with those, digits and underscores, and does not end in an underscore."},
	{codeMissingDollar, PhaseParse, "the $ of a variable is missing",
		"x = 1\n",
		"Variables are written with a dollar sign where they are bound and where they are used."},
	{codeBareWord, PhaseParse, "a word is no value",
		"$x = installed\n",
		"A string is written in quotes, a variable with a dollar sign, a call with parentheses."},
	{codeBadNumber, PhaseParse, "a number has a form that numbers do not have",
		"$x = 1e3\n",
		"Numbers are decimal digits, with digits on both sides of the point if there is one."},
	{codeNumberRange, PhaseParse, "a number is too large",
		"$x = 9223372036854775808\n",
		"An int has 64 bits, and so has a float."},
	{codeWrongQuotes, PhaseParse, "a string is not in double quotes",
		"$x = 'a'\n",
		"Strings are written in plain double quotes, with or without inserted variables."},
	{codeWrongComment, PhaseParse, "a comment does not begin with #",
		"// hello\n",
		"A comment goes from # to the end of the line."},
	{codeWrongAssignment, PhaseParse, "= and == are confused, or another sign stands in place of =",
		"$x == 1\n",
		"A variable is bound with =, and two values are compared with ==."},
	{codeWrongArrow, PhaseParse, "another sign stands in place of =>",
		"$m = {\"a\": 1}\n",
		"Fields and keys are separated from their values by =>."},
	{codeOldOperator, PhaseParse, "an operator has its former spelling",
		"$x = true && false\n",
		"Older releases spelt some operators differently. The present form is in the message."},
	{codeComparisonChain, PhaseParse, "comparisons do not chain",
		"$x = 1 < 2 < 3\n",
		"A comparison yields a bool, which cannot be compared with a number again. Join two comparisons with `and`."},
	{codeNotCallable, PhaseParse, "something that is called cannot be called",
		"$f = func() { func() { 1 } }\n$x = $f()()\n",
		"Only a named function, a variable, and a function literal can be called. Bind the value to a variable first."},
	{codeMissingComma, PhaseParse, "a comma is missing",
		"test \"a\" { anotherstr => \"x\" }\n",
		"Each field of a resource ends with a comma, the last one too, and items of lists are separated by commas."},
	{codeMissingNewline, PhaseParse, "two statements stand on one line",
		"test \"a\" {} test \"b\" {}\n",
		"Each statement begins on a line of its own. There is no other separator."},
	{codeMissingValue, PhaseParse, "a value is missing",
		"$x =\n",
		"A value is needed here. A line may only be broken inside of brackets."},
	{codeMissingElse, PhaseParse, "an if that is a value has no else",
		"$x = if true { 1 }\n",
		"Where an if is a value it has two branches, so that there always is a value."},
	{codeMissingName, PhaseParse, "a resource has no name",
		"test {\n\tanotherstr => \"x\",\n}\n",
		"Between the kind of a resource and its fields stands its name."},
	{codeMissingBody, PhaseParse, "a resource has no braces",
		"test \"a\"\n",
		"The braces of a resource may be empty but must be there."},
	{codeBraceOnNewLine, PhaseParse, "{ stands on a line of its own",
		"test \"a\"\n{}\n",
		"A line end ends the statement, so the brace stands on the same line."},
	{codeElseOnNewLine, PhaseParse, "else stands on a line of its own",
		"if true {\n}\nelse {\n}\n",
		"A line end ends the statement, so else stands on the line of the closing brace."},
	{codeExpressionStatement, PhaseParse, "an expression is not a statement",
		"concat(\"a\", \"b\")\n",
		"A value that nothing uses has no effect. Bind it to a variable or use it in a resource."},
	{codeBodyStatement, PhaseParse, "a function body is a single expression",
		"func f() {\n\t$x = 1\n\t$x\n}\n",
		"Nothing can be bound inside of a function. Use a parameter, or a second function."},
	{codeLoopVariables, PhaseParse, "a loop needs two variables",
		"for $v in [1] {}\n",
		"A for loop binds the index and the value, a forkv loop the key and the value."},
	{codeNotEdge, PhaseParse, "an edge property has a value that is no resource",
		"test \"a\" { Before => true, }\n",
		"The capitalised properties of a resource name other resources, as in Before => Test[\"b\"]."},
	{codeSendReceive, PhaseParse, "an edge that sends has a wrong form",
		"Test[\"a\"].hello -> Test[\"b\"]\n",
		"An edge that sends a value has a field on both of its sides, and just two sides."},
	{codeImportName, PhaseParse, "the name of a module is not in quotes",
		"import fmt\n",
		"What is imported is given as a string."},
	{codeUnknownType, PhaseParse, "there is no such type",
		"$x string = \"a\"\n",
		"The types are bool, str, int, float, []T, map{K: V}, struct{name T; …} and func(T) R."},
	{codeLiteralType, PhaseParse, "a literal is annotated with another type",
		"$x int = \"a\"\n",
		"The annotation and the value next to it contradict each other."},
	{codeUnhashableType, PhaseParse, "a type cannot be that of a key",
		"$m map{[]int: str} = {}\n",
		"Keys of maps are bool, str, int, float, and structs of those."},
	{codeDuplicateTypeField, PhaseParse, "a struct type has a field twice",
		"$s struct{a int; a int} = struct{a => 1}\n",
		"The fields of a struct, and the parameters of a function, have different names."},

	{codeDuplicateField, PhaseInit, "a field is set twice",
		"test \"a\" { int64 => 1, int64 => 2, }\n",
		"A resource sets each field once, also when the values are conditional."},
	{codeDuplicateMeta, PhaseInit, "a meta parameter is set twice",
		"test \"a\" { Meta:noop => true, Meta:noop => false, }\n",
		"A resource sets each meta parameter once."},
	{codeUnknownMeta, PhaseInit, "there is no such meta parameter",
		"test \"a\" { Meta:zzz => 1, }\n",
		"Meta parameters are the same for all kinds of resources."},
	{codeUnknownProperty, PhaseInit, "there is no such edge property",
		"test \"a\" { Require => Test[\"b\"], }\n",
		"The capitalised properties of a resource are Before, Notify, Depend, Listen and Meta."},
	{codeDuplicateStructField, PhaseInit, "a struct has a field twice",
		"$s = struct{a => 1, a => 2}\n",
		"The fields of a struct have different names."},
	{codeDuplicateKey, PhaseInit, "a map has a key twice",
		"$m = {\"a\" => 1, \"a\" => 2}\n",
		"Two literal keys of a map are equal, so one of the values would be lost."},
	{codeMixedKeys, PhaseInit, "the keys of a map have different types",
		"$m = {\"a\" => 1, 2 => 3}\n",
		"All keys of a map have one type."},
	{codeUnhashableKey, PhaseInit, "a value cannot be a key",
		"$m = {[1] => 2}\n",
		"Keys of maps are bool, str, int, float, and structs of those."},
	{codeDuplicateParameter, PhaseInit, "two parameters have one name",
		"func f($a, $a) { $a }\n",
		"The parameters of a function or class have different names."},
	{codeImportInLoop, PhaseInit, "an import stands in a loop",
		"for $i, $v in [1] {\n\timport \"fmt\"\n}\n",
		"A module is imported once, not for each round of a loop. Move the import out of it."},
	{codeEmptyImport, PhaseInit, "an import has an empty name",
		"import \"\"\n",
		"Name the module, file or directory to import."},
	{codeReservedVariable, PhaseInit, "a variable with two underscores in a row is read",
		"$a__b = 1\n$c = $a__b\n",
		"Such names are reserved; choose another one."},

	{codeBadEscape, PhaseInterp, "there is no such escape",
		`$x = "\q"` + "\n",
		`The escapes are \a \b \f \n \r \t \v \\ \" and \$.`},
	{codeBadInterpolation, PhaseInterp, "something else than a variable is inserted into a string",
		"$x = \"a${f()}\"\n",
		"Only variables can be inserted: ${name}. Bind other values to a variable first. A literal ${ is written \\${."},
	{codeDuplicateClass, PhaseInterp, "two classes have one name",
		"class c {}\nclass c {}\n",
		"The classes of a block have different names. A class a:b counts as class b inside of class a."},
}
