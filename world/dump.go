package world

// A Dump is all that agents share in one place, so that it can be carried to another. Offers that
// somebody keeps up are not part of it: who does makes them again.
type Dump struct {
	Strings   map[string]string
	Values    map[string]map[string]string          // namespace → host → value
	Exports   map[string]map[ExportKey]string       // by the host that exports
	Schedules map[string][]string                   // the hosts that are picked, by namespace
	Offers    map[string]map[string]ScheduleOptions // namespace → host → an offer that persists
}
