// Package resources is the list of the kinds that mgmt knows. Each kind is a package below
// this one; README.md says what makes a good kind.
package resources

import (
	"sync"

	"mgmt/resource"
	"mgmt/resources/config/etcd"
	"mgmt/resources/exec"
	"mgmt/resources/exit"
	"mgmt/resources/file"
	"mgmt/resources/kv"
	"mgmt/resources/noop"
	"mgmt/resources/panic"
	"mgmt/resources/print"
	"mgmt/resources/schedule"
	"mgmt/resources/test"
	"mgmt/resources/timer"
	"mgmt/resources/value"
)

// Kinds returns the registry of all kinds. It is made on first use.
var Kinds = sync.OnceValue(func() *resource.Registry {
	return resource.NewRegistry(
		etcd.Kind,
		exec.Kind,
		exit.Kind,
		file.Kind,
		kv.Kind,
		noop.Kind,
		panic.Kind,
		print.Kind,
		schedule.Kind,
		test.Kind,
		timer.Kind,
		value.Kind,
	)
})
