// Package local keeps what one agent remembers on its own machine, below its prefix: named
// values, numbers from pools, and directories for functions.
//
// Everything is a file below the prefix, so it survives restarts. Keys may contain anything:
// names that are no safe file names are encoded.
package local

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A Store is the local memory of one agent.
type Store struct {
	prefix string

	mu      sync.Mutex // guards what follows, and the files
	values  map[string]any
	waiting map[string]map[chan struct{}]bool // by key: who watches it
}

// New returns the store below a directory, which is made when something is stored.
func New(prefix string) *Store {
	return &Store{prefix: prefix, values: map[string]any{}, waiting: map[string]map[chan struct{}]bool{}}
}

var safeName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

// maxSafeName is how long a key may be, in bytes, for its file to have its name.
const maxSafeName = 100

// fileName returns the file name of a key.
func fileName(key string) string {
	if len(key) <= maxSafeName && safeName.MatchString(key) {
		return key
	}
	return "=" + base64.RawURLEncoding.EncodeToString([]byte(key))
}

func (s *Store) valuePath(key string) string {
	return filepath.Join(s.prefix, "local", "value", fileName(key))
}

// SetValue stores a value under a key: a bool, string, int64, float64, a []any, a
// map[string]any or pairs of key and value, [][2]any, of these, or nil, which removes it. It
// reports whether that is a change.
func (s *Store) SetValue(key string, v any) (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.value(key)
	if err != nil {
		return false, err
	}
	if reflect.DeepEqual(old, v) {
		return false, nil
	}
	if err := s.save(key, v); err != nil {
		return false, fmt.Errorf("storing the value %q: %w", key, err)
	}
	s.values[key] = v
	for ch := range s.waiting[key] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
	return true, nil
}

func (s *Store) save(key string, v any) error {
	name := s.valuePath(key)
	if v == nil {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := json.Marshal(stored{Version: 1, Value: encode(v)})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	return writeFile(name, text)
}

// writeFile replaces a file as a whole.
func writeFile(name string, text []byte) error {
	tmp := name + ".new"
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}

// Value returns the value under a key, or nil.
func (s *Store) Value(key string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value(key)
}

func (s *Store) value(key string) (any, error) {
	if v, ok := s.values[key]; ok {
		return v, nil
	}
	text, err := os.ReadFile(s.valuePath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the value %q: %w", key, err)
	}
	var st stored
	if err := json.Unmarshal(text, &st); err != nil {
		return nil, fmt.Errorf("reading the value %q from %s: %w", key, s.valuePath(key), err)
	}
	v, err := decode(st.Value)
	if err != nil {
		return nil, fmt.Errorf("reading the value %q from %s: %w", key, s.valuePath(key), err)
	}
	s.values[key] = v
	return v, nil
}

// WatchValue calls emit with the value under a key (nil for none), and again after each
// change, until ctx ends. It returns ctx.Err(), or why the value cannot be read.
func (s *Store) WatchValue(ctx context.Context, key string, emit func(v any)) error {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	if s.waiting[key] == nil {
		s.waiting[key] = map[chan struct{}]bool{}
	}
	s.waiting[key][ch] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting[key], ch)
		if len(s.waiting[key]) == 0 {
			delete(s.waiting, key)
		}
		s.mu.Unlock()
	}()
	for {
		v, err := s.Value(key)
		if err != nil {
			return err
		}
		emit(v)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ch:
		}
	}
}

// stored is the file of a value.
type stored struct {
	Version int     `json:"version"`
	Value   encoded `json:"value"`
}

// encoded is a value with its type, which JSON alone does not keep.
type encoded struct {
	Type  string             `json:"type"`
	Text  string             `json:"text,omitempty"`
	List  []encoded          `json:"list,omitempty"`
	Table map[string]encoded `json:"map,omitempty"`
	Pairs [][2]encoded       `json:"pairs,omitempty"`
}

func encode(v any) encoded {
	switch v := v.(type) {
	case bool:
		return encoded{Type: "bool", Text: strconv.FormatBool(v)}
	case int64:
		return encoded{Type: "int", Text: strconv.FormatInt(v, 10)}
	case float64:
		return encoded{Type: "float", Text: strconv.FormatFloat(v, 'g', -1, 64)}
	case string:
		return encoded{Type: "str", Text: base64.StdEncoding.EncodeToString([]byte(v))}
	case []any:
		e := encoded{Type: "list", List: make([]encoded, len(v))}
		for i, x := range v {
			e.List[i] = encode(x)
		}
		return e
	case map[string]any:
		e := encoded{Type: "map", Table: make(map[string]encoded, len(v))}
		for k, x := range v {
			e.Table[k] = encode(x)
		}
		return e
	case [][2]any:
		e := encoded{Type: "pairs", Pairs: make([][2]encoded, len(v))}
		for i, pair := range v {
			e.Pairs[i] = [2]encoded{encode(pair[0]), encode(pair[1])}
		}
		return e
	}
	return encoded{Type: "str", Text: base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(v)))}
}

func decode(e encoded) (any, error) {
	switch e.Type {
	case "bool":
		return strconv.ParseBool(e.Text)
	case "int":
		return strconv.ParseInt(e.Text, 10, 64)
	case "float":
		return strconv.ParseFloat(e.Text, 64)
	case "str":
		b, err := base64.StdEncoding.DecodeString(e.Text)
		return string(b), err
	case "list":
		out := make([]any, len(e.List))
		for i, x := range e.List {
			v, err := decode(x)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case "map":
		out := make(map[string]any, len(e.Table))
		for k, x := range e.Table {
			v, err := decode(x)
			if err != nil {
				return nil, err
			}
			out[k] = v
		}
		return out, nil
	case "pairs":
		return decodePairs(e.Pairs)
	}
	return nil, fmt.Errorf("the file has a value of type %q, which this version does not know", e.Type)
}

func decodePairs(pairs [][2]encoded) (any, error) {
	out := make([][2]any, len(pairs))
	for i, pair := range pairs {
		for side := range pair {
			v, err := decode(pair[side])
			if err != nil {
				return nil, err
			}
			out[i][side] = v
		}
	}
	return out, nil
}

// Pool returns the number of uid in a namespace: at least 1, different for each uid, the same
// on every call. A new uid gets one more than the greatest number so far.
func (s *Store) Pool(namespace, uid string) (int, error) {
	for what, v := range map[string]string{"namespace": namespace, "uid": uid} {
		if v == "" || strings.ContainsAny(v, "/\x00") || v == "." || v == ".." {
			return 0, fmt.Errorf("the %s of a pool is %q; it has to be a name without /", what, v)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := filepath.Join(s.prefix, "local", "pool", namespace)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	highest := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".uid") {
			continue
		}
		n, err := readNumber(filepath.Join(dir, e.Name()))
		if err != nil {
			return 0, err
		}
		if e.Name() == uid+".uid" {
			return n, nil
		}
		highest = max(highest, n)
	}
	return highest + 1, writeFile(filepath.Join(dir, uid+".uid"), []byte(strconv.Itoa(highest+1)+"\n"))
}

func readNumber(name string) (int, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// VarDir makes a directory for functions and returns its absolute path, which ends in /.
// rel may not lead out of the directory of all of them.
func (s *Store) VarDir(rel string) (string, error) {
	clean := path.Clean("/" + rel)
	if rel == "" || clean == "/" || path.IsAbs(rel) || strings.Contains("/"+rel+"/", "/../") {
		return "", fmt.Errorf("%q is no relative directory", rel)
	}
	dir, err := filepath.Abs(filepath.Join(s.prefix, "local", "vardir", filepath.FromSlash(clean)))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	return dir + "/", nil
}
