package frontend

import (
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"mgmt/watch"
)

// Quiet is how long files must not have changed before they are read again: many editors
// empty a file before they write it.
const Quiet = 20 * time.Millisecond

// Input files are often replaced by links: version control, configuration management,
// editors.
var watchOptions = watch.Options{Follow: true}

// Changes tells when one of the files may have changed, and once when it has begun to watch.
// Names that begin with < are no files: they stand for standard input or an argument.
// Without a hub nothing is told. The channel holds one event, however many there are.
func Changes(hub *watch.Hub, names []string, log *slog.Logger) (changed <-chan struct{}, stop func()) {
	events := make(chan struct{}, 1)
	if hub == nil {
		return events, func() {}
	}
	var cancels []func()
	for _, name := range names {
		if strings.HasPrefix(name, "<") {
			continue
		}
		cancel, err := hub.Path(filepath.FromSlash(name), watchOptions, func() {
			select {
			case events <- struct{}{}:
			default:
			}
		})
		if err != nil {
			log.Warn("changes of the program will not be noticed", "file", name, "error", err)
			continue
		}
		cancels = append(cancels, cancel)
	}
	return events, func() {
		for _, cancel := range cancels {
			cancel()
		}
	}
}
