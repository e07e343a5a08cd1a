package resolve

import "mgmt/lang/syntax"

// The codes of this package. Package syntax documents them.
const (
	codeUndefinedVariable syntax.Code = "undefined-variable"
	codeUndefinedFunction syntax.Code = "undefined-function"
	codeUndefinedClass    syntax.Code = "undefined-class"
	codeOldName           syntax.Code = "old-name"
	codeDuplicate         syntax.Code = "duplicate-definition"
	codeDuplicateAlias    syntax.Code = "duplicate-alias"
	codeDuplicateImport   syntax.Code = "duplicate-import"
	codeIncludeArguments  syntax.Code = "include-arguments"
	codeRecursion         syntax.Code = "recursion"
	codeImportPath        syntax.Code = "import-path"
	codeImportAlias       syntax.Code = "import-alias"
	codeImportCycle       syntax.Code = "import-cycle"
	codeUnknownModule     syntax.Code = "unknown-module"
	codeMissingModule     syntax.Code = "missing-module"
	codeUnreadable        syntax.Code = "unreadable-file"
	codeUnusedStatements  syntax.Code = "unused-statements"
)
