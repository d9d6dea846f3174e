// Package stdwebhook signs requests, and verifies signed ones, as Standard Webhooks has it
// (https://www.standardwebhooks.com): HMAC-SHA256 over the id, the time and the body. It
// sends nothing.
package stdwebhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed request.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// How many bytes a key has, by the specification.
const (
	minKey = 24
	maxKey = 64
)

// Key returns the key that a secret stands for, which has 24 to 64 bytes and is written in
// base64, with or without whsec_ in front, as the libraries of Standard Webhooks take it.
// Its error does not show the secret.
func Key(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return nil, fmt.Errorf("is not in base64; make one with: echo whsec_$(openssl rand -base64 32)")
	}
	if len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("has a key of %d bytes, and it must have %d to %d; make one with: echo whsec_$(openssl rand -base64 32)", len(key), minKey, maxKey)
	}
	return key, nil
}

// Sign signs a request with each of some keys: a receiver takes it that knows one of them.
// set is told its headers. An id must have no full stop in it.
func Sign(set func(header, value string), keys [][]byte, id string, at time.Time, body []byte) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(keys))
	for i, k := range keys {
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(sum(k, id, seconds, body))
	}
	set(HeaderID, id)
	set(HeaderTimestamp, seconds)
	set(HeaderSignature, strings.Join(signatures, " "))
}

// tolerance is how far the time of a request may be from ours.
const tolerance = 5 * time.Minute

// mostTried is how many signatures of a request are looked at: a sender has two while it
// changes its secret.
const mostTried = 8

// Signed reports whether a request, whose headers get returns, is signed with one of some
// secrets. What was sent too long ago, or will be, is not. A secret is what it says, or what it
// says in base64, with or without whsec_ in front.
func Signed(secrets []string, get func(header string) string, body []byte, now time.Time) bool {
	id, at := get(HeaderID), get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(at, 10, 64)
	if off := now.Sub(time.Unix(seconds, 0)); id == "" || err != nil || off > tolerance || off < -tolerance {
		return false
	}
	var keys [][]byte
	for _, s := range secrets {
		keys = append(keys, []byte(s))
		if key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_")); err == nil && len(key) >= 16 {
			keys = append(keys, key)
		}
	}
	good := false
	tried := 0
	for signature := range strings.FieldsSeq(get(HeaderSignature)) {
		version, code, _ := strings.Cut(signature, ",")
		given, err := base64.StdEncoding.DecodeString(code)
		if version != "v1" || err != nil {
			continue
		}
		if tried++; tried > mostTried {
			break
		}
		for _, k := range keys {
			good = hmac.Equal(given, sum(k, id, at, body)) || good
		}
	}
	return good
}

func sum(key []byte, id, seconds string, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(id + "." + seconds + ".")) // it never fails
	_, _ = h.Write(body)
	return h.Sum(nil)
}
