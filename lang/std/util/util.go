// Package stdutil has the module util.
package stdutil

import (
	"fmt"
	"net"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module util.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "util",
		Doc:  "Helpers.",
		Funcs: []*funcs.Function{{
			Name:   "hostname_mapper",
			Doc:    "Takes a map from hardware address to host name, and returns the name for an address that a network interface of this machine has; nothing if there is none. That two different names fit is an error.",
			Sigs:   table.Sig("func(map{str: str}) str"),
			Impure: hostnameMapper,
		}},
	}
}

func hostnameMapper(_ *funcs.Call, args []types.Value) (types.Value, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing the network interfaces: %w", err)
	}
	own := map[string]bool{}
	for _, i := range interfaces {
		if len(i.HardwareAddr) > 0 {
			own[i.HardwareAddr.String()] = true
		}
	}
	return mapHostname(args[0].(*types.Map), own)
}

// mapHostname returns the name whose hardware address is among own.
func mapHostname(names *types.Map, own map[string]bool) (types.Value, error) {
	found := types.Str("")
	for _, e := range names.Entries() {
		mac, err := net.ParseMAC(string(e.Key.(types.Str)))
		if err != nil || !own[mac.String()] {
			continue
		}
		name := e.Value.(types.Str)
		if found != "" && found != name {
			return nil, fmt.Errorf("this machine has the addresses of both %s and %s", found, name)
		}
		found = name
	}
	return found, nil
}
