package front_test

import (
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap"

	"homing/pkg/front"
	"homing/pkg/shop"
)

// What the library standardwebhooks 1.0.0 for JavaScript signs: it takes every secret for
// base64, also one in hex.
func TestWhatTheLibraryOfStandardWebhooksSigns(t *testing.T) {
	for secret, signature := range map[string]string{
		"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=": "v1,rgfS2BkEAahFPw2HfJPsc+NLnfXENMTvYdHsM+tMQGA=",
		"0123456789abcdef0123456789abcdef0123456789abcdef":   "v1,hwlPvM52Janijt/h0fW7FDA7chkLw0KFnomkXhmUxLg=",
	} {
		s := newStage()
		at := time.Unix(1772445600, 0)
		s.Front = front.New(front.Options{
			Stores:  map[string]front.Store{"main": {Shop: shop.Store{ID: "main"}, Medusa: []string{secret}}},
			Publish: s.publish, Keep: s.keep, Now: func() time.Time { return at }, Log: zap.NewNop(),
			Served: func(string, int) {}, Took: func(string, string, int) {},
		})
		headers := []string{"webhook-id", "msg_1", "webhook-timestamp", strconv.FormatInt(at.Unix(), 10), "webhook-signature", signature}
		if w := s.post("/in/medusa/main", []byte("{}"), headers...); w.Code != 200 || len(s.kept) != 1 { // signed, and not readable
			t.Errorf("%s: %d", secret, w.Code)
		}
		headers[3] = strconv.FormatInt(at.Unix()+1, 10)
		if w := s.post("/in/medusa/main", []byte("{}"), headers...); w.Code != 401 {
			t.Errorf("%s, another time: %d", secret, w.Code)
		}
	}
}

// Nothing is taken from somebody who has no secret, whatever they send.
func FuzzUnsigned(f *testing.F) {
	f.Add([]byte(`{"id":1}`), "AAAA", "1772445600")
	f.Add([]byte("webhook_id=1"), "", "")
	f.Add([]byte(`{"type":"order.placed"}`), "v1,AAAA v1,BBBB", strconv.FormatInt(now.Unix(), 10))
	f.Fuzz(func(t *testing.T, body []byte, signature, at string) {
		s := newStage()
		headers := []string{"X-Shopify-Hmac-Sha256", signature, "X-WC-Webhook-Signature", signature, "webhook-signature", signature,
			"webhook-id", "msg", "webhook-timestamp", at, "X-WC-Webhook-Topic", "order.updated", "X-Shopify-Topic", "orders/create"}
		for _, path := range []string{"/in/shopify/main", "/in/woocommerce/main", "/in/medusa/main", "/v1/events?store=main&key=website"} {
			if w := s.post(path, body, headers...); w.Code != 401 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		if len(s.stored)+len(s.kept) > 0 {
			t.Error("something was taken")
		}
	})
}
