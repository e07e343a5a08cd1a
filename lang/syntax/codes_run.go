package syntax

// runCodes documents the codes of PhaseGraph and the phases after it.
var runCodes = []CodeInfo{}
