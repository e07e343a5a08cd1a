package world

// A Dump is all that agents share in one place, so that it can be carried to another. Offers are
// not part of it: who makes them makes them again.
type Dump struct {
	Strings   map[string]string
	Values    map[string]map[string]string    // namespace → host → value
	Exports   map[string]map[ExportKey]string // by the host that exports
	Schedules map[string][]string             // the hosts that are picked, by namespace
}
