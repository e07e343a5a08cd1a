package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"mgmt/deploy/sign"
)

// What is signed in the store is a text of two parts: a line of JSON, and a signature of that
// line, which may be left out.

// The namespaces of signatures.
const (
	manifestSpace = "mgmt-deploy"
	releaseSpace  = "mgmt-release"
)

// seal writes v as a signed text. Without a signer there is no signature.
func seal(v any, namespace string, signer *sign.Signer) ([]byte, error) {
	line, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	line = append(line, '\n')
	if signer == nil {
		return line, nil
	}
	sig, err := signer.Sign(namespace, line)
	if err != nil {
		return nil, err
	}
	return append(line, sig...), nil
}

// unseal reads a signed text into v, if one of the keys has signed it. Without trust there need
// not be a signature, but one that is there is to be whole. It returns who signed.
func unseal(text []byte, namespace string, trust *sign.Trust, v any) (signer string, err error) {
	at := bytes.IndexByte(text, '\n') + 1
	if at == 0 {
		return "", errors.New("it is damaged: there is no line of JSON")
	}
	line, sig := text[:at], sign.Signature(text[at:])
	if trust != nil {
		if signer, err = trust.Verify(namespace, line, sig); err != nil {
			return "", err
		}
	} else if len(sig) > 0 {
		if signer = sign.SignedBy(sig, namespace); signer == "" {
			return "", errors.New("its signature is damaged")
		}
	}
	in := json.NewDecoder(bytes.NewReader(line))
	in.DisallowUnknownFields()
	if err := in.Decode(v); err != nil {
		return "", fmt.Errorf("it is damaged, or made by a newer mgmt: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("it is damaged: there is something behind its JSON")
	}
	return signer, nil
}
