package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
)

// storeID is the one store of the benchmark.
const storeID = "main"

var goods = []string{
	"Assam, 250 g", "Heart light", "White lantern", "Cupid hanger", "Hot water bottle", "Woolly cushion", "Nesting boxes", "Star holder",
}

// firstOrder is the number of the first order.
const firstOrder = 1_000_000

// order makes an order of a customer, c-<who>, who is mailed at
// c-<who>@example.com. Of 3 items it is about 600 bytes, of 19 about 2,600.
func order(who, number, items int, at time.Time) events.Event {
	o := events.Order{ID: strconv.Itoa(firstOrder + number), Total: events.Money{Currency: "GBP"}}
	for i := range items {
		n := (number + i) % 1000
		it := events.Item{ProductID: "p-" + strconv.Itoa(n), Name: goods[n%len(goods)], Quantity: 1 + i%3,
			Price: events.Money{Minor: int64(195 + 10*n), Currency: "GBP"}}
		if items > 3 {
			it.Name += ", in a set of twelve"
		}
		o.Total.Minor += it.Price.Minor * int64(it.Quantity)
		o.Items = append(o.Items, it)
	}
	id := "c-" + strconv.Itoa(who)
	return placed("order-"+o.ID, at, &events.OrderPlaced{
		Customer: events.Customer{ID: id, Email: id + "@example.com", FirstName: "Ann"}, Order: o,
	})
}

func placed(id string, at time.Time, data *events.OrderPlaced) events.Event {
	return events.Event{ID: id, Source: "/bench", Type: data.Type(), Store: storeID, Time: at.UTC().Truncate(time.Millisecond), Data: data}
}

// message is the event as a storefront publishes it, structured.
func message(e events.Event) (*nats.Msg, error) {
	data, err := events.Encode(e)
	return &nats.Msg{Subject: events.Subject(e.Store, e.Type), Data: data}, err
}

// publish publishes n messages and waits until the stream has all of them.
func publish(ctx context.Context, js jetstream.JetStream, n int, build func(i int) (*nats.Msg, error)) error {
	acks := newAcks()
	for i := range n {
		m, err := build(i)
		if err != nil {
			return err
		}
		if err := acks.send(js, m); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return acks.wait(ctx)
}

// acks gathers the acks of asynchronous publishes.
type acks struct {
	wg      sync.WaitGroup
	futures chan jetstream.PubAckFuture
	err     error
}

func newAcks() *acks {
	a := &acks{futures: make(chan jetstream.PubAckFuture, inFlight)}
	a.wg.Go(func() {
		for f := range a.futures {
			select {
			case <-f.Ok():
			case err := <-f.Err():
				a.err = errors.Join(a.err, err)
			}
		}
	})
	return a
}

func (a *acks) send(js jetstream.JetStream, m *nats.Msg) error {
	f, err := js.PublishMsgAsync(m, jetstream.WithStallWait(30*time.Second))
	if err == nil {
		a.futures <- f
	}
	return err
}

func (a *acks) wait(ctx context.Context) error {
	close(a.futures)
	done := make(chan struct{})
	go func() { a.wg.Wait(); close(done) }()
	select {
	case <-done:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readOrders reads a file of structured order.placed events, one a line.
func readOrders(path string) ([]*events.OrderPlaced, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	var out []*events.OrderPlaced
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var head struct{ Type events.Type }
		if err := json.Unmarshal(lines.Bytes(), &head); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, len(out)+1, err)
		}
		e, err := events.Decode(events.Raw{Subject: events.Subject(storeID, head.Type), Data: lines.Bytes()}, time.Now())
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, len(out)+1, err)
		}
		if o, ok := e.Data.(*events.OrderPlaced); ok {
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil, errors.Join(fmt.Errorf("%s: there is no order.placed in it", path), lines.Err())
	}
	return out, lines.Err()
}

// repeated returns the i-th order when a file is read over and over: each time
// it is of other customers, under other ids.
func repeated(orders []*events.OrderPlaced, i int, at time.Time) events.Event {
	round := strconv.Itoa(i / len(orders))
	o := *orders[i%len(orders)]
	o.Order.ID += "-" + round
	if o.Customer.ID != "" {
		o.Customer.ID += "-" + round
	}
	if o.Customer.Email != "" {
		o.Customer.Email = "r" + round + "-" + o.Customer.Email
	}
	return placed("order-"+o.Order.ID, at, &o)
}
