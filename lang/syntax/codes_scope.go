package syntax

// scopeCodes documents the codes of PhaseScope.
var scopeCodes = []CodeInfo{}
