package world

// A Dump is everything that agents share in one store, so that it can be carried over to another.
// Offers that are kept up by a running call of Offer are not part of it: the caller makes them again.
type Dump struct {
	Strings   map[string]string
	Values    map[string]map[string]string          // namespace → host → value
	Exports   map[string]map[ExportKey]string       // by the host that exports
	Schedules map[string][]string                   // the hosts that are picked, by namespace
	Offers    map[string]map[string]ScheduleOptions // namespace → host → an offer that persists
}
