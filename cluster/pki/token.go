package pki

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
)

// A Token invites hosts to a cluster.
type Token struct {
	Authority Fingerprint
	Port      uint16 // of signers, on the hosts that are named as seeds
	ID        [8]byte
	Secret    [16]byte
}

// tokenPrefix is what tokens begin with. The number changes when their form does.
const tokenPrefix = "mgmt1-"

// String returns the text of a token. It is secret.
func (t Token) String() string {
	b := t.body()
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

func (t Token) body() []byte {
	b := append([]byte(nil), t.Authority[:]...)
	b = binary.BigEndian.AppendUint16(b, t.Port)
	b = append(b, t.ID[:]...)
	return append(b, t.Secret[:]...)
}

// Name returns what a token is called where its secret must not be seen.
func (t Token) Name() string { return hex.EncodeToString(t.ID[:]) }

// ErrNoToken is why a text is not a token.
var ErrNoToken = errors.New("this is no token, or a part of one; mgmt cluster token prints one")

// ParseToken reads the text of a token; blanks and line ends do not matter, for it is long enough to
// be wrapped. Errors do not contain it.
func ParseToken(text string) (Token, error) {
	var t Token
	text, ok := strings.CutPrefix(strings.Join(strings.Fields(text), ""), tokenPrefix)
	if !ok {
		return t, ErrNoToken
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(t.body())+4 {
		return t, ErrNoToken
	}
	b, sum := b[:len(b)-4], b[len(b)-4:]
	if crc32.ChecksumIEEE(b) != binary.BigEndian.Uint32(sum) {
		return t, ErrNoToken
	}
	b = b[copy(t.Authority[:], b):]
	t.Port, b = binary.BigEndian.Uint16(b), b[2:]
	b = b[copy(t.ID[:], b):]
	copy(t.Secret[:], b)
	return t, nil
}

// Why a token lets nobody in.
var (
	ErrWrongToken   = errors.New("the cluster does not know this token")
	ErrTokenExpired = errors.New("the token has expired")
	ErrTokenUsed    = errors.New("the token has been used up")
)

// storedToken is what the cluster stores of a token.
type storedToken struct {
	Hash    string    // of the secret, SHA-256 in hexadecimal digits
	Left    int       // how many hosts it lets in
	Expires time.Time // when it ends
	Signer  bool      `json:",omitempty"` // whether these become signers
	Deploy  bool      `json:",omitempty"` // whether these may deploy
	Client  bool      `json:",omitempty"` // whether these may run no server
}

// tokenMemory is how long the cluster knows of a token that has expired, so as to say so.
const tokenMemory = 7 * 24 * time.Hour

func tokenKey(id string) string { return "token/" + id }

// An Invitation says what a token is good for.
type Invitation struct {
	Authority Fingerprint
	Port      uint16 // where signers listen
	Uses      int    // how many hosts it lets in
	TTL       time.Duration
	Signer    bool // they get the key of the authority too
	Deploy    bool // they may deploy programs
	Client    bool // they may not run servers
}

// NewToken stores a token, and returns it. Those that expired long ago are forgotten.
func NewToken(ctx context.Context, store Store, i Invitation) (Token, error) {
	t := Token{Authority: i.Authority, Port: i.Port}
	rand.Read(t.ID[:])     // never fails
	rand.Read(t.Secret[:]) // never fails
	if i.Signer && i.Client {
		return Token{}, errors.New("a signer has the key of the authority, and may run a server")
	}
	if i.Uses < 1 || i.TTL <= 0 {
		return Token{}, errors.New("a token is for one host at least, and for some time")
	}
	if err := forgetTokens(ctx, store, time.Now().Add(-tokenMemory)); err != nil {
		return Token{}, err
	}
	stored := storedToken{hashSecret(t.Secret[:]), i.Uses, time.Now().Add(i.TTL), i.Signer, i.Deploy, i.Client}
	if err := update(ctx, store, tokenKey(t.Name()), func(s *storedToken) error { *s = stored; return nil }); err != nil {
		return Token{}, fmt.Errorf("storing a token: %w", err)
	}
	return t, nil
}

// forgetTokens deletes the tokens that expired before a time.
func forgetTokens(ctx context.Context, store Store, before time.Time) error {
	all, err := store.List(ctx, tokenKey(""))
	if err != nil {
		return fmt.Errorf("looking for tokens that have expired: %w", err)
	}
	for key, value := range all {
		var token storedToken
		if json.Unmarshal(value, &token) != nil || !token.Expires.Before(before) {
			continue
		}
		_, version, err := store.Get(ctx, key)
		if err == nil {
			_, err = store.Swap(ctx, key, nil, version)
		}
		if err != nil {
			return fmt.Errorf("forgetting a token that has expired: %w", err)
		}
	}
	return nil
}

func hashSecret(secret []byte) string {
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:])
}

// roles returns what those are to the cluster whom the token lets in.
func (s *storedToken) roles() []string {
	roles := []string{RoleAgent}
	if s.Signer {
		roles = append(roles, RoleSigner)
	}
	if !s.Client {
		roles = append(roles, RoleServer)
	}
	if s.Deploy {
		roles = append(roles, RoleDeploy)
	}
	return roles
}

// check returns why a secret does not open the door.
func (s *storedToken) check(secret []byte, now time.Time) error {
	if subtle.ConstantTimeCompare([]byte(s.Hash), []byte(hashSecret(secret))) != 1 {
		return ErrWrongToken
	}
	if now.After(s.Expires) {
		return fmt.Errorf("%w on %s; print a new one by mgmt cluster token", ErrTokenExpired, s.Expires.UTC().Format(time.DateTime+" UTC"))
	}
	if s.Left < 1 {
		return fmt.Errorf("%w; print a new one by mgmt cluster token, or one for more hosts with --uses", ErrTokenUsed)
	}
	return nil
}
