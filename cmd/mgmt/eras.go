package main

// The command line had other forms in other releases. None of them is accepted, and none is
// ignored: the tables say what to write instead.

const frontUp = "name the program without a flag: "

// otherCommands has commands of other releases.
var otherCommands = map[string]string{
	"r":           "write mgmt run",
	"d":           "write mgmt deploy",
	"g":           "write mgmt check",
	"get":         "this build fetches no modules; mgmt check tells which imports are missing",
	"docs":        "the reference is in docs/reference",
	"setup":       "this build installs no services",
	"firstboot":   "this build has no first boot scripts",
	"provisioner": "this build has no provisioner",
	"tools":       "this build has no such tools",
}

// otherFlags has flags of other releases.
var otherFlags = map[string]string{
	"-f":  "write mgmt run PATH",
	"-t":  "write --converged-timeout",
	"-g":  "write --graphviz",
	"-gf": "write --graphviz-filter",
	"-l":  "write mgmt run lang PATH",
	"-p":  "this build has no puppet front end",
	"-s":  "write --seeds",
	"-c":  "write mgmt run '<code>'",
	"-d":  "this build fetches no modules",
	"-r":  "this build fetches no modules",

	"--lang":        frontUp + "mgmt run lang PATH",
	"--yaml":        frontUp + "mgmt run yaml PATH",
	"--yaml2":       frontUp + "mgmt run yaml PATH",
	"--code":        frontUp + "mgmt run '<code>'",
	"--hcl":         "this build has no hcl front end",
	"--puppet":      "this build has no puppet front end",
	"--puppet-conf": "this build has no puppet front end",
	"--lp-lang":     "this build has no puppet front end",
	"--lp-puppet":   "this build has no puppet front end",

	"--exittime":                  "write --max-runtime",
	"--converged-timeout-no-exit": "write --converger-timeout, which does not exit",
	"--no-config-watch":           "write --no-watch",
	"--only-unify":                "write mgmt check",
	"--skip-unify":                "programs are always checked",
	"--unify-name":                "there is one way to infer types",
	"--unify-optimizations":       "there is one way to infer types",
	"--skip-fmt":                  "write mgmt check, which accepts any layout",
	"--download":                  "this build fetches no modules",
	"--only-download":             "this build fetches no modules; mgmt check tells which imports are missing",
	"--update":                    "this build fetches no modules",
	"--depth":                     "this build fetches no modules",
	"--retry":                     "this build fetches no modules",
	"--seed":                      "write --seeds",
	"--remote":                    "this build manages its own machine only",
	"--cconns":                    "this build manages its own machine only",
	"--allow-interactive":         "this build manages its own machine only",
	"--ssh-priv-id-rsa":           "this build manages its own machine only",
	"--no-caching":                "this build manages its own machine only",
	"--no-pgp":                    "there is no key pair to do without",
	"--pgp-key-path":              "this build makes no key pair",
	"--pgp-identity":              "this build makes no key pair",
	"--prometheus":                "this build serves no metrics",
	"--prometheus-listen":         "this build serves no metrics",
	"--pprof":                     "this build serves no profiles; set MGMT_PPROF_PATH to write one",
}
