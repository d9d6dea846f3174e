package front

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// signed reports whether a signature, in base64, is that of a body under one of some
// secrets, as Shopify and WooCommerce sign.
func signed(secrets []string, signature string, body []byte) bool {
	given, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	if err != nil || len(given) != sha256.Size {
		return false
	}
	good := false
	for _, s := range secrets {
		good = hmac.Equal(given, sum([]byte(s), body)) || good
	}
	return good
}

func sum(secret []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, secret)
	for _, p := range parts {
		_, _ = h.Write(p) // it never fails
	}
	return h.Sum(nil)
}

// tolerance is how far the time of a Standard Webhook may be from ours.
const tolerance = 5 * time.Minute

// signedStandard reports whether a request is signed as Standard Webhooks has it
// (https://www.standardwebhooks.com): over its id, its time and its body. What was sent
// too long ago, or will be, is not. A secret is what it says, or what it says in base64,
// with or without whsec_ in front.
func signedStandard(secrets []string, h http.Header, body []byte, now time.Time) bool {
	id, at := h.Get("Webhook-Id"), h.Get("Webhook-Timestamp")
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
	for signature := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		version, code, _ := strings.Cut(signature, ",")
		given, err := base64.StdEncoding.DecodeString(code)
		if version != "v1" || err != nil {
			continue
		}
		if tried++; tried > 8 { // a sender has two while it changes its secret
			break
		}
		for _, k := range keys {
			good = hmac.Equal(given, sum(k, []byte(id+"."+at+"."), body)) || good
		}
	}
	return good
}
