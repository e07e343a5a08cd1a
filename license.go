package mgmt

import _ "embed"

// License is the text of the license of mgmt.
//
//go:embed LICENSE
var License string
