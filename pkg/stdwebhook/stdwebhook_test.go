package stdwebhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"homing/pkg/stdwebhook"
)

// The signature is what the library standardwebhooks 1.0.0 for JavaScript makes of the same.
func TestWhatIsSignedIsWhatTheLibrariesVerify(t *testing.T) {
	const secret, other = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWU="
	at, h := time.Unix(1772445600, 0), http.Header{}
	var keys [][]byte
	for _, s := range []string{secret, other} {
		k, err := stdwebhook.Key(s)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	stdwebhook.Sign(h.Set, keys, "msg_1", at, []byte("{}"))
	first, _, _ := strings.Cut(h.Get("webhook-signature"), " ")
	if first != "v1,rgfS2BkEAahFPw2HfJPsc+NLnfXENMTvYdHsM+tMQGA=" || h.Get("webhook-id") != "msg_1" || h.Get("webhook-timestamp") != "1772445600" {
		t.Errorf("%v", h)
	}
	for _, s := range []string{secret, other} {
		if !stdwebhook.Signed([]string{s}, h.Get, []byte("{}"), at.Add(time.Minute)) {
			t.Errorf("%s does not verify", s)
		}
	}
	if stdwebhook.Signed([]string{secret}, h.Get, []byte("{ }"), at) || stdwebhook.Signed([]string{secret}, h.Get, []byte("{}"), at.Add(6*time.Minute)) {
		t.Error("another body, or another time, verifies")
	}
}

func TestASecretIsOfTheRightForm(t *testing.T) {
	for secret, fault := range map[string]string{"whsec_hunter2!": "is not in base64", "whsec_aHVudGVyMg==": "has a key of 7 bytes"} {
		if _, err := stdwebhook.Key(secret); err == nil || !strings.HasPrefix(err.Error(), fault) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
