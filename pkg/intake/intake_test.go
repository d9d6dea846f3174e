package intake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/intake"
)

// world is the customers and the timeline of a test: it notes what is done, in
// which order, and fails as it is told to.
type world struct {
	epoch    uint64
	did      []string
	entries  []customer.Entry // of the last append
	fail     map[string]int   // how often each step fails
	onAppend func()
	took     map[events.Type]int
	rejected []events.Reason
}

var errDown = errors.New("a server is down")

func (w *world) step(name string, entries []customer.Entry) error {
	w.did = append(w.did, fmt.Sprint(name, " ", len(entries)))
	if w.fail[name] > 0 {
		w.fail[name]--
		return errDown
	}
	return nil
}

func (w *world) Epoch() uint64 { return w.epoch }

func (w *world) Fold(_ context.Context, es []customer.Entry) error { return w.step("fold", es) }

func (w *world) Append(_ context.Context, es []customer.Entry) error {
	w.entries = slices.Clone(es)
	for i := range es {
		es[i].Sequence = uint64(i + 1)
	}
	if w.onAppend != nil {
		w.onAppend()
	}
	return w.step("append", es)
}

func (w *world) MarkIn(_ context.Context, epoch uint64, es []customer.Entry) error {
	for _, e := range es {
		if e.Sequence == 0 {
			return errors.New("an entry is marked that has no place on the timeline")
		}
	}
	if err := w.step("mark", es); err != nil {
		return err
	}
	if epoch != w.epoch {
		return errors.New("Redis lost its tail since the fold")
	}
	return nil
}

func (w *world) intake(t *testing.T) *intake.Intake { return intake.New(w.options(t)) }

func (w *world) options(t *testing.T) intake.Options {
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	w.took = map[events.Type]int{}
	return intake.Options{
		Identity: id, Customers: w, Timeline: w, Stores: []string{"main"}, Scopes: []string{"thank-you", "win-back"},
		Business: func(t time.Time) time.Time { return t },
		Took:     func(t events.Type, n int) { w.took[t] += n },
		Rejected: func(x intake.Rejection) { w.rejected = append(w.rejected, x.Reason) },
	}
}

func created(seq uint64, who string) *message {
	return &message{subject: "storefront.main.customer.created", seq: seq, data: `{"customer":{` + who + `}}`}
}

func TestABadEventIsRejectedAloneAndItsNeighboursAreTakenIn(t *testing.T) {
	const secret = "ann.at.home@shop..example"
	msgs := []*message{
		created(1, `"id":"ann"`),
		{subject: "storefront.main.customer.created", seq: 2, data: "not json"},
		created(3, `"id":"bob"`),
		{subject: "storefront.nowhere.customer.created", seq: 4, data: `{"customer":{"id":"ann"}}`},
		{subject: "storefront.MAIN.customer.created", seq: 5, data: `{"customer":{"id":"ann"}}`},
		created(6, `"id":"eve","email":"`+secret+`"`),
		created(7, ``),
		{subject: "storefront.main.customer.unsubscribed", seq: 8, data: `{"customer":{"id":"ann"},"scope":"marketing"}`},
		{subject: "storefront.main.customer.unsubscribed", seq: 9, data: `{"customer":{"id":"ann"},"scope":"win-back"}`},
		{subject: "storefront.main.customer.unsubscribed", seq: 10, data: `{"customer":{"id":"ann"}}`},
		{subject: "storefront.main.customer.unsubscribed", seq: 11, data: `{"customer":{"id":"ann"},"scope":"everything"}`},
	}
	w := &world{}
	feed(t, w.intake(t).Handle, msgs, time.Second)
	want := []struct{ said, store, reason, names string }{
		{said: "ack"},
		{"reject term", "main", "not_json", ""},
		{said: "ack"},
		{"reject term", "nowhere", "unknown_store", "homing.yaml"},
		{"reject term", "unknown", "bad_subject", ""},
		{"reject term", "main", "bad_address", "customer.email"},
		{"reject term", "main", "missing_field", "customer: neither id nor email"},
		{"reject term", "main", "bad_value", `scope: "marketing" is no worker: write all`},
		{said: "ack"},
		{said: "ack"},
		{said: "ack"},
	}
	for i, m := range msgs {
		if got := strings.Join(m.said, " "); got != want[i].said {
			t.Errorf("message %d: said %q, want %q", m.seq, got, want[i].said)
		}
		if want[i].reason == "" {
			continue
		}
		if m.why == nil || m.why.Store != want[i].store || m.why.Reason != want[i].reason || !strings.Contains(m.why.Detail, want[i].names) {
			t.Errorf("message %d is rejected as %+v, want %+v", m.seq, m.why, want[i])
		}
		if m.why != nil && strings.Contains(m.why.Detail, "ann.at.home") {
			t.Errorf("message %d: the detail holds an address: %s", m.seq, m.why.Detail)
		}
	}
	if d := cmp.Diff([]string{"fold 5", "append 5", "mark 5"}, w.did); d != "" {
		t.Errorf("what was done (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[events.Type]int{events.TypeCustomerCreated: 2, events.TypeCustomerUnsubscribed: 3}, w.took); d != "" {
		t.Errorf("counted (-want +got):\n%s", d)
	}
	if len(w.rejected) != 6 {
		t.Errorf("counted as rejected: %v", w.rejected)
	}
}

func TestABatchOfBadEventsTouchesNothing(t *testing.T) {
	w := &world{}
	m := &message{subject: "storefront.main.customer.created", seq: 1, data: "{"}
	feed(t, w.intake(t).Handle, []*message{m}, time.Second)
	if len(w.did) != 0 || strings.Join(m.said, " ") != "reject term" {
		t.Errorf("did %v, said %v", w.did, m.said)
	}
}

func TestEveryStepComesAfterTheOneBeforeAndAFailureRepeatsAll(t *testing.T) {
	all := []string{"fold 1", "append 1", "mark 1"}
	for _, c := range []struct {
		name string
		fail map[string]int
		want []string
	}{
		{"all goes well", nil, all},
		{"the fold fails twice", map[string]int{"fold": 2}, append([]string{"fold 1", "fold 1"}, all...)},
		{"the append fails", map[string]int{"append": 1}, append([]string{"fold 1", "append 1"}, all...)},
		{"the mark fails", map[string]int{"mark": 1}, append(slices.Clone(all), all...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{fail: c.fail}
			m := created(1, `"id":"ann"`)
			feed(t, w.intake(t).Handle, []*message{m}, 10*time.Second)
			if d := cmp.Diff(c.want, w.did); d != "" {
				t.Errorf("what was done (-want +got):\n%s", d)
			}
			if got := strings.Join(m.said, " "); got != "ack" {
				t.Errorf("said %q, want one ack at the end", got)
			}
			if w.took[events.TypeCustomerCreated] != 1 {
				t.Errorf("counted %v, want once", w.took)
			}
		})
	}
}

func TestAFoldOfAnEarlierEpochIsDoneAgain(t *testing.T) {
	w := &world{}
	w.onAppend = func() { w.epoch, w.onAppend = w.epoch+1, nil } // Redis loses its tail between fold and mark
	m := created(1, `"id":"ann"`)
	feed(t, w.intake(t).Handle, []*message{m}, 10*time.Second)
	want := []string{"fold 1", "append 1", "mark 1", "fold 1", "append 1", "mark 1"}
	if d := cmp.Diff(want, w.did); d != "" {
		t.Errorf("what was done (-want +got):\n%s", d)
	}
	if got := strings.Join(m.said, " "); got != "ack" {
		t.Errorf("said %q", got)
	}
}

func TestWhileAServerIsDownTheMessageIsKept(t *testing.T) {
	w := &world{fail: map[string]int{"append": 1 << 30}}
	m := created(1, `"id":"ann"`)
	feed(t, w.intake(t).Handle, []*message{m}, time.Hour)
	if got := strings.Join(m.said, " "); got != "later" {
		t.Errorf("said %q, want nothing but that it is given back at the end", got)
	}
	if n := len(w.did); n < 500 || n > 3000 {
		t.Errorf("%d steps in an hour of downtime, want a try every few seconds", n)
	}
}

func TestWhereACustomerIsKept(t *testing.T) {
	w := &world{}
	msgs := []*message{
		created(1, `"email":"Ann@Shop.example"`), created(2, `"email":"ann@SHOP.example"`), created(3, `"email":"bob@shop.example"`),
		created(4, `"id":"ann"`), created(5, `"id":"Ann"`), created(6, `"id":"ann","email":"bob@shop.example"`),
		{subject: "storefront.main.product.updated", seq: 7, data: `{"product":{"id":"ann"}}`},
		{subject: "storefront.main.product.updated", seq: 8, data: `{"product":{"id":"bob"}}`},
	}
	feed(t, w.intake(t).Handle, msgs, time.Second)
	if len(w.entries) != len(msgs) {
		t.Fatalf("%d entries of %d messages: %v", len(w.entries), len(msgs), w.rejected)
	}
	key := func(seq int) customer.Key { return w.entries[seq-1].Key }
	who := func(seq int) *events.Customer { return w.entries[seq-1].Event.Data.(events.CustomerData).Who() }
	if key(1) != key(2) || who(1).ID != who(2).ID || !strings.HasPrefix(who(1).ID, "guest:") {
		t.Errorf("a guest in two spellings is two: %s, %s", who(1).ID, who(2).ID)
	}
	if strings.Contains(who(1).ID, "@") || who(1).Email != "Ann@shop.example" {
		t.Errorf("guest %q with address %q", who(1).ID, who(1).Email)
	}
	distinct := map[customer.Key]int{}
	for _, seq := range []int{1, 3, 4, 5, 7, 8} {
		if twin, ok := distinct[key(seq)]; ok {
			t.Errorf("events %d and %d are kept in one place", seq, twin)
		}
		distinct[key(seq)] = seq
	}
	if key(4) != key(6) {
		t.Error("an address next to the id changes where the customer is kept")
	}
}

func TestAnOrderOfNobodyIsKeptWithoutACustomer(t *testing.T) {
	w := &world{}
	body := `"order":{"id":"pos-1","items":[{"product_id":"p","name":"Tea","quantity":1}],"total":{"amount":"7.40","currency":"EUR"}}`
	msgs := []*message{
		{subject: "storefront.main.order.placed", seq: 1, data: "{" + body + "}"},
		{subject: "storefront.main.order.placed", seq: 2, data: `{"customer":{"first_name":"Ann"},` + body + "}"},
		{subject: "storefront.main.order.refunded", seq: 3, data: `{"customer":{},"order":{"id":"pos-1"}}`},
		{subject: "storefront.main.cart.updated", seq: 4, data: `{"customer":{},"cart":{"id":"k","items":[]}}`},
	}
	feed(t, w.intake(t).Handle, msgs, time.Second)
	if len(w.entries) != 3 || strings.Join(msgs[3].said, " ") != "reject term" {
		t.Fatalf("%d entries, and the cart %v", len(w.entries), msgs[3].said)
	}
	for _, e := range w.entries {
		if who := e.Event.Data.(events.CustomerData).Who(); *who != (events.Customer{}) || e.Key != w.entries[0].Key {
			t.Errorf("%s is kept at %s with %+v", e.Event.Type, e.Key.Token, *who)
		}
	}
}
