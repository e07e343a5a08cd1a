package etcd

import (
	"fmt"

	"mgmt/world"
)

// namespace is what all keys begin with.
const namespace = "/_mgmt"

const (
	stringsPrefix    = namespace + "/strings/"
	offersPrefix     = namespace + "/scheduler/hostname/"
	schedulePrefix   = namespace + "/scheduler/schedule/"
	electionPrefix   = namespace + "/scheduler/election"
	candidatesPrefix = namespace + "/scheduler/candidates/"
	convergedPrefix  = namespace + "/converged/"
	exportsPrefix    = namespace + "/exported/"
	exporterPrefix   = namespace + "/exporter/"
	alivePrefix      = namespace + "/alive/"
	fencePrefix      = namespace + "/fence/"
)

func valueKey(ns, host string) string { return stringsPrefix + ns + "/" + host }

func exportKey(from string, k world.ExportKey) string {
	return exportsPrefix + k.To + "/" + from + "/" + k.Kind + "/" + k.Name
}

// exporterKey is that of a note, beside an export, by which a host finds its own.
func exporterKey(from string, k world.ExportKey) string {
	return exporterPrefix + from + "/" + k.To + "/" + k.Kind + "/" + k.Name
}

func offerKey(host, ns string) string { return offersPrefix + host + "/" + ns }

// checkKey refuses what cannot be a key of a value.
func checkKey(key string) error {
	if key == "" {
		return fmt.Errorf("the key of a shared value is empty; it needs a name")
	}
	return nil
}
