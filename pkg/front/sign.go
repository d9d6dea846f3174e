package front

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"homing/pkg/stdwebhook"
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
		h := hmac.New(sha256.New, []byte(s))
		_, _ = h.Write(body) // it never fails
		good = hmac.Equal(given, h.Sum(nil)) || good
	}
	return good
}

// signedStandard reports the same of a request, as Standard Webhooks has it.
func signedStandard(secrets []string, h http.Header, body []byte, now time.Time) bool {
	return stdwebhook.Signed(secrets, h.Get, body, now)
}
