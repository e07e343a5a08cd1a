package cluster

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
)

// What the server could not listen at is refused before it is started, with what to do.
func TestSocketOfNoNetwork(t *testing.T) {
	for dir, want := range map[string]string{
		"plain":                  "",
		"with space [x] \u00fc":  "",
		"50%":                    "with none of %",
		"a#b":                    "with none of %",
		"a?b":                    "with none of %",
		"\xff":                   "in UTF-8",
		strings.Repeat("d", 150): "name a shorter --prefix",
	} {
		o := Options{NoNetwork: true, Dir: filepath.Join(string(filepath.Separator), dir)}
		err := o.addresses()
		if want == "" && err != nil {
			t.Errorf("%q: %v", dir, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want an error with %q", dir, err, want)
		}
	}
}

func TestCompleteSeed(t *testing.T) {
	for _, test := range []struct {
		seed   string
		secure bool
		want   string
	}{
		{"web1", true, "https://web1:2379"},
		{"web1:99", false, "http://web1:99"},
		{"2001:db8::1", true, "https://[2001:db8::1]:2379"},
		{"[2001:db8::1]:99", true, "https://[2001:db8::1]:99"},
		{"[2001:db8::1]", true, "https://[2001:db8::1]:2379"},
		{"127.0.0.1", true, "http://127.0.0.1:2379"},
		{"https://127.0.0.1", true, "https://127.0.0.1:2379"},
		{"http://web1:99", true, "http://web1:99"},
		{"unix:///x.sock", true, "unix:///x.sock"},
	} {
		if got := completeSeed(test.seed, test.secure); got != test.want {
			t.Errorf("%q becomes %q, want %q", test.seed, got, test.want)
		}
	}
}

// A member is asked where others reach it, and with a certificate if it wants one there.
func TestOnlySecure(t *testing.T) {
	for urls, want := range map[string]bool{
		"":                       false, // it has not been started
		"http://localhost:2379":  false,
		"https://192.0.2.1:2379": true,
		"http://localhost:2379,https://192.0.2.1:2379": true,
		"http://192.0.2.1:2379,https://192.0.2.1:2381": false,
	} {
		if got := onlySecure(&etcdserverpb.Member{ClientURLs: splitURLs(urls)}); got != want {
			t.Errorf("%q: got %v", urls, got)
		}
	}
}

// Who catches up has no vote to miss, whether it has been started or not.
func TestQuorate(t *testing.T) {
	for states, want := range map[string]bool{
		Leads:                                 true,
		Leads + "," + Learns:                  true,
		Leads + "," + Silent:                  false,
		Leads + "," + Silent + "," + Follows:  true,
		Waits + "," + Waits + "," + Waits:     false,
		Leads + "," + Learns + "," + Silent:   false,
		Leads + "," + Follows + "," + Learns:  true,
		Silent + "," + Silent + "," + Follows: false,
	} {
		var r Standing
		for _, state := range strings.Split(states, ",") {
			r.Members = append(r.Members, Member{State: state})
		}
		if got := r.Quorate(); got != want {
			t.Errorf("%s: got %v", states, got)
		}
	}
}

// A host that has the certificate of its cluster, and is told of no addresses, finds those at which
// the others reach it.
func TestFindAddresses(t *testing.T) {
	own := interfaceTo([]string{"https://192.0.2.1:2379"})
	if own == nil {
		t.Skip("this machine has no route beyond itself")
	}
	for _, test := range []struct {
		what   string
		change func(*Options)
		want   bool
	}{
		{"seeds elsewhere", func(o *Options) {}, true},
		{"seeds here", func(o *Options) { o.Seeds = []string{"https://127.0.0.1:2379"} }, false},
		{"no certificate", func(o *Options) { o.managed = false }, false},
		{"a client", func(o *Options) { o.NoServer = true }, false},
		{"addresses of its own", func(o *Options) { o.ServerURLs = []string{"https://192.0.2.2:2380"} }, false},
	} {
		o := Options{Dir: t.TempDir(), Seeds: []string{"https://192.0.2.1:2379"}, managed: true}
		test.change(&o)
		if test.want && !isFree("https://"+net.JoinHostPort(own.String(), "2379")) {
			continue // something else listens on this machine
		}
		o.findAddresses()
		if got := o.found != nil; got != test.want || got && (!o.found.Equal(own) || len(o.ClientURLs) != 1 || len(o.ServerURLs) != 1) {
			t.Errorf("%s: found %v, clients %q, servers %q", test.what, o.found, o.ClientURLs, o.ServerURLs)
		}
	}
}

// Addresses that cannot be listened at, or exclude each other, are refused before a server is started.
func TestListening(t *testing.T) {
	for _, test := range []struct {
		clients, servers string
		want             string // a part of the error; empty if there is none
	}{
		{"http://127.0.0.1:1", "http://127.0.0.1:2", ""},
		{"http://127.0.0.1:0", "http://127.0.0.1:0", ""},
		{"http://127.0.0.1:1", "http://127.0.0.2:1", ""},
		{"http://[::1]:1", "http://localhost:1", ""},
		{"http://127.0.0.1:1", "http://127.0.0.1:1", "they need one each"},
		{"http://127.0.0.1:1", "http://localhost:1", "they need one each"},
		{"http://127.0.0.1:1", "http://0.0.0.0:1", "they need one each"},
		{"http://web1:1", "http://127.0.0.1:2", "--client-urls: http://web1:1: a server listens at an address, and web1 is a name"},
		{"http://127.0.0.1:1", "http://web1:2", "the name to others by --advertise-server-urls"},
	} {
		o := Options{Insecure: true, ClientURLs: []string{test.clients}, ServerURLs: []string{test.servers}, AdvertiseServerURLs: []string{"http://192.0.2.1:2380"}}
		o.Dir = t.TempDir()
		err := o.addresses()
		if test.want == "" && err != nil {
			t.Errorf("%s, %s: %v", test.clients, test.servers, err)
		}
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s, %s: %v, want an error with %q", test.clients, test.servers, err, test.want)
		}
	}
}
