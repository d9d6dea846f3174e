package front_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/front"
	"homing/pkg/shop"
)

var now = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

const (
	shopifySecret = "shpss_0123456789abcdef0123456789"
	wooSecret     = "a secret of WooCommerce's own making"
	medusaSecret  = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	apiKey        = "0123456789abcdef0123456789abcdef01234567"
)

// stage is a front whose stream is a list.
type stage struct {
	*front.Front
	mu     sync.Mutex
	stored []*front.Message
	ids    map[string]bool
	kept   []front.Kept
	down   error
	hang   bool // it does not answer
	took   map[string]int
	codes  map[string]int
}

func newStage() *stage {
	return newStageOf(map[string]front.Store{
		"main": {
			Shop:    shop.Store{ID: "main", Zone: time.UTC, Currency: "GBP", URL: "https://shop.example"},
			Shopify: []string{"an older secret of Shopify", shopifySecret}, WooCommerce: []string{wooSecret}, Medusa: []string{medusaSecret},
			Keys: []front.Key{{ID: "website", Secret: apiKey}},
		},
		"closed": {Shop: shop.Store{ID: "closed"}},
	})
}

func newStageOf(stores map[string]front.Store) *stage {
	s := &stage{ids: map[string]bool{}, took: map[string]int{}, codes: map[string]int{}}
	s.Front = front.New(front.Options{
		Stores:  stores,
		Publish: s.publish, Keep: s.keep, Now: func() time.Time { return now }, Log: zap.NewNop(),
		Traced: func(h http.Header) map[string][]string { return map[string][]string{"traceparent": h["Traceparent"]} },
		Served: func(door string, code int) { s.count(s.codes, door+" "+strconv.Itoa(code), 1) },
		Took:   func(door, result string, n int) { s.count(s.took, door+" "+result, n) },
	})
	return s
}

func (s *stage) count(in map[string]int, key string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in[key] += n
}

func (s *stage) publish(ctx context.Context, ms []*front.Message) error {
	if s.hang {
		return hangs(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	for _, m := range ms {
		if m.Copy = s.ids[m.ID]; !m.Copy {
			s.ids[m.ID] = true
			s.stored = append(s.stored, m)
		}
	}
	return nil
}

func (s *stage) keep(ctx context.Context, k front.Kept) error {
	if s.hang {
		return hangs(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == nil {
		s.kept = append(s.kept, k)
	}
	return s.down
}

// post sends a request, with headers in pairs.
func (s *stage) post(path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func sign(secret string, parts ...string) string {
	h := hmac.New(sha256.New, []byte(secret))
	for _, p := range parts {
		_, _ = io.WriteString(h, p)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../shop/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// types are those of the events that were stored, all of which Homing takes.
func (s *stage) types(t *testing.T) string {
	t.Helper()
	var out []string
	for _, m := range s.stored {
		e, err := events.Decode(events.Raw{Subject: m.Subject, Header: m.Header, Data: m.Data}, now.Add(30*24*time.Hour))
		if err != nil {
			t.Errorf("%s: %v", m.Subject, err)
		}
		out = append(out, e.Store+" "+string(e.Type))
	}
	return strings.Join(out, ", ")
}

func (s *stage) shopify(path, topic string, body []byte) *httptest.ResponseRecorder {
	return s.post(path, body, "X-Shopify-Topic", topic, "X-Shopify-Hmac-Sha256", sign(shopifySecret, string(body)), "X-Shopify-Triggered-At", "2026-03-02T09:59:00.123Z")
}

func TestAWebhookIsTakenFromWhoSignsIt(t *testing.T) {
	shopifyOrder, wooOrder, medusaOrder := file(t, "shopify/testdata/orders+create.json"), file(t, "woocommerce/testdata/order.created.json"), file(t, "medusa/testdata/order.placed.json")
	at := strconv.FormatInt(now.Unix(), 10)
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(medusaSecret, "whsec_"))
	standard := func(secret, at string) []string {
		return []string{"Webhook-Id", "msg_1", "Webhook-Timestamp", at, "Webhook-Signature", "v1a,xx v1," + sign(secret, "msg_1."+at+".", string(medusaOrder))}
	}
	for _, c := range []struct {
		name, path string
		body       []byte
		headers    []string
		code       int
	}{
		{"Shopify", "/in/shopify/main", shopifyOrder, []string{"X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256", sign(shopifySecret, string(shopifyOrder))}, 200},
		{"Shopify, with the older secret", "/in/shopify/main", shopifyOrder, []string{"X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256", sign("an older secret of Shopify", string(shopifyOrder))}, 200},
		{"another secret", "/in/shopify/main", shopifyOrder, []string{"X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256", sign(wooSecret, string(shopifyOrder))}, 401},
		{"another body", "/in/shopify/main", append([]byte(" "), shopifyOrder...), []string{"X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256", sign(shopifySecret, string(shopifyOrder))}, 401},
		{"no signature", "/in/shopify/main", shopifyOrder, []string{"X-Shopify-Topic", "orders/create"}, 401},
		{"half a signature", "/in/shopify/main", shopifyOrder, []string{"X-Shopify-Hmac-Sha256", sign(shopifySecret, string(shopifyOrder))[:20]}, 401},
		{"WooCommerce", "/in/woocommerce/main", wooOrder, []string{"X-WC-Webhook-Topic", "order.created", "X-WC-Webhook-Signature", sign(wooSecret, string(wooOrder))}, 200},
		{"WooCommerce, another secret", "/in/woocommerce/main", wooOrder, []string{"X-WC-Webhook-Topic", "order.created", "X-WC-Webhook-Signature", sign(shopifySecret, string(wooOrder))}, 401},
		{"Medusa", "/in/medusa/main", medusaOrder, standard(medusaSecret, at), 200},
		{"Medusa, as the libraries of Standard Webhooks read a secret", "/in/medusa/main", medusaOrder, standard(string(raw), at), 200},
		{"Medusa, too late", "/in/medusa/main", medusaOrder, standard(medusaSecret, strconv.FormatInt(now.Add(-6*time.Minute).Unix(), 10)), 401},
		{"Medusa, too early", "/in/medusa/main", medusaOrder, standard(medusaSecret, strconv.FormatInt(now.Add(6*time.Minute).Unix(), 10)), 401},
		{"Medusa, no time", "/in/medusa/main", medusaOrder, standard(medusaSecret, ""), 401},
		{"a store that there is not", "/in/shopify/other", shopifyOrder, nil, 404},
		{"a store without a secret", "/in/shopify/closed", shopifyOrder, nil, 404},
		{"a system that there is not", "/in/other/main", shopifyOrder, nil, 404},
	} {
		s := newStage()
		w := s.post(c.path, c.body, c.headers...)
		if w.Code != c.code || (w.Code == 200) != (len(s.stored) == 1) {
			t.Errorf("%s: %d, %d stored: %s", c.name, w.Code, len(s.stored), w.Body)
		}
	}
}

func TestATwiceToldWebhookIsOneEvent(t *testing.T) {
	s := newStage()
	body := file(t, "shopify/testdata/orders+create.json")
	for range 3 { // a retry has the same payload, and so has a second subscription
		if w := s.shopify("/in/shopify/main", "orders/create", body); w.Code != 200 {
			t.Fatal(w.Code)
		}
	}
	erased := file(t, "shopify/testdata/customers+redact.json") // says no time
	for range 2 {
		s.shopify("/in/shopify/main", "customers/redact", erased)
	}
	if got := s.types(t); got != "main order.placed, main customer.erased" {
		t.Error(got)
	}
	if s.took["shopify accepted"] != 2 || s.took["shopify duplicate"] != 3 {
		t.Error(s.took)
	}
}

// WooCommerce gives two orders of one second one delivery id.
func TestTwoOrdersOfOneSecondAreTwo(t *testing.T) {
	s := newStage()
	first := file(t, "woocommerce/testdata/order.created.json")
	for _, body := range [][]byte{first, bytes.ReplaceAll(first, []byte("727"), []byte("728"))} {
		s.post("/in/woocommerce/main", body, "X-WC-Webhook-Topic", "order.created", "X-WC-Webhook-Signature", sign(wooSecret, string(body)), "X-WC-Webhook-Delivery-ID", "5f3a")
	}
	if got := s.types(t); got != "main order.placed, main order.placed" {
		t.Error(got)
	}
}

func TestWooCommercesPingGetsExactly200(t *testing.T) {
	s := newStage()
	for body, want := range map[string]int{"webhook_id=17": 200, "webhook_id=x": 401, "webhook_id=17&a=b": 401, "": 401} {
		if w := s.post("/in/woocommerce/main", []byte(body), "Content-Type", "application/x-www-form-urlencoded"); w.Code != want {
			t.Errorf("%q: %d", body, w.Code)
		}
	}
	if w := s.post("/in/woocommerce/closed", []byte("webhook_id=17"), "Content-Type", "application/x-www-form-urlencoded"); w.Code != 404 {
		t.Error(w.Code)
	}
	if len(s.stored)+len(s.kept) > 0 {
		t.Error("something was stored")
	}
}

func TestWhatNothingFollowsFromIsTakenAndCounted(t *testing.T) {
	s := newStage()
	for topic, body := range map[string]string{"themes/publish": `{"id":1}`, "carts/update": `{"id":"x"}`, "inventory_levels/update": `[]`} {
		if w := s.shopify("/in/shopify/main", topic, []byte(body)); w.Code != 200 || !strings.Contains(w.Body.String(), "ignored") {
			t.Errorf("%s: %d %s", topic, w.Code, w.Body)
		}
	}
	if s.took["shopify unknown"] != 1 || s.took["shopify ignored"] != 2 || len(s.stored)+len(s.kept) > 0 {
		t.Error(s.took)
	}
}

// A system that is told no again and again ends its webhook.
func TestWhatCannotBeReadIsKeptForAPerson(t *testing.T) {
	s := newStage()
	for _, c := range []struct{ topic, body string }{
		{"orders/create", `{"id":`}, {"orders/create", `[]`}, {"orders/updated", `{"id": 1, "updated_at": "2026-03-02T09:00:00Z"}`}, {"orders/create", "\xff\xfe"},
		{"orders/create", ""},
	} {
		if w := s.shopify("/in/shopify/main", c.topic, []byte(c.body)); w.Code != 200 {
			t.Errorf("%s: %d", c.body, w.Code)
		}
	}
	if len(s.kept) != 5 || s.kept[0].Reason != string(events.ReasonUnreadableWebhook) || s.kept[0].Store != "main" || string(s.kept[0].Body) != `{"id":` {
		t.Errorf("%+v", s.kept)
	}
	if !strings.Contains(s.kept[2].Detail, "orders/updated") || !strings.Contains(s.kept[2].Detail, "line_items") {
		t.Error(s.kept[2].Detail)
	}
	s.kept = nil
	s.shopify("/in/shopify/main", "customers/data_request", file(t, "shopify/testdata/customers+data_request.json"))
	if len(s.kept) != 1 || s.kept[0].Reason != string(events.ReasonPrivacyRequest) || s.kept[0].Body != nil || strings.Contains(s.kept[0].Detail, "@") {
		t.Errorf("%+v", s.kept)
	}
}

func TestNothingIsAcknowledgedThatIsNotStored(t *testing.T) {
	s := newStage()
	s.down = errors.New("NATS is away")
	order := file(t, "shopify/testdata/orders+create.json")
	one := []byte(`{"type":"order.placed","data":` + orderData("1") + `}`)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"order":    s.shopify("/in/shopify/main", "orders/create", order),
		"unread":   s.shopify("/in/shopify/main", "orders/create", []byte("{")),
		"request":  s.shopify("/in/shopify/main", "shop/redact", []byte("{}")),
		"an event": s.post("/v1/events", one, "Authorization", "Bearer "+apiKey),
	} {
		if w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if len(s.took) != 0 {
		t.Errorf("counted: %v", s.took)
	}
}

func TestLimitsOfRequests(t *testing.T) {
	s := newStage()
	for _, c := range []struct {
		name, path, method string
		size               int
		code               int
	}{
		{"too large a webhook", "/in/shopify/main", "POST", 8<<20 + 1, 413},
		{"too large a batch", "/v1/events", "POST", 8<<20 + 1, 413},
		{"another method", "/in/shopify/main", "GET", 0, 405}, {"another method", "/v1/events", "PUT", 0, 405},
	} {
		r := httptest.NewRequest(c.method, c.path, io.LimitReader(spaces{}, int64(c.size)))
		r.Header.Set("Authorization", "Bearer "+apiKey)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.code || c.code == 405 && w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d", c.name, w.Code)
		}
	}
	r := httptest.NewRequest("POST", "/v1/events", strings.NewReader("x"))
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != 415 {
		t.Error("encoded:", w.Code)
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// All bodies together are bounded, and those from one address; what was read is given back.
func TestTooMuchAtOnceIsAskedToComeAgain(t *testing.T) {
	for name, c := range map[string]struct {
		from    func(n int) string
		refused int
	}{
		"from everywhere":  {func(n int) string { return fmt.Sprintf("203.0.113.%d:1", n+1) }, http.StatusServiceUnavailable},
		"from one address": {func(int) string { return "203.0.113.1:1" }, http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage()
			// Bodies of 3 MiB stay open: ten fit into 32 MiB, and five into the 16 of an address.
			var open []*io.PipeWriter
			var wg sync.WaitGroup
			codes := make(chan int, 20)
			for n := range cap(codes) {
				pr, pw := io.Pipe()
				r := httptest.NewRequest("POST", "/in/shopify/main", pr)
				r.RemoteAddr = c.from(n)
				wg.Go(func() {
					w := httptest.NewRecorder()
					s.ServeHTTP(w, r)
					_ = pr.Close()
					codes <- w.Code
				})
				_, _ = pw.Write(make([]byte, 3<<20)) // until it is read, or refused
				open = append(open, pw)
			}
			for _, pw := range open {
				_ = pw.Close()
			}
			wg.Wait()
			close(codes)
			n := map[int]int{}
			for c := range codes {
				n[c]++
			}
			if n[c.refused] == 0 || n[c.refused]+n[http.StatusUnauthorized] != cap(codes) {
				t.Error(n)
			}
			body := file(t, "shopify/testdata/orders+create.json")
			for range 100 {
				if w := s.shopify("/in/shopify/main", "orders/create", body); w.Code != 200 {
					t.Fatal("afterwards:", w.Code)
				}
			}
		})
	}
}

func orderData(id string) string {
	return fmt.Sprintf(`{"customer":{"id":"c-%s","email":"jo%s@example.com"},"order":{"id":"%s","total":{"amount":"7.40","currency":"GBP"},"items":[{"product_id":"tea","name":"Tea","quantity":1,"price":{"amount":"7.40","currency":"GBP"}}]}}`, id, id, id)
}

func decode(t *testing.T, w *httptest.ResponseRecorder) (out struct {
	Accepted, Duplicate, Rejected int
	Results                       []struct {
		Index      int
		ID, Status string
		Errors     []struct{ Field, Reason, Detail string }
		Warnings   []struct{ Field, Reason string }
	}
}) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return out
}
