package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// examples are the programs in the directory of that name, and what each of them does on a
// machine: text in files below the home directory (directories end in /), and in the log.
var examples = []struct {
	name  string
	files map[string]string
	log   string
}{
	{"automatic.mcl", map[string]string{"mgmt-automatic/menu": "soup\ncake\n", "mgmt-automatic/dinner": "soup and cake", "mgmt-automatic/notes": "guests"}, ""},
	{"classes.mcl", map[string]string{"mgmt-classes/shop/app.conf": "debug = false", "mgmt-classes/wiki/app.conf": "debug = true"}, "the wiki is in HOME/mgmt-classes/wiki/"},
	{"clock.mcl", map[string]string{"mgmt-clock": " on a "}, ""},
	{"edges.mcl", nil, "move in"},
	{"exec.mcl", map[string]string{"mgmt-exec/hosts.tar": "hosts", "mgmt-exec/lines": "/etc/hosts"}, "it's $5; no more"},
	{"export.mcl", map[string]string{"mgmt-export/": ""}, ""},
	{"friday.mcl", map[string]string{"mgmt-friday/": ""}, ""},
	{"hello.mcl", map[string]string{"mgmt-hello/motd": "Welcome to ", "mgmt-hello/link": "Welcome to "}, "look into HOME/mgmt-hello/"},
	{"hello.yaml", map[string]string{"mgmt-yaml/motd": "Welcome.", "mgmt-yaml/restarts": "\n"}, "look into HOME/mgmt-yaml/"},
	{"kv.mcl", map[string]string{"mgmt-kv/": ""}, "kv[release]"},
	{"notify.mcl", map[string]string{"mgmt-notify/app.conf": "verbose = true", "mgmt-notify/restarts": "\n"}, "the app has been restarted"},
	{"print.mcl", nil, "it is "},
	{"reverse.mcl", map[string]string{"mgmt-reverse/": ""}, ""},
	{"schedule.mcl", map[string]string{"mgmt-schedule/": ""}, "schedule[backup]"},
	{"secrets.mcl", map[string]string{"mgmt-secrets/admin.conf": "password = change me", "mgmt-secrets/guest.conf": "password = guest"}, "the password is change me"},
	{"send.mcl", map[string]string{"mgmt-kernel": "Linux"}, "value[kernel]"},
	{"sites.mcl", map[string]string{"mgmt-sites/blog.conf": "listen 8080;", "mgmt-sites/wiki.conf": "listen 8081;"}, ""},
	{"timer.mcl", nil, "as they should be"},
	{"website", map[string]string{"mgmt-website/index.html": "<h1>Welcome</h1>", "mgmt-website/about.html": "midnightblue"}, ""},
}

// TestExamples runs each example to its end in a home directory of its own.
func TestExamples(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("agents run on Linux")
	}
	for _, x := range examples {
		t.Run(x.name, func(t *testing.T) {
			home := t.TempDir()
			t.Setenv("HOME", home)
			log := mustRun(t, "run", "--tmp-prefix", "--converged-timeout=0", placed(t, x.name, home))
			if want := strings.ReplaceAll(x.log, "HOME", home); !strings.Contains(log, want) {
				t.Errorf("the log has no %q:\n%s", want, log)
			}
			for name, want := range x.files {
				path := filepath.Join(home, name)
				if strings.HasSuffix(name, "/") {
					if info, err := os.Stat(path); err != nil || !info.IsDir() {
						t.Errorf("%s is no directory: %v", name, err)
					}
					continue
				}
				if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), want) {
					t.Errorf("%s has %q, %v; want something with %q", name, text, err, want)
				}
			}
		})
	}
}

// placed returns the path of an example. One that cannot ask for the home directory writes
// below /tmp; it is copied with that replaced.
func placed(t *testing.T, name, home string) string {
	t.Helper()
	path := filepath.Join(root, "examples", name)
	if !isYAML(name) {
		return path
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte("/tmp/"), []byte(home+"/")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestExamplesAreListed demands that each example is run, is mentioned in their README, and
// has the canonical layout.
func TestExamplesAreListed(t *testing.T) {
	dir := filepath.Join(root, "examples")
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"README.md": true}
	for _, x := range examples {
		known[x.name] = true
		if !strings.Contains(string(readme), "("+x.name) {
			t.Errorf("README.md has no link to %s", x.name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("no test runs the example %s", e.Name())
		}
	}
	mustRun(t, "fmt", "--check", dir)
	mustRun(t, "check", dir)
}

// mustRun runs a command line and returns what it wrote.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if status := command(args, &streams{in: strings.NewReader(""), out: &out, err: &out}); status != exitOK {
		t.Fatalf("mgmt %s: exit status %d\n%s", strings.Join(args, " "), status, out.String())
	}
	return out.String()
}
