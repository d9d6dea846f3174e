package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/bus"
)

const orderHeading = "order_id,email,placed_at,currency,product_id,name,quantity,price\n"

// csvOrders is a file of orders, from the first to the last number.
func csvOrders(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "%d,c%d@example.com,2024-01-02T10:11:12Z,GBP,tea,Assam,1,12.50\n", i, i%1000)
	}
	return b.String()
}

func TestAnImportPublishesThePast(t *testing.T) {
	url, js := natsOnly(t)
	dir := t.TempDir()
	file := write(t, dir, "orders.csv", orderHeading+csvOrders(1, 3)+"4,,yesterday,GBP,tea,Assam,1,1\n5,nobody,2024-01-02,GBP,tea,Assam,1,1\n6,f@example.com,2024-01-02,XXXX,tea,Assam,1,1\n")
	homing(t, "import", "csv", file, "--dry-run", "--nats", "nats://127.0.0.1:1").want(t, exitFailure).
		contains(t, "nothing was published; to import are 4 orders, 0 customers and 0 products", "refused    2", "noted      1",
			`line 5: placed_at: "yesterday" is not a time`, "line 6: email: is not an address that email can go to (imported without it)", "line 7: order.items[0].price.currency")
	if n := len(onStorefront(t, js)); n != 0 {
		t.Fatalf("a dry run published %d events", n)
	}
	list := dir + "/refused.csv"
	homing(t, "import", "csv", file, "--nats", url, "--refused", list).want(t, exitFailure).contains(t, "imported 4 orders", "events     4")
	if b, err := os.ReadFile(list); err != nil || strings.Count(string(b), "\n") != 4 || !strings.Contains(string(b), "5,placed_at,") || !strings.Contains(string(b), "6,email,is not an address that email can go to,true") {
		t.Errorf("the list of faults: %s %v", b, err)
	}
	for _, m := range onStorefront(t, js) {
		e, err := events.Decode(events.Raw{Subject: m.Subject, Header: m.Header, Data: m.Data, Time: m.Time}, time.Now())
		if err != nil || !e.Historical || e.Time.Year() != 2024 || e.Source != "/csv/main" {
			t.Errorf("%s: %+v, %v", m.Data, e, err)
		}
	}
	homing(t, "import", "csv", file, "--nats", url, "-o", "json").want(t, exitFailure).contains(t, `"duplicates": 4`)
	if n := len(onStorefront(t, js)); n != 4 {
		t.Errorf("the second time made %d events of 4", n)
	}
	// What the shop tells itself is never taken for a copy of the import.
	homing(t, "import", "csv", file, "--nats", url, "--live").want(t, exitFailure).contains(t, "events     4")
	if all := onStorefront(t, js); len(all) != 8 || bytes.Contains(all[7].Data, []byte("historical")) {
		t.Errorf("%d events; the last is %s", len(all), all[len(all)-1].Data)
	}
	for _, c := range []struct{ args, says string }{
		{"import csv /does/not/exist", "no such file"},
		{"import shopify " + file, "neither an export of orders"},
		{"import woocommerce " + file, "WooCommerce exports no orders into files"},
		{"import woocommerce --url http://shop.example --key-file " + write(t, dir, "key", "ck_1:cs_2\n"), "https is required"},
		{"import woocommerce --url https://shop.example --key-file " + write(t, dir, "bad", "secret"), "ck_…:cs_…"},
	} {
		homing(t, append(strings.Fields(c.args), "--nats", url)...).want(t, exitUsage).contains(t, c.says)
	}
}

// An import that is interrupted says how it goes on, and nothing is lost or there twice.
func TestAnImportThatIsInterruptedGoesOn(t *testing.T) {
	url, js := natsOnly(t)
	const half, all = 5000, 12000
	whole := orderHeading + csvOrders(1, all)
	ctx, cancel := context.WithCancel(t.Context())
	in, feed := io.Pipe()
	var out, errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- Main{}.Run(ctx, []string{"import", "csv", "-", "--nats", url}, in, &out, &errs, env(nil).lookup)
	}()
	if _, err := io.WriteString(feed, orderHeading+csvOrders(1, half)); err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), bus.Storefront)
	if err != nil {
		t.Fatal(err)
	}
	stored := func() uint64 {
		info, err := s.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return info.State.Msgs
	}
	for stored() < half/2 {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	go func() { _, _ = io.WriteString(feed, csvOrders(half+1, all)) }() // it reads a little more, and stops
	if got := <-code; got == exitOK {
		t.Fatal("it ended as if all was done")
	}
	_ = in.Close()
	_, said, ok := strings.Cut(out.String(), "run the command again with --from-line ")
	line, err := strconv.Atoi(strings.TrimSpace(said))
	if !ok || err != nil || line < half/4 {
		t.Fatalf("it does not say how to go on:\n%s%s", out.String(), errs.String())
	}
	file := write(t, t.TempDir(), "orders.csv", whole)
	homing(t, "import", "csv", file, "--nats", url, "--from-line", strconv.Itoa(line)).want(t, exitOK)
	ids := map[string]int{}
	var got struct{ Data events.OrderPlaced }
	for seq := uint64(1); seq <= stored(); seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(m.Data, &struct{ Data *events.OrderPlaced }{&got.Data}); err != nil {
			t.Fatal(err)
		}
		ids[got.Data.Order.ID]++
	}
	for i := 1; i <= all; i++ {
		if n := ids[strconv.Itoa(i)]; n != 1 {
			t.Fatalf("order %d is there %d times", i, n)
		}
	}
}

// woo is a shop's REST API, with its paging and its moods.
type woo struct {
	orders, asked atomic.Int32
	moody         bool
}

func (w *woo) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	n := w.asked.Add(1)
	key, secret, _ := r.BasicAuth()
	q := r.URL.Query()
	from, _ := strconv.Atoi(q.Get("offset"))
	per, _ := strconv.Atoi(q.Get("per_page"))
	switch {
	case key != "ck_1" || secret != "cs_2":
		rw.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(rw, `{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot list resources.","data":{"status":401}}`)
		return
	case q.Get("orderby") != "id" || q.Get("order") != "asc" || per != 100 || q.Get("modified_after") != "2024-01-01T00:00:00":
		rw.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(rw, `{"code":"rest_invalid_param","message":"Invalid parameter(s): per_page"}`)
		return
	case w.moody && n == 2:
		rw.Header().Set("Retry-After", "1")
		rw.WriteHeader(http.StatusTooManyRequests)
		return
	case w.moody && n == 3:
		rw.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(rw, "<html>")
		return
	}
	all := int(w.orders.Load())
	rw.Header().Set("X-WP-Total", strconv.Itoa(all))
	rw.Header().Set("X-WP-TotalPages", strconv.Itoa((all+per-1)/per))
	var b strings.Builder
	for i := from; i < min(from+per, all); i++ {
		status := "processing"
		if i%10 == 9 {
			status = "pending"
		}
		fmt.Fprintf(&b, `,{"id":%d,"status":%q,"currency":"GBP","total":"12.50","date_created_gmt":"2024-01-02T10:11:12","date_modified_gmt":"2024-01-02T10:11:12","customer_id":0,"billing":{"email":"c%d@example.com"},"line_items":[{"id":1,"name":"Tea","product_id":7,"quantity":1,"subtotal":"12.50","price":12.5}]}`, i+1, status, i)
	}
	fmt.Fprint(rw, "["+strings.TrimPrefix(b.String(), ",")+"]")
}

func TestOrdersComeFromTheRESTAPI(t *testing.T) {
	url, js := natsOnly(t)
	shop := &woo{moody: true}
	shop.orders.Store(230)
	srv := httptest.NewServer(http.StripPrefix("/shop/wp-json/wc/v3/orders", shop))
	defer srv.Close()
	dir := t.TempDir()
	args := []string{"import", "woocommerce", "--url", srv.URL + "/shop/", "--key-file", write(t, dir, "key", "ck_1:cs_2\n"), "--since", "2024-01-01", "--only", "orders", "--nats", url}
	homing(t, args...).want(t, exitOK).contains(t, "imported 207 orders", "left out   23", "429 Too Many Requests; again in 1s", "502 Bad Gateway; again in")
	all := onStorefront(t, js)
	e, err := events.Decode(events.Raw{Subject: all[0].Subject, Data: all[0].Data}, time.Now())
	if len(all) != 207 || err != nil || e.Source != "/woocommerce/main" || !e.Historical {
		t.Errorf("%d events, the first %+v, %v", len(all), e, err)
	}
	shop.moody = false
	homing(t, append(args, "--from-page", "3")...).want(t, exitOK).contains(t, "imported 28 orders")
	homing(t, append(args, "--key-file", write(t, dir, "wrong", "ck_1:cs_3\n"))...).want(t, exitFailure).contains(t, "the shop refuses the key (woocommerce_rest_cannot_view")
	homing(t, append(args, "--url", srv.URL+"/elsewhere")...).want(t, exitFailure).contains(t, "no REST API of WooCommerce")
	shop.orders.Store(0)
	homing(t, args...).want(t, exitOK).contains(t, "imported 0 orders")
}

// Where a plugin leaves the times in GMT out, the others are of the site's zone, in an
// import as at the door.
func TestDatesOfWooCommerceAreOfItsZone(t *testing.T) {
	url, js := natsOnly(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"id":1,"status":"processing","currency":"GBP","total":"12.50","date_created":"2024-07-02T10:11:12","date_modified":"2024-07-02T10:11:12","billing":{"email":"c@example.com"},"line_items":[{"id":1,"name":"Tea","product_id":7,"quantity":1,"subtotal":"12.50","price":12.5}]}]`)
	}))
	defer srv.Close()
	dir := t.TempDir()
	key := write(t, dir, "key", "ck_1:cs_2")
	for i, c := range []struct{ of, at string }{
		{"time_zone: Asia/Tokyo, woocommerce: {time_zone: America/New_York}", "2024-07-02T14:11:12Z"},
		{"time_zone: Asia/Tokyo", "2024-07-02T01:11:12Z"},
	} {
		file := write(t, dir, fmt.Sprint(i, ".yaml"), `stores: {main: {name: Main, url: "https://shop.example", from: "Shop <shop@shop.example>", postal_address: "1 Road", currency: GBP, `+c.of+"}}\n")
		homing(t, "import", "woocommerce", "--config", file, "--url", srv.URL, "--key-file", key, "--only", "orders", "--nats", url).want(t, exitOK)
		if all := onStorefront(t, js); !strings.Contains(string(all[len(all)-1].Data), `"time":"`+c.at+`"`) {
			t.Errorf("%s: want %s in %s", c.of, c.at, all[len(all)-1].Data)
		}
	}
}

// A shop that sends its visitors elsewhere does not get the key sent there.
func TestTheKeyIsNotSentElsewhere(t *testing.T) {
	url, _ := natsOnly(t)
	var asked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer other.Close()
	srv := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusMovedPermanently))
	defer srv.Close()
	homing(t, "import", "woocommerce", "--url", srv.URL, "--key-file", write(t, t.TempDir(), "key", "ck_1:cs_2"), "--nats", url).
		want(t, exitFailure).contains(t, "the shop is elsewhere, at "+other.URL)
	if asked.Load() {
		t.Error("the other server was asked")
	}
}

// An export of Shopify's, with the ids of products that the shop knows by their SKUs.
func TestAnExportOfShopifyIsImported(t *testing.T) {
	url, js := natsOnly(t)
	skus := write(t, t.TempDir(), "skus.csv", "sku;product_id\nMUG;632910392\nTEA-A;7\n")
	const orders = "../../pkg/shop/shopify/testdata/exports/orders.csv"
	homing(t, "import", "shopify", orders, "--nats", url, "--skus", skus, "-o", "json").want(t, exitFailure).
		contains(t, `"orders": 7`, `"refused": 4`, `"noted": 1`, "line 12: Total: \"twelve\" is not an amount")
	all := onStorefront(t, js)
	if n := len(all); n != 11 || !strings.Contains(string(all[0].Data), `"product_id":"7"`) || !strings.Contains(string(all[0].Data), `"product_id":"632910392"`) {
		t.Errorf("%d events, the first is %s", n, all[0].Data)
	}
	homing(t, "import", "shopify", "../../pkg/shop/shopify/testdata/exports/customers.csv", "--nats", url, "--as-of", "2024-03-01", "--no-is-unknown").want(t, exitFailure).
		contains(t, "3 customers", "refused    1")
	last := onStorefront(t, js)[12]
	if !strings.Contains(string(last.Data), `"time":"2024-03-01T00:00:00Z"`) || strings.Contains(string(last.Data), "consent") {
		t.Errorf("as of the first of March, and without a refusal: %s", last.Data)
	}
}
