package pki

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// DefaultPort is where signers listen.
const DefaultPort = 2378

// A Newcomer is a host that has a token and no certificate.
type Newcomer struct {
	Dir   Dir
	Host  string
	Names []string // by which it is reached, besides its own
	Token Token
	Seeds []string // hosts of the cluster: names, addresses, or URLs with these
	Dial  Dial     // how they are reached; nil is directly
}

// A Dial connects to an address. It is that of [net.Dialer.DialContext].
type Dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// Why a host gets no answer that it can trust.
var (
	// ErrOtherCluster is why a newcomer keeps its secret to itself.
	ErrOtherCluster = errors.New("the token is of another cluster")
	// ErrUnreachable is why there is no answer at all.
	ErrUnreachable = errors.New("no signer of the cluster can be reached")
)

// askLimit is how long one signer may take to answer.
const askLimit = 15 * time.Second

// Join gets a certificate from the first seed that answers.
func (n Newcomer) Join(ctx context.Context) error {
	if err := checkName(n.Host); err != nil {
		return err
	}
	key, err := n.Dir.joinKey()
	if err != nil {
		return fmt.Errorf("joining the cluster: making a key: %w", err)
	}
	csr, err := newRequest(key, n.Host, n.Names)
	if err != nil {
		return fmt.Errorf("joining the cluster: %w", err)
	}
	req := Request{CSR: csr, Token: n.Token.Name(), Secret: n.Token.Secret[:]}
	var urls []string
	for _, seed := range n.Seeds {
		urls = append(urls, "https://"+net.JoinHostPort(seedHost(seed), strconv.Itoa(int(n.Token.Port)))+joinPath)
	}
	answer, err := ask(ctx, n.Dial, pinned(n.Token.Authority), urls, req)
	if err != nil {
		return fmt.Errorf("joining the cluster: %w", err)
	}
	if err := answer.check(n.Token.Authority, n.Host, key); err != nil {
		return fmt.Errorf("joining the cluster: %w", err)
	}
	return n.Dir.accept(answer, key)
}

// seedHost returns the host of a seed: HOST, HOST:PORT or a URL.
func seedHost(seed string) string {
	if u, err := url.Parse(seed); err == nil && u.Host != "" {
		return u.Hostname()
	}
	if host, _, err := net.SplitHostPort(seed); err == nil {
		return host
	}
	return strings.Trim(seed, "[]")
}

// Renew gets a new certificate for the host of a directory, from the first signer that answers.
// dial may be nil.
func Renew(ctx context.Context, dial Dial, dir Dir, names []string, signers []string) error {
	current, err := dir.current()
	if err != nil {
		return err
	}
	host := current.Leaf.Subject.CommonName
	config, err := dir.Files().Client()
	if err != nil {
		return err
	}
	authority, err := dir.Fingerprint()
	if err != nil {
		return err
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	csr, err := newRequest(key, host, names)
	if err != nil {
		return err
	}
	var urls []string
	for _, s := range signers {
		urls = append(urls, s+renewPath)
	}
	answer, err := ask(ctx, dial, config, urls, Request{CSR: csr})
	if err == nil {
		err = answer.check(authority, host, key)
	}
	if err == nil {
		err = dir.accept(answer, key)
	}
	if err != nil {
		return fmt.Errorf("renewing the certificate of %s: %w", host, err)
	}
	return nil
}

// newRequest returns a request for a certificate.
func newRequest(key *ecdsa.PrivateKey, host string, names []string) ([]byte, error) {
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: host}}
	for _, name := range canonical(names) {
		if err := checkName(name); err != nil {
			return nil, err
		}
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return x509.CreateCertificateRequest(rand.Reader, template, key)
}

// pinned trusts the signers of the authority with a fingerprint. It does not matter which hosts
// these are, since only signers have that role.
func pinned(authority Fingerprint) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(state tls.ConnectionState) error {
			pool := x509.NewCertPool()
			found := false
			for _, cert := range state.PeerCertificates[1:] {
				if FingerprintOf(cert) == authority {
					pool.AddCert(cert)
					found = true
				}
			}
			if !found {
				return ErrOtherCluster
			}
			leaf := state.PeerCertificates[0]
			_, err := leaf.Verify(x509.VerifyOptions{Roots: pool})
			var invalid x509.CertificateInvalidError
			if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
				return fmt.Errorf("the certificate of %s is good at another time; are the clocks right? (%w)", leaf.Subject.CommonName, err)
			}
			if err != nil {
				return fmt.Errorf("%w: %w", ErrOtherCluster, err)
			}
			if !MaySign(leaf) {
				return fmt.Errorf("%s is of the cluster, but not allowed to let hosts in", leaf.Subject.CommonName)
			}
			return nil
		},
	}
}

// ask sends a request to the first of some URLs that answers.
func ask(ctx context.Context, dial Dial, config *tls.Config, urls []string, req Request) (*Answer, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: config, DialContext: dial}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: askLimit}
	failed := ErrUnreachable
	for _, u := range urls {
		answer, err := post(ctx, client, u, body)
		var refused *refused
		if err == nil || errors.As(err, &refused) || errors.Is(err, ErrOtherCluster) {
			return answer, err
		}
		failed = fmt.Errorf("%w; %w", failed, err)
	}
	return nil, failed
}

// post sends a request to one signer.
func post(ctx context.Context, client *http.Client, to string, body []byte) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxMessage))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusedBy(to, resp.Status, text)
	}
	var answer Answer
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("%s: the answer cannot be read: %w", to, err)
	}
	return &answer, nil
}

// A refused error is the answer of a signer that any other signer would give too.
type refused struct {
	text string
	kind error
}

func (e *refused) Error() string { return e.text }
func (e *refused) Unwrap() error { return e.kind }

func refusedBy(from, status string, text []byte) error {
	var r refusal
	if err := json.Unmarshal(text, &r); err != nil || r.Error == "" {
		return fmt.Errorf("%s answers %s", from, status)
	}
	if k, ok := kinds[r.Kind]; ok {
		return &refused{r.Error, k.err}
	}
	return fmt.Errorf("%s: %s", from, r.Error)
}

// check verifies that an answer is what was asked for.
func (a *Answer) check(authority Fingerprint, host string, key *ecdsa.PrivateKey) error {
	ca, err := x509.ParseCertificate(a.Authority)
	if err != nil {
		return fmt.Errorf("the authority of the answer: %w", err)
	}
	if FingerprintOf(ca) != authority {
		return ErrOtherCluster
	}
	cert, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return fmt.Errorf("the certificate of the answer: %w", err)
	}
	if err := cert.CheckSignatureFrom(ca); err != nil {
		return fmt.Errorf("the certificate of the answer: %w", err)
	}
	if cert.Subject.CommonName != host || !key.PublicKey.Equal(cert.PublicKey) {
		return fmt.Errorf("%w: the answer has that of %s", ErrOtherHost, cert.Subject.CommonName)
	}
	return nil
}
