package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// post sends a request, with headers in pairs, and returns what is answered.
func post(t *testing.T, url string, body []byte, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

// An order that comes in over HTTP, and one that WooCommerce tells of, are thanked for.
func TestAnOrderThatComesInByADoorIsThankedFor(t *testing.T) {
	dir := t.TempDir()
	secret := "a secret of WooCommerce's webhooks"
	for name, text := range map[string]string{
		"woocommerce": secret + "\n",
		"homing.yaml": "stores: {main: {name: Tea, url: 'https://shop.example', from: hello@shop.example, postal_address: 'High Street', currency: GBP," +
			" woocommerce: {secret_file: '" + filepath.Join(dir, "woocommerce") + "'}}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := startDev(t, "--ephemeral", "--config", filepath.Join(dir, "homing.yaml"))
	key, err := os.ReadFile(d.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	placed := time.Now().Add(-31 * time.Minute).UTC()
	event, _ := json.Marshal(map[string]any{"type": "order.placed", "time": placed.Format(time.RFC3339), "data": json.RawMessage(
		`{"customer":{"email":"ann@example.com"},"order":{"id":"1","total":{"amount":"7.40","currency":"GBP"},"items":[{"product_id":"tea","name":"Tea","quantity":1}]}}`)})
	if code, answer := post(t, d.API, event, "Authorization", "Bearer "+strings.TrimSpace(string(key))); code != http.StatusOK || !strings.Contains(answer, `"accepted":1`) {
		t.Fatalf("%d %s", code, answer)
	}
	order, err := os.ReadFile("../../pkg/shop/woocommerce/testdata/order.created.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"2026-03-02T09:15:02", "2026-03-02T09:15:04"} {
		order = bytes.ReplaceAll(order, []byte(at), []byte(placed.Format("2006-01-02T15:04:05")))
	}
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(order)
	code, answer := post(t, d.Links+"/in/woocommerce/main", order, "X-WC-Webhook-Topic", "order.created",
		"X-WC-Webhook-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if code != http.StatusOK || !strings.Contains(answer, `"accepted":1`) {
		t.Fatalf("%d %s", code, answer)
	}
	var to []string
	for _, m := range waitMails(t, d.Inbox, 2) {
		to = append(to, m.To...)
	}
	if slices.Sort(to); !slices.Equal(to, []string{"ann@example.com", "jo@example.com"}) {
		t.Errorf("emails to %v", to)
	}
}
