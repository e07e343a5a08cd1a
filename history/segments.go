package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// magic begins each segment.
const magic = "mgmt history 1\n"

// Segments are the files of a log that is being written.
type segments struct {
	dir   string
	limit int64 // of all
	file  *os.File
	size  int64 // of file
	all   []segment
}

// A segment is a file that is complete.
type segment struct {
	path  string
	first uint64 // number of its first record
	size  int64
}

// parts is how many segments share the limit.
const parts = 8

// maxContinued is how large a segment may be for an agent that starts to go on with it: to do
// that it has to read all of it.
const maxContinued = 64 << 10

// openSegments opens the last segment for more, if it is small, and returns a number that no
// record is beyond.
func openSegments(dir string, limit int64) (*segments, uint64, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, fmt.Errorf("making the directory of the history: %w", err)
	}
	all, err := listSegments(dir)
	if err != nil {
		return nil, 0, err
	}
	s := &segments{dir: dir, limit: limit, all: all}
	if len(all) == 0 {
		return s, 0, nil
	}
	last := all[len(all)-1]
	if last.size > maxContinued {
		return s, last.first + uint64(last.size)/frameHead, nil
	}
	seq := last.first - 1
	whole, err := scan(last.path, func(payload []byte) bool {
		if r, err := decodeRecord(payload); err == nil {
			seq = max(seq, r.Seq)
		}
		return true
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading the history: %w", err)
	}
	if whole == 0 { // not even a beginning
		return s, seq, nil
	}
	f, err := os.OpenFile(last.path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		err = f.Truncate(whole)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("continuing the history: %w", err)
	}
	s.all, s.file, s.size = all[:len(all)-1], f, whole
	return s, seq, nil
}

// append writes frames, of which the first has that number.
func (s *segments) append(frames []byte, first uint64) error {
	if s.file != nil && s.size+int64(len(frames)) > s.limit/parts && s.size > int64(len(magic)) {
		s.seal()
	}
	if s.file == nil {
		if err := s.start(first); err != nil {
			return err
		}
	}
	n, err := s.file.Write(frames)
	s.size += int64(n)
	if err != nil {
		s.seal() // what follows a torn frame would not be read
	}
	return err
}

// seal completes the segment that is written to.
func (s *segments) seal() {
	path := s.file.Name()
	s.file.Close()
	s.all = append(s.all, segment{path: path, size: s.size})
	s.file = nil
}

// start begins a segment and makes room for it.
func (s *segments) start(first uint64) error {
	total := s.limit / parts
	for _, old := range s.all {
		total += old.size
	}
	for len(s.all) > 0 && total > s.limit {
		if err := os.Remove(s.all[0].path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= s.all[0].size
		s.all = s.all[1:]
	}
	f, err := os.OpenFile(filepath.Join(s.dir, fmt.Sprintf("%020d%s", first, suffix)), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	n, err := f.WriteString(magic)
	s.file, s.size = f, int64(n)
	return err
}

func (s *segments) close() {
	if s.file != nil {
		s.file.Close()
	}
}

const suffix = ".log"

// listSegments returns the segments of a directory, the oldest first.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []segment
	for _, e := range entries {
		first, err := strconv.ParseUint(strings.TrimSuffix(e.Name(), suffix), 10, 64)
		if err != nil || !strings.HasSuffix(e.Name(), suffix) || first == 0 {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it went in this moment
		}
		out = append(out, segment{filepath.Join(dir, e.Name()), first, info.Size()})
	}
	slices.SortFunc(out, func(a, b segment) int { return int(min(1, max(-1, int64(a.first-b.first)))) })
	return out, nil
}

// scan calls f with the payload of each record of a file, until it returns false, and
// returns how many bytes are whole.
func scan(path string, f func(payload []byte) bool) (whole int64, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	rest, ok := strings.CutPrefix(string(data[:min(len(data), len(magic))]), magic)
	if !ok || rest != "" {
		return 0, nil
	}
	left := data[len(magic):]
	for len(left) > 0 {
		payload, more, err := nextFrame(left)
		if err != nil {
			break
		}
		left = more
		if !f(payload) {
			break
		}
	}
	return int64(len(data) - len(left)), nil
}
