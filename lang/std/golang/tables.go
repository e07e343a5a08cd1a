//lint:file-ignore SA1019 the functions are part of the language, whatever Go has deprecated since

package stdgolang

import (
	"html"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// The tables list what is offered of each Go package. They are kept by hand so that a
// new Go release does not change the language. A name is the Go name in snake case:
// a run of capitals is one word, and so is a run of digits.
//
// In are all functions whose parameters are bool, string, int, int64, float64, []byte,
// []string or ...string, and whose result is one of these but for []string, possibly
// with an error. Some make little sense for a language of immutable values; they are
// there because the rule is easier to remember than its exceptions.

var htmlTable = []wrapper{
	call1("escape_string", "EscapeString", "func(s str) str", html.EscapeString),
	call1("unescape_string", "UnescapeString", "func(s str) str", html.UnescapeString),
}

var mathTable = []wrapper{
	call1("abs", "Abs", "func(x float) float", math.Abs),
	call1("acos", "Acos", "func(x float) float", math.Acos),
	call1("acosh", "Acosh", "func(x float) float", math.Acosh),
	call1("asin", "Asin", "func(x float) float", math.Asin),
	call1("asinh", "Asinh", "func(x float) float", math.Asinh),
	call1("atan", "Atan", "func(x float) float", math.Atan),
	call2("atan_2", "Atan2", "func(y float, x float) float", math.Atan2),
	call1("atanh", "Atanh", "func(x float) float", math.Atanh),
	call1("cbrt", "Cbrt", "func(x float) float", math.Cbrt),
	call1("ceil", "Ceil", "func(x float) float", math.Ceil),
	call2("copysign", "Copysign", "func(f float, sign float) float", math.Copysign),
	call1("cos", "Cos", "func(x float) float", math.Cos),
	call1("cosh", "Cosh", "func(x float) float", math.Cosh),
	call2("dim", "Dim", "func(x float, y float) float", math.Dim),
	call1("erf", "Erf", "func(x float) float", math.Erf),
	call1("erfc", "Erfc", "func(x float) float", math.Erfc),
	call1("erfcinv", "Erfcinv", "func(x float) float", math.Erfcinv),
	call1("erfinv", "Erfinv", "func(x float) float", math.Erfinv),
	call1("exp", "Exp", "func(x float) float", math.Exp),
	call1("exp_2", "Exp2", "func(x float) float", math.Exp2),
	call1("expm_1", "Expm1", "func(x float) float", math.Expm1),
	call3("fma", "FMA", "func(x float, y float, z float) float", math.FMA),
	call1("floor", "Floor", "func(x float) float", math.Floor),
	call1("gamma", "Gamma", "func(x float) float", math.Gamma),
	call2("hypot", "Hypot", "func(p float, q float) float", math.Hypot),
	call1("ilogb", "Ilogb", "func(x float) int", math.Ilogb),
	call1("inf", "Inf", "func(sign int) float", math.Inf),
	call2("is_inf", "IsInf", "func(f float, sign int) bool", math.IsInf),
	call1("is_na_n", "IsNaN", "func(f float) bool", math.IsNaN),
	call1("j_0", "J0", "func(x float) float", math.J0),
	call1("j_1", "J1", "func(x float) float", math.J1),
	call2("jn", "Jn", "func(n int, x float) float", math.Jn),
	call2("ldexp", "Ldexp", "func(frac float, exp int) float", math.Ldexp),
	call1("log", "Log", "func(x float) float", math.Log),
	call1("log_10", "Log10", "func(x float) float", math.Log10),
	call1("log_1_p", "Log1p", "func(x float) float", math.Log1p),
	call1("log_2", "Log2", "func(x float) float", math.Log2),
	call1("logb", "Logb", "func(x float) float", math.Logb),
	call2("max", "Max", "func(x float, y float) float", math.Max),
	call2("min", "Min", "func(x float, y float) float", math.Min),
	call2("mod", "Mod", "func(x float, y float) float", math.Mod),
	call0("na_n", "NaN", "func() float", math.NaN),
	call2("nextafter", "Nextafter", "func(x float, y float) float", math.Nextafter),
	call2("pow", "Pow", "func(x float, y float) float", math.Pow),
	call1("pow_10", "Pow10", "func(n int) float", math.Pow10),
	call2("remainder", "Remainder", "func(x float, y float) float", math.Remainder),
	call1("round", "Round", "func(x float) float", math.Round),
	call1("round_to_even", "RoundToEven", "func(x float) float", math.RoundToEven),
	call1("signbit", "Signbit", "func(x float) bool", math.Signbit),
	call1("sin", "Sin", "func(x float) float", math.Sin),
	call1("sinh", "Sinh", "func(x float) float", math.Sinh),
	call1("sqrt", "Sqrt", "func(x float) float", math.Sqrt),
	call1("tan", "Tan", "func(x float) float", math.Tan),
	call1("tanh", "Tanh", "func(x float) float", math.Tanh),
	call1("trunc", "Trunc", "func(x float) float", math.Trunc),
	call1("y_0", "Y0", "func(x float) float", math.Y0),
	call1("y_1", "Y1", "func(x float) float", math.Y1),
	call2("yn", "Yn", "func(n int, x float) float", math.Yn),
}

var randTable = []wrapper{
	host(call0("exp_float_64", "ExpFloat64", "func() float", rand.ExpFloat64)),
	host(call0("float_64", "Float64", "func() float", rand.Float64)),
	host(call0("int", "Int", "func() int", rand.Int)),
	host(call0("int_63", "Int63", "func() int", rand.Int63)),
	host(call1("int_63_n", "Int63n", "func(n int) int", rand.Int63n)),
	host(call1("intn", "Intn", "func(n int) int", rand.Intn)),
	host(call0("norm_float_64", "NormFloat64", "func() float", rand.NormFloat64)),
	host(try1("read", "Read", "func(p str) int", rand.Read)),
}

var osTable = []wrapper{
	host(try0("executable", "Executable", "func() str", os.Executable)),
	host(call1("expand_env", "ExpandEnv", "func(s str) str", os.ExpandEnv)),
	host(call0("getegid", "Getegid", "func() int", os.Getegid)),
	host(call1("getenv", "Getenv", "func(key str) str", os.Getenv)),
	host(call0("geteuid", "Geteuid", "func() int", os.Geteuid)),
	host(call0("getgid", "Getgid", "func() int", os.Getgid)),
	host(call0("getpagesize", "Getpagesize", "func() int", os.Getpagesize)),
	host(call0("getpid", "Getpid", "func() int", os.Getpid)),
	host(call0("getppid", "Getppid", "func() int", os.Getppid)),
	host(call0("getuid", "Getuid", "func() int", os.Getuid)),
	host(try0("getwd", "Getwd", "func() str", os.Getwd)),
	host(try0("hostname", "Hostname", "func() str", os.Hostname)),
	host(try2("mkdir_temp", "MkdirTemp", "func(dir str, pattern str) str", os.MkdirTemp)),
	host(try1("read_file", "ReadFile", "func(name str) str", os.ReadFile)),
	host(try1("readlink", "Readlink", "func(name str) str", os.Readlink)),
	host(call0("temp_dir", "TempDir", "func() str", os.TempDir)),
	host(try0("user_cache_dir", "UserCacheDir", "func() str", os.UserCacheDir)),
	host(try0("user_config_dir", "UserConfigDir", "func() str", os.UserConfigDir)),
	host(try0("user_home_dir", "UserHomeDir", "func() str", os.UserHomeDir)),
}

var execTable = []wrapper{
	host(try1("look_path", "LookPath", "func(file str) str", exec.LookPath)),
}

var pathTable = []wrapper{
	call1("base", "Base", "func(path str) str", path.Base),
	call1("clean", "Clean", "func(path str) str", path.Clean),
	call1("dir", "Dir", "func(path str) str", path.Dir),
	call1("ext", "Ext", "func(path str) str", path.Ext),
	call1("is_abs", "IsAbs", "func(path str) bool", path.IsAbs),
	call1("join", "Join", "func(elem []str) str", func(elem []string) string { return path.Join(elem...) }),
	try2("match", "Match", "func(pattern str, name str) bool", path.Match),
}

var filepathTable = []wrapper{
	host(try1("abs", "Abs", "func(path str) str", filepath.Abs)),
	call1("base", "Base", "func(path str) str", filepath.Base),
	call1("clean", "Clean", "func(path str) str", filepath.Clean),
	call1("dir", "Dir", "func(path str) str", filepath.Dir),
	host(try1("eval_symlinks", "EvalSymlinks", "func(path str) str", filepath.EvalSymlinks)),
	call1("ext", "Ext", "func(path str) str", filepath.Ext),
	call1("from_slash", "FromSlash", "func(path str) str", filepath.FromSlash),
	call2("has_prefix", "HasPrefix", "func(p str, prefix str) bool", filepath.HasPrefix),
	call1("is_abs", "IsAbs", "func(path str) bool", filepath.IsAbs),
	call1("is_local", "IsLocal", "func(path str) bool", filepath.IsLocal),
	call1("join", "Join", "func(elem []str) str", func(elem []string) string { return filepath.Join(elem...) }),
	try1("localize", "Localize", "func(path str) str", filepath.Localize),
	try2("match", "Match", "func(pattern str, name str) bool", filepath.Match),
	try2("rel", "Rel", "func(basePath str, targPath str) str", filepath.Rel),
	call1("to_slash", "ToSlash", "func(path str) str", filepath.ToSlash),
	call1("volume_name", "VolumeName", "func(path str) str", filepath.VolumeName),
}

var runtimeTable = []wrapper{
	host(call0("cpu_profile", "CPUProfile", "func() str", runtime.CPUProfile)),
	host(call1("gomaxprocs", "GOMAXPROCS", "func(n int) int", runtime.GOMAXPROCS)),
	host(call0("goroot", "GOROOT", "func() str", runtime.GOROOT)),
	host(call0("num_cpu", "NumCPU", "func() int", runtime.NumCPU)),
	host(call0("num_cgo_call", "NumCgoCall", "func() int", runtime.NumCgoCall)),
	host(call0("num_goroutine", "NumGoroutine", "func() int", runtime.NumGoroutine)),
	host(call0("read_trace", "ReadTrace", "func() str", runtime.ReadTrace)),
	host(call1("set_mutex_profile_fraction", "SetMutexProfileFraction", "func(rate int) int", runtime.SetMutexProfileFraction)),
	host(call2("stack", "Stack", "func(buf str, all bool) int", runtime.Stack)),
	host(call0("version", "Version", "func() str", runtime.Version)),
}

var strconvTable = []wrapper{
	call2("append_bool", "AppendBool", "func(dst str, b bool) str", strconv.AppendBool),
	call3("append_int", "AppendInt", "func(dst str, i int, base int) str", strconv.AppendInt),
	call2("append_quote", "AppendQuote", "func(dst str, s str) str", strconv.AppendQuote),
	call2("append_quote_to_ascii", "AppendQuoteToASCII", "func(dst str, s str) str", strconv.AppendQuoteToASCII),
	call2("append_quote_to_graphic", "AppendQuoteToGraphic", "func(dst str, s str) str", strconv.AppendQuoteToGraphic),
	try1("atoi", "Atoi", "func(s str) int", strconv.Atoi),
	call1("can_backquote", "CanBackquote", "func(s str) bool", strconv.CanBackquote),
	call1("format_bool", "FormatBool", "func(b bool) str", strconv.FormatBool),
	call2("format_int", "FormatInt", "func(i int, base int) str", strconv.FormatInt),
	call1("itoa", "Itoa", "func(i int) str", strconv.Itoa),
	try1("parse_bool", "ParseBool", "func(str str) bool", strconv.ParseBool),
	try2("parse_float", "ParseFloat", "func(s str, bitSize int) float", strconv.ParseFloat),
	try3("parse_int", "ParseInt", "func(s str, base int, bitSize int) int", strconv.ParseInt),
	call1("quote", "Quote", "func(s str) str", strconv.Quote),
	call1("quote_to_ascii", "QuoteToASCII", "func(s str) str", strconv.QuoteToASCII),
	call1("quote_to_graphic", "QuoteToGraphic", "func(s str) str", strconv.QuoteToGraphic),
	try1("quoted_prefix", "QuotedPrefix", "func(s str) str", strconv.QuotedPrefix),
	try1("unquote", "Unquote", "func(s str) str", strconv.Unquote),
}

var stringsTable = []wrapper{
	call1("clone", "Clone", "func(s str) str", strings.Clone),
	call2("compare", "Compare", "func(a str, b str) int", strings.Compare),
	call2("contains", "Contains", "func(s str, substr str) bool", strings.Contains),
	call2("contains_any", "ContainsAny", "func(s str, chars str) bool", strings.ContainsAny),
	call2("count", "Count", "func(s str, substr str) int", strings.Count),
	call2("equal_fold", "EqualFold", "func(s str, t str) bool", strings.EqualFold),
	call2("has_prefix", "HasPrefix", "func(s str, prefix str) bool", strings.HasPrefix),
	call2("has_suffix", "HasSuffix", "func(s str, suffix str) bool", strings.HasSuffix),
	call2("index", "Index", "func(s str, substr str) int", strings.Index),
	call2("index_any", "IndexAny", "func(s str, chars str) int", strings.IndexAny),
	call2("join", "Join", "func(elems []str, sep str) str", strings.Join),
	call2("last_index", "LastIndex", "func(s str, substr str) int", strings.LastIndex),
	call2("last_index_any", "LastIndexAny", "func(s str, chars str) int", strings.LastIndexAny),
	call2("repeat", "Repeat", "func(s str, count int) str", repeat),
	call4("replace", "Replace", "func(s str, old str, new str, n int) str", strings.Replace),
	call3("replace_all", "ReplaceAll", "func(s str, old str, new str) str", strings.ReplaceAll),
	call1("title", "Title", "func(s str) str", strings.Title),
	call1("to_lower", "ToLower", "func(s str) str", strings.ToLower),
	call1("to_title", "ToTitle", "func(s str) str", strings.ToTitle),
	call1("to_upper", "ToUpper", "func(s str) str", strings.ToUpper),
	call2("to_valid_utf_8", "ToValidUTF8", "func(s str, replacement str) str", strings.ToValidUTF8),
	call2("trim", "Trim", "func(s str, cutset str) str", strings.Trim),
	call2("trim_left", "TrimLeft", "func(s str, cutset str) str", strings.TrimLeft),
	call2("trim_prefix", "TrimPrefix", "func(s str, prefix str) str", strings.TrimPrefix),
	call2("trim_right", "TrimRight", "func(s str, cutset str) str", strings.TrimRight),
	call1("trim_space", "TrimSpace", "func(s str) str", strings.TrimSpace),
	call2("trim_suffix", "TrimSuffix", "func(s str, suffix str) str", strings.TrimSuffix),
}
