package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/link"
)

// doorCallers are how many connections ask the gateway at the same time.
const doorCallers = 64

// doorBatch is how many events a program sends in one request.
const doorBatch = 100

// The aims of the gateway: events and clicks a second, and how long a click takes.
const (
	doorAim   = 5000
	clickAim  = 2000
	clickSlow = 50 // ms, p99
)

// doorsKey is the key of the API, and the secret of the webhooks.
const doorsKey = "a key that only the benchmark uses, 32+ bytes"

// request is one of a row; it is made when it is sent.
type request struct {
	path   string
	header map[string]string
	body   []byte
}

// doorRow is one kind of request to the gateway.
type doorRow struct {
	what       string
	n          int    // of requests
	each       int    // events of a request
	stream, on string // where they are, and on which subjects
	make       func(i int) request
	aim        float64
	slow       float64 // p99, in ms; 0: no aim
}

// runDoors measures what comes in over HTTP, next to publishing as many messages of the
// same size: webhooks, batches of events, and one-click unsubscribes.
func (b *bench) runDoors(ctx context.Context) error {
	run := rand.Text()[:6]
	clicks, err := oneClicks()
	if err != nil {
		return err
	}
	for _, r := range []doorRow{
		{"webhooks of WooCommerce", b.mails, 1, bus.Storefront, "storefront.>", func(i int) request { return wooOrder(run, i) }, doorAim, 0},
		{fmt.Sprintf("events over HTTP, %d a request", doorBatch), max(1, b.events/doorBatch/2), doorBatch, bus.Storefront, "storefront.>", func(i int) request { return eventBatch(run, i) }, doorAim, 0},
		{"one-click unsubscribes", b.mails, 1, bus.Timeline, "timeline.*.*.customer.unsubscribed", clicks, clickAim, clickSlow},
	} {
		if err := b.door(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", r.what, err)
		}
	}
	return nil
}

func (b *bench) door(ctx context.Context, r doorRow) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	dir, err := os.MkdirTemp("", "homing-bench-doors")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	secret := filepath.Join(dir, "key")
	if err := os.WriteFile(secret, []byte(doorsKey), 0o600); err != nil {
		return err
	}
	h, err := startHoming(ctx, s, homingSpec{Roles: []string{app.RoleGateway}, Doors: secret})
	if err != nil {
		return err
	}
	defer h.child.stop()
	if err := b.profiles(h.child, "doors"); err != nil {
		return err
	}
	b.progress("doors: %d × %s", r.n, r.what)
	m := meterOf(s.pids())
	m.add("homing", h.ready.PID)
	begun := time.Now()
	took, err := askAll(ctx, "http://"+h.ready.Addr, r)
	if err != nil {
		return err
	}
	all := r.n * r.each
	ours := rate(all, time.Since(begun))
	b.report.CPU = append(b.report.CPU, m.cost(partDoors, r.what, all))
	quiet(ctx)
	if err := exactly(ctx, s, r.stream, r.on, all); err != nil {
		return err
	}
	size, err := sizeIn(ctx, s, r.stream)
	if err != nil {
		return err
	}
	u, err := h.stop()
	if err != nil {
		return err
	}
	limit, err := barePublish(ctx, s, all, size)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s, %d bytes", r.what, size)
	w := rowOf(partDoors, what, perSecond, ours, limit)
	w.judge(fmt.Sprintf("≥ %s/s", thousands(r.aim)), ours >= r.aim)
	b.report.add(w)
	slices.Sort(took)
	w = rowOf(partDoors, r.what+", p99 of a request", millis, percentile(took, 0.99), 0)
	if r.slow > 0 {
		w.What += fmt.Sprintf(", as fast as %d connections can", doorCallers)
	}
	b.report.add(w)
	b.report.addPeak(partDoors, r.what, u)
	return nil
}

// askAll sends all requests, and returns how long each took, in ms. Each is answered with
// 200 once what it says is stored.
func askAll(ctx context.Context, base string, r doorRow) ([]float64, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: doorCallers, DisableCompression: true}, Timeout: stallAfter}
	defer client.CloseIdleConnections()
	took := make([]float64, r.n)
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range doorCallers {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < r.n; i = int(next.Add(1)) - 1 {
				q := r.make(i)
				begun := time.Now()
				if err := post(ctx, client, base, q); err != nil {
					return err
				}
				took[i] = ms(time.Since(begun))
			}
			return nil
		})
	}
	return took, g.Wait()
}

func post(ctx context.Context, client *http.Client, base string, q request) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+q.path, bytes.NewReader(q.body))
	if err != nil {
		return err
	}
	for name, value := range q.header {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = broken("the gateway answered %s: %.200s", res.Status, said)
	}
	return err
}

// wooOrder is an order as WooCommerce tells it, signed.
func wooOrder(run string, i int) request {
	at := time.Now().UTC().Format("2006-01-02T15:04:05")
	body := fmt.Appendf(nil, `{"id":%d,"number":"%d","status":"processing","currency":"GBP","total":"25.90","date_created_gmt":%q,"date_modified_gmt":%q,"customer_id":%d,"billing":{"first_name":"Ann","last_name":"Archer","email":"c-%d.%s@example.com","country":"GB"},"line_items":[{"id":1,"name":"Assam, 250 g","product_id":7,"quantity":2,"subtotal":"25.90","price":12.95}]}`,
		i+1, i+1, at, at, i+1, i, strings.ToLower(run))
	mac := hmac.New(sha256.New, []byte(doorsKey))
	mac.Write(body)
	return request{path: "/in/woocommerce/main", body: body, header: map[string]string{
		"Content-Type": "application/json", "X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-Signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}}
}

// eventBatch is a list of orders from a program.
func eventBatch(run string, i int) request {
	var b bytes.Buffer
	for k := range doorBatch {
		id := i*doorBatch + k + 1 // 0 is no id
		fmt.Fprintf(&b, `%s{"type":"order.placed","id":"%s-%d","source":"/shop","time":%q,"data":{"customer":{"id":"c-%d","email":"c-%d@example.com"},"order":{"id":"%d","items":[{"product_id":"tea","name":"Assam, 250 g","quantity":2,"price":{"amount":"12.95","currency":"GBP"}}],"total":{"amount":"25.90","currency":"GBP"}}}}`,
			[]string{"[", ","}[min(k, 1)], run, id, time.Now().UTC().Format(time.RFC3339Nano), id, id, id)
	}
	b.WriteByte(']')
	return request{path: "/v1/events", body: b.Bytes(), header: map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + doorsKey}}
}

// oneClicks are those of mailbox providers, each of another customer.
func oneClicks() (func(i int) request, error) {
	id, err := customer.NewIdentity(benchSecret)
	if err != nil {
		return nil, err
	}
	signer, err := link.New(benchURL, []link.Key{{ID: link.DerivedKey, Secret: benchSecret}})
	if err != nil {
		return nil, err
	}
	return func(i int) request {
		to := signer.URL(link.Link{Purpose: link.Unsubscribe, Customer: id.Key("main", "c-"+strconv.Itoa(i)), Worker: "win-back"})
		return request{path: strings.TrimPrefix(to, benchURL), body: []byte("List-Unsubscribe=One-Click"), header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
	}, nil
}

// sizeIn is how many bytes a message of a stream has on average, headers and all.
func sizeIn(ctx context.Context, s *stack, stream string) (int, error) {
	st, err := s.js.Stream(ctx, stream)
	if err != nil {
		return 0, err
	}
	state := st.CachedInfo().State
	return int(state.Bytes / max(1, state.Msgs)), nil
}

// barePublish publishes messages of a size, as fast as the stream confirms them.
func barePublish(ctx context.Context, s *stack, n, size int) (perSecond float64, err error) {
	if err := newBareIntake(ctx, s); err != nil {
		return 0, err
	}
	body, begun := bytes.Repeat([]byte("x"), size), time.Now()
	err = publish(ctx, s.js, n, func(i int) (*nats.Msg, error) {
		return &nats.Msg{Subject: "bare." + strconv.Itoa(i%256), Data: body}, nil
	})
	took := time.Since(begun)
	if err != nil {
		return 0, err
	}
	return rate(n, took), exactly(ctx, s, bareStream, "", n)
}
