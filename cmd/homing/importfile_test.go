package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// What a shop did before it is connected is rehearsed from what an import writes: no server
// is reached.
func TestAnImportIsWrittenAndRehearsed(t *testing.T) {
	shop := &woo{}
	shop.orders.Store(10)
	srv := httptest.NewServer(http.StripPrefix("/wp-json/wc/v3/orders", shop))
	defer srv.Close()
	dir := t.TempDir()
	file := write(t, dir, "homing.yaml", shopFile)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
		told string
	}{
		"csv":     {[]string{"csv", write(t, dir, "orders.csv", orderHeading+csvOrders(1, 3))}, exitOK, "written were 3 orders", "3 events of 3 customers, 3 orders"},
		"shopify": {[]string{"shopify", "../../pkg/shop/shopify/testdata/exports/orders.csv"}, exitFailure, "written were 7 orders", "11 events of 5 customers"},
		"woo": {[]string{"woocommerce", "--url", srv.URL, "--key-file", write(t, dir, "key", "ck_1:cs_2"), "--since", "2024-01-01", "--only", "orders"}, exitOK,
			"written were 9 orders", "9 events of 9 customers, 9 orders"},
	} {
		out := filepath.Join(dir, name+".jsonl.gz")
		args := append(append([]string{"import"}, c.args...), "--config", file, "--nats", "nats://127.0.0.1:1", "--out", out)
		homing(t, args...).want(t, c.code).contains(t, "nothing was published; "+c.says, out+"; it has personal data")
		ownerOnly(t, out)
		homing(t, "rehearse", "--config", file, "--file", out).want(t, exitOK).contains(t, c.told, "thank-you")
		homing(t, args...).want(t, exitUsage).contains(t, "exists already")
		homing(t, append(args, "--dry-run")...).want(t, exitUsage).contains(t, "--out: a dry run")
	}
}

// An import that cannot begin leaves nothing behind, and one that is interrupted says how it
// goes on.
func TestAnImportIntoAFileIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "homing.yaml", shopFile)
	shop := &woo{}
	shop.orders.Store(150)
	broken := false
	srv := httptest.NewServer(http.StripPrefix("/wp-json/wc/v3/orders", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, _ := strconv.Atoi(r.URL.Query().Get("offset")); broken && from > 0 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		shop.ServeHTTP(w, r)
	})))
	defer srv.Close()
	args := func(key, out string) []string {
		return []string{"import", "woocommerce", "--config", file, "--url", srv.URL, "--key-file", key, "--since", "2024-01-01", "--only", "orders", "--out", out}
	}
	none := filepath.Join(dir, "none.jsonl")
	r := homing(t, args(write(t, dir, "wrong", "ck_1:cs_3"), none)...).want(t, exitFailure)
	if _, err := os.Stat(none); !os.IsNotExist(err) || strings.Contains(r.out, "personal data") {
		t.Errorf("%v: %s", err, r.out)
	}
	broken = true
	key, first, second := write(t, dir, "key", "ck_1:cs_2"), filepath.Join(dir, "first.jsonl.gz"), filepath.Join(dir, "second.jsonl.gz")
	homing(t, args(key, first)...).want(t, exitFailure).contains(t, "run the command again with --from-page", "--only orders, and with another --out")
	broken = false
	homing(t, append(args(key, second), "--from-page", "2")...).want(t, exitOK)
	homing(t, "rehearse", "--config", file, "--file", first, "--file", second).want(t, exitOK).contains(t, "135 orders")
}
