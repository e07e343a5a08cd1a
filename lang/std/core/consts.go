package stdcore

import "mgmt/lang/types"

// constants returns the variables of the outermost scope. The host name is known only
// to the agent: its value is nil here, its type str.
func constants() map[string]types.Value {
	return map[string]types.Value{
		"hostname": nil,

		"const.res.file.state.exists":    types.Str("exists"),
		"const.res.file.state.absent":    types.Str("absent"),
		"const.res.file.state.undefined": types.Str(""),

		"const.res.net.state.up":        types.Str("up"),
		"const.res.net.state.down":      types.Str("down"),
		"const.res.net.state.undefined": types.Str(""),

		"const.res.firewalld.state.exists":    types.Str("exists"),
		"const.res.firewalld.state.absent":    types.Str("absent"),
		"const.res.firewalld.state.undefined": types.Str(""),

		"const.res.tar.format.unknown": types.Int(0),
		"const.res.tar.format.ustar":   types.Int(2),
		"const.res.tar.format.pax":     types.Int(4),
		"const.res.tar.format.gnu":     types.Int(8),

		"const.res.gzip.level.no_compression":      types.Int(0),
		"const.res.gzip.level.best_speed":          types.Int(1),
		"const.res.gzip.level.best_compression":    types.Int(9),
		"const.res.gzip.level.default_compression": types.Int(-1),
		"const.res.gzip.level.huffman_only":        types.Int(-2),
	}
}
