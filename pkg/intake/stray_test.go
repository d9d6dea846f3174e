package intake_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/intake"
)

// people are persons of one id each, as the world's entries make them.
type people struct {
	mu   sync.Mutex
	all  []customer.Entry
	fail int
}

// watch has the world's entries read.
func (p *people) watch(w *world) *people {
	w.onAppend = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all = append(p.all, w.entries...)
	}
	return p
}

func (p *people) Read(_ context.Context, asks []customer.Ask, _ ...customer.Key) ([]customer.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail > 0 {
		p.fail--
		return nil, errors.New("Redis is away")
	}
	out := make([]customer.Person, len(asks))
	for i, a := range asks {
		for _, e := range p.all {
			if e.Key == a.Key {
				customer.Apply(&out[i].Customer, e.Event)
			}
		}
	}
	return out, nil
}

func about(seq uint64, typ, customer, order string) *message {
	if typ == "placed" || typ == "updated" {
		order += `","total":{"amount":"1","currency":"EUR"},"items":[{"product_id":"p","name":"P","quantity":1}],"channel":"web`
	}
	return &message{subject: "storefront.main.order." + typ, seq: seq, data: `{"customer":{"id":"` + customer + `"},"order":{"id":"` + order + `"}}`}
}

func TestARefundOfAnOrderOfSomebodyElseIsWarnedOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		first []*message
		later []*message // a minute later
		fail  int
		want  int
	}{
		{"of their own order", []*message{about(1, "placed", "ann", "1"), about(2, "refunded", "ann", "1")}, nil, 0, 0},
		{"before the order", []*message{about(1, "refunded", "ann", "1")}, []*message{about(2, "placed", "ann", "1")}, 0, 0},
		{"of somebody else's order", []*message{about(1, "placed", "ann", "1"), about(2, "refunded", "bob", "1")}, nil, 0, 1},
		{"of an order that nobody placed", []*message{about(1, "refunded", "ann", "1")}, nil, 0, 1},
		{"everything else that happens", []*message{about(1, "fulfilled", "a", "1"), about(2, "delivered", "b", "2"), about(3, "cancelled", "c", "3"), about(4, "returned", "d", "4"), about(5, "updated", "e", "5")}, nil, 0, 5},
		{"of an order that was edited and not placed", []*message{about(1, "updated", "ann", "1"), about(2, "fulfilled", "ann", "1")}, nil, 0, 1},
		{"while Redis is away", []*message{about(1, "refunded", "ann", "1")}, nil, 2, 1},
		{"of an order of somebody who was erased", []*message{
			about(1, "placed", "ann", "1"), {subject: "storefront.main.customer.erased", seq: 2, data: `{"customer":{"id":"ann"}}`}, about(3, "refunded", "ann", "1")}, nil, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{}
			var got []customer.Entry
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				s := intake.NewStrays((&people{fail: c.fail}).watch(w), func(e customer.Entry) {
					mu.Lock()
					defer mu.Unlock()
					got = append(got, e)
				})
				o := w.options(t)
				o.Strays = s
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { s.Run(ctx); close(done) }()
				in := intake.New(o)
				feedNow(t, in.Handle, c.first, time.Minute)
				feedNow(t, in.Handle, c.later, time.Second)
				mu.Lock()
				if len(got) > 0 {
					t.Errorf("warned after a minute: %v", got)
				}
				mu.Unlock()
				time.Sleep(time.Hour)
				cancel()
				<-done
			})
			if len(got) != c.want {
				t.Fatalf("%d warnings, want %d: %v", len(got), c.want, got)
			}
			for _, e := range got {
				if x := e.Event.Warnings; len(x) != 1 || x[0].Reason != events.WarnUnknownOrder || x[0].Field != "order.id" || e.Event.Place == 0 || e.Key.Token == "" {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}

func TestAFloodOfStraysIsBounded(t *testing.T) {
	lengthy.WithRace(t)
	w := &world{}
	var got int
	synctest.Test(t, func(t *testing.T) {
		s := intake.NewStrays((&people{}).watch(w), func(customer.Entry) { got++ })
		o := w.options(t)
		o.Strays = s
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		var msgs []*message
		for i := range 3000 {
			msgs = append(msgs, about(uint64(i+1), "refunded", "ann", "1"))
		}
		feedNow(t, intake.New(o).Handle, msgs, time.Second)
		time.Sleep(time.Hour)
		cancel()
		<-done
	})
	if got != 1000 {
		t.Errorf("%d warnings", got)
	}
}
