package yaml

import "mgmt/lang/syntax"

// The codes of diagnostics that only graphs in YAML have. Where a mistake is the same as in a
// program, so is its code.
const (
	codeSyntax  syntax.Code = "yaml-syntax"
	codeSeveral syntax.Code = "yaml-documents"
	codeAlias   syntax.Code = "yaml-alias"
	codeShape   syntax.Code = "yaml-shape"
	codeKey     syntax.Code = "unknown-key"
	codeMissing syntax.Code = "missing-key"
	codeCollect syntax.Code = "collected-twice"
)

// Codes documents these codes. The examples are graphs, which tests read.
func Codes() []syntax.CodeInfo {
	return []syntax.CodeInfo{
		{
			Code: codeSyntax, Phase: syntax.PhaseParse, Summary: "the text is not YAML",
			Example:     "graph: a\nresources: [\n",
			Explanation: "What is there cannot be read. Most often the indentation is wrong, a bracket or a quote is open, or a text with a colon or a bracket in it has no quotes.",
		},
		{
			Code: codeAlias, Phase: syntax.PhaseParse, Summary: "an alias cannot be followed",
			Example:     "graph: a\ncomment: &a [*a]\n",
			Explanation: "An alias stands inside of what it points to, or aliases of aliases stand for more values than a graph can have.",
		},
		{
			Code: codeSeveral, Phase: syntax.PhaseParse, Summary: "the file has several documents",
			Example:     "graph: a\n---\ngraph: b\n",
			Explanation: "A graph is one document. What follows a line of --- is not read.",
		},
		{
			Code: codeShape, Phase: syntax.PhaseInit, Summary: "a map, a list or a single value is needed here",
			Example:     "graph: a\nresources:\n- file\n",
			Explanation: "The value is of another form than the key wants. Resources are a map from each kind to a list; every resource, edge and collect is a map.",
		},
		{
			Code: codeKey, Phase: syntax.PhaseInit, Summary: "there is no such key",
			Example:     "graph: a\nresorces: {}\n",
			Explanation: "The keys of each place are fixed. A key that is not known would have no effect, so it is refused.",
		},
		{
			Code: codeCollect, Phase: syntax.PhaseInterpret, Summary: "a resource is collected more than once",
			Example:     "graph: a\nresources: {noop: [{name: \"@@x\"}]}\ncollect: [{kind: noop}, {kind: noop}]\n",
			Explanation: "Several entries of collect name its kind. It is one resource all the same; of the patterns, the last one counts.",
		},
		{
			Code: codeMissing, Phase: syntax.PhaseInit, Summary: "a key is missing",
			Example:     "resources: {}\n",
			Explanation: "A graph has a name, which is not empty; a resource has a name; an edge has its two ends, each with kind and name.",
		},
	}
}
