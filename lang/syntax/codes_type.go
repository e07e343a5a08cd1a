package syntax

// typeCodes documents the codes of PhaseUnify.
var typeCodes = []CodeInfo{}
