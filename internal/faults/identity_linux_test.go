package faults

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func sameName(l *lab) (took time.Duration) {
	l.aside(func(h *host) {
		took = h.turnedAway("another host has the name", "MGMT_TOKEN="+l.token(), "run", "--hostname", "h1")
	})
	return took
}

// turnedAway starts an agent that is to end with an error, as a client of the cluster, and returns
// how long that takes.
func (h *host) turnedAway(why, env string, args ...string) time.Duration {
	h.lab.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	begin := time.Now()
	cmd := h.mgmt(append(args, "--prefix", h.lab.prefix(), "--no-server", "--seeds", h.lab.hosts[0].client(), "empty")...)
	cmd.Env = append(cmd.Env, env)
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	defer stop()
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), why) {
		h.lab.t.Errorf("an agent that is to be told %q ends with %v:\n%s", why, err, out)
	}
	return time.Since(begin)
}

func wrongTokens(l *lab) (longest time.Duration) {
	l.aside(func(h *host) {
		good := l.token()
		for token, why := range map[string]string{
			"rubbish":                    "token",
			good[:len(good)-1]:           "token",
			alter(good, len(good)-8):     "token",
			alter(good, len("mgmt1-")+4): "token",
			l.token("--ttl", "1ms"):      "expired",
		} {
			longest = max(longest, h.turnedAway(why, "MGMT_TOKEN="+token, "run", "--hostname", h.name))
			if h.pki().HasCertificate() {
				l.t.Errorf("with the token %q a host gets a certificate", token)
			}
		}
	})
	return longest
}

// alter changes a character.
func alter(text string, at int) string {
	changed := byte('a')
	if text[at] == changed {
		changed = 'b'
	}
	return text[:at] + string(changed) + text[at+1:]
}

// expired gives a host a certificate of the authority that was good until an hour ago.
func expired(l *lab) (took time.Duration) {
	l.aside(func(h *host) {
		if err := l.certify(h, time.Now().Add(-time.Hour)); err != nil {
			l.t.Fatal(err)
		}
		took = h.turnedAway("the certificate has expired", "", "run", "--hostname", h.name)
		for _, to := range l.hosts {
			if err := h.greets(to); err == nil || !strings.Contains(err.Error(), "expired certificate") {
				l.t.Errorf("a client with an expired certificate is told by %s: %v", to.name, err)
			}
		}
	})
	return took
}

// greets reports what a server says to the certificate of the host.
func (h *host) greets(to *host) error {
	config, err := h.pki().Files().Client()
	if err != nil {
		return err
	}
	config.ServerName, config.NextProtos = to.address, []string{"h2"}
	return h.answers(netip.AddrPortFrom(netip.MustParseAddr(to.address), 2379), config)
}

// certify makes a certificate for a host with the key of the authority, which the first host has.
func (l *lab) certify(h *host, until time.Time) error {
	from := l.hosts[0].pki()
	authority, err := os.ReadFile(filepath.Join(string(from), "ca.pem"))
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(filepath.Join(string(from), "ca.key"))
	if err != nil {
		return err
	}
	revoked, err := os.ReadFile(filepath.Join(string(from), "revoked.crl"))
	if err != nil {
		return err
	}
	block, _ := pem.Decode(authority)
	issuer, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	block, _ = pem.Decode(secret)
	signer, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: h.name},
		NotBefore:    until.Add(-24 * time.Hour),
		NotAfter:     until,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, issuer, key.Public(), signer)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	own := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	return h.give(map[string][]byte{"ca.pem": authority, "revoked.crl": revoked, "host.pem": own})
}

// give makes files of certificates be on the host.
func (h *host) give(files map[string][]byte) error {
	dir := string(h.pki())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// tries writes a key through the server of another host, with the certificate that this host has.
func (h *host) tries(to *host, key string) error {
	client, err := h.reachWith(h.pki(), to)
	if err != nil {
		return err
	}
	defer client.Close()
	return put(client, key)
}

func put(client *clientv3.Client, key string) error { return putValue(client, key, "x") }

// stolen takes the certificate of a host to another one: it serves for nothing but what is that
// host's own, and no longer than until it is revoked.
func stolen(l *lab) (took time.Duration) {
	l.aside(func(h *host) {
		h.launch(h.mgmt("run", "--hostname", h.name, "--prefix", l.prefix(), "--no-server", "--seeds", l.hosts[0].client(), "empty"), "MGMT_TOKEN="+l.token())
		l.eventually(h.name+" has joined", func() bool { return h.pki().HasCertificate() && h.tries(l.hosts[0], stringsPrefix+"stolen") == nil })
		l.aside(func(thief *host) {
			files := map[string][]byte{}
			for _, name := range []string{"ca.pem", "host.pem", "revoked.crl"} {
				text, err := os.ReadFile(filepath.Join(string(h.pki()), name))
				if err != nil {
					l.t.Fatal(err)
				}
				files[name] = text
			}
			if err := thief.give(files); err != nil {
				l.t.Fatal(err)
			}
			thief.turnedAway("the certificate is of another host", "", "run", "--hostname", "h2")
			thief.turnedAway("another agent of this name is in the cluster", "", "run", "--hostname", h.name)
			thief.changesNothing()
			took = thief.revoked(h)
		})
		h.kill()
		l.eventually("nobody waits for "+h.name, func() bool { return l.hosts[0].gone(h) })
	})
	return took
}

// gone reports whether the session of another host has ended.
func (h *host) gone(other *host) bool {
	client := h.reach(h)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	got, err := client.Get(ctx, "/_mgmt/deployed/"+other.name)
	return err == nil && len(got.Kvs) == 0
}

// changesNothing tries to change what is not for a host without roles to change.
func (h *host) changesNothing() {
	h.lab.t.Helper()
	for _, key := range []string{
		"/_mgmt/alive/h2", "/_mgmt/endpoints/h2", "/_mgmt/volunteer/h2", "/_mgmt/converged/h2", "/_mgmt/deployed/h2",
		"/_mgmt/exported/*/h2/file/evil", "/_mgmt/scheduler/hostname/h2/faults",
		"/_mgmt/deploy/1000/payload", "/_mgmt/storage/{sha256}" + sum(nil), "/_mgmt/pki/evil", "/evil",
	} {
		for _, to := range h.lab.hosts {
			if err := h.tries(to, key); err == nil || !strings.Contains(err.Error(), "is not allowed to") {
				h.lab.t.Errorf("a stolen certificate writes %s through %s: %v", key, to.name, err)
			}
		}
	}
}

// revoked revokes the certificate of a host that the thief has, and returns how long it takes until
// that serves for nothing, on connections that stand and on others.
func (h *host) revoked(owner *host) time.Duration {
	l := h.lab
	l.t.Helper()
	var standing []*clientv3.Client
	for _, to := range l.hosts {
		client, err := h.reachWith(h.pki(), to)
		if err != nil {
			l.t.Fatal(err)
		}
		defer client.Close()
		standing = append(standing, client)
		l.eventually("a stolen certificate serves until it is revoked", func() bool { return put(client, stringsPrefix+"stolen") == nil })
	}
	begin := time.Now()
	if out, err := l.hosts[0].mgmt("cluster", "revoke", owner.name, "--prefix", l.prefix()).CombinedOutput(); err != nil {
		l.t.Fatalf("revoking %s: %v\n%s", owner.name, err, out)
	}
	for i, to := range l.hosts {
		l.eventually(to.name+" does not listen to a certificate that is revoked", func() bool { return put(standing[i], stringsPrefix+"stolen") != nil })
		if err := h.greets(to); err == nil {
			l.t.Errorf("%s listens to a certificate that is revoked", to.name)
		}
	}
	return time.Since(begin)
}
