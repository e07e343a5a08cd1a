package deploy

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"mgmt/deploy/bundle"
)

const (
	deploysPrefix = "/deploy/"
	treesPrefix   = "/fs/deploy/"
	chunksPrefix  = "/storage/{sha256}"
	statesPrefix  = "/deployed/"
	// epochKey changes each time somebody begins to store files. It keeps files from being
	// removed that are about to be used.
	epochKey = "/fs/epoch"
)

// The last elements of the keys of a deploy.
const (
	payload = "payload"
	gitHash = "hash"
	release = "release"
)

func deployKey(id int64, part string) string {
	return deploysPrefix + strconv.FormatInt(id, 10) + "/" + part
}

// parseDeployKey takes a key of a deploy apart.
func parseDeployKey(key string) (id int64, part string, ok bool) {
	number, part, _ := strings.Cut(strings.TrimPrefix(key, deploysPrefix), "/")
	id, err := strconv.ParseInt(number, 10, 64)
	return id, part, err == nil && id > 0 && key == deployKey(id, part)
}

func chunkKey(h bundle.Hash) string { return chunksPrefix + h.String() }

func stateKey(host string) string { return statesPrefix + host }

// matches reports whether a host is one of those that patterns stand for. None is all.
func matches(host string, patterns []string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, host); ok && err == nil {
			return true
		}
	}
	return len(patterns) == 0
}

// CheckPattern reports why something cannot stand for names of hosts: a name, in which * is any
// text and ? any character.
func CheckPattern(p string) error {
	if _, err := path.Match(p, ""); err != nil || p == "" || strings.ContainsAny(p, "/ ") {
		return fmt.Errorf("%q is no name of hosts: write a name, or one with * for any text", p)
	}
	return nil
}
