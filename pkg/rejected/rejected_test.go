package rejected_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/rejected"
)

func setUp(t *testing.T) jetstream.JetStream {
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	return js
}

// reject puts an event on REJECTED as intake does: with the words of Judge.
func reject(t *testing.T, js jetstream.JetStream, store string, typ events.Type, body string) {
	t.Helper()
	subject := events.Subject(store, typ)
	v := rejected.Judge(events.Raw{Subject: subject, Data: []byte(body)})
	if v.Rejected == "" {
		v.Reject(&events.Error{Reason: events.ReasonUnknownStore, Field: "subject", Detail: "no store " + store})
	}
	put(t, js, store, v.Rejected, subject, v.Faults[0].String(), body)
}

func put(t *testing.T, js jetstream.JetStream, store, reason, subject, detail, body string) {
	t.Helper()
	m := nats.NewMsg("rejected." + store + "." + reason)
	m.Data = []byte(body)
	m.Header.Set(bus.HeaderSubject, subject)
	m.Header.Set(bus.HeaderDetail, detail)
	if _, err := js.PublishMsg(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

const fine = `{"customer":{"id":"ann"}}`

func TestRejectedEventsAreGroupedByWhatIsWrong(t *testing.T) {
	js := setUp(t)
	s := rejected.New(js)
	if got, err := s.Groups(t.Context()); err != nil || len(got) != 0 {
		t.Fatalf("of nothing: %v, %v", got, err)
	}
	order := func(n string) string {
		return `{"customer":{"id":"ann"},"order":{"id":"1","items":[{"product_id":"p","name":"P","quantity":1},{"product_id":"p","name":"P","quantity":` + n + `}],"total":{"amount":"1","currency":"GBP"}}}`
	}
	reject(t, js, "main", events.TypeOrderPlaced, order("0"))
	reject(t, js, "main", events.TypeOrderUpdated, order("-1"))
	reject(t, js, "main", events.TypeOrderPlaced, `{"customer":{"id":"ann"}}`)
	reject(t, js, "other", events.TypeCustomerUpdated, fine)
	put(t, js, "main", "unknown_report", "feedback.main", "came back", "Subject: Re: Tea")
	groups, err := s.Groups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range groups {
		got = append(got, fmt.Sprint(g.Store, " ", g.Reason, " ", g.Field, " ", g.Count, " ", g.Types, " ", g.ForPerson() != ""))
	}
	slices.Sort(got)
	want := []string{"main bad_quantity order.items[].quantity 2 [order.placed order.updated] false", "main missing_field order 1 [order.placed] false",
		"main unknown_report  1 [] true", "other unknown_store subject 1 [customer.updated] false"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	c := rejected.Choice{Store: "main", Reason: "bad_quantity", Field: new("order.items[].quantity"), Recent: true}
	all, total, err := s.Newest(t.Context(), c, 1)
	if err != nil || total != 2 || len(all) != 1 || all[0].Sequence != 2 {
		t.Errorf("the newest: %v, %d, %v", all, total, err)
	}
	c.Last = 1
	if seqs, err := s.Choose(t.Context(), c); err != nil || !slices.Equal(seqs, []uint64{1}) {
		t.Errorf("up to the first: %v, %v", seqs, err)
	}
	if seqs, err := s.Choose(t.Context(), rejected.Choice{Reason: "unknown_report"}); err != nil || len(seqs) != 0 {
		t.Errorf("reports that nobody can replay: %v, %v", seqs, err)
	}
}

func TestWhatWouldBecomeOfARejectedEventNow(t *testing.T) {
	js := setUp(t)
	s := rejected.New(js)
	reject(t, js, "other", events.TypeCustomerUpdated, fine)
	reject(t, js, "main", events.TypeCustomerUpdated, `{"customer":{"id":"guest"}}`)
	all, err := s.Events(t.Context(), []uint64{1, 2, 99})
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	if v := all[0].Now([]string{"main"}); v.Rejected != "unknown_store" {
		t.Errorf("while its store is not configured: %+v", v)
	}
	if v := all[0].Now([]string{"main", "other"}); v.Rejected != "" {
		t.Errorf("once it is: %+v", v)
	}
	if v := all[1].Now([]string{"main"}); v.Rejected != "bad_value" || v.Faults[0].String() != all[1].Faults()[0] {
		t.Errorf("%+v, and it was rejected for %v", v, all[1].Faults())
	}
	out, err := s.ReplayAll(t.Context(), []uint64{1, 99})
	if err != nil || len(out) != 2 || out[0].NewSequence != 1 || out[1].Error == "" {
		t.Errorf("replayed: %+v, %v", out, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out, err := s.ReplayAll(ctx, []uint64{2}); err == nil || len(out) != 0 {
		t.Errorf("when there is no time left: %v, %v", out, err)
	}
}

// So many that they are not told apart are counted all the same, and none twice.
func TestOlderRejectedEventsAreCounted(t *testing.T) {
	js := setUp(t)
	for range 3 {
		reject(t, js, "main", events.TypeOrderPlaced, fine)
	}
	nc := js.Conn()
	for n := range 5000 {
		m := nats.NewMsg("rejected.main.not_json")
		m.Header.Set(bus.HeaderSubject, "storefront.main.order.placed")
		m.Header.Set(bus.HeaderDetail, "not JSON")
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(n, err)
		}
	}
	stream, err := js.Stream(t.Context(), bus.Rejected)
	if err != nil {
		t.Fatal(err)
	}
	for stream.CachedInfo().State.LastSeq < 5003 {
		if _, err := stream.Info(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	groups, err := rejected.New(js).Groups(t.Context())
	if err != nil || len(groups) != 2 || groups[0].Count != 5000 || groups[1].Count != 3 || !groups[1].Older {
		t.Fatalf("%+v, %v", groups, err)
	}
	t.Logf("5,003 grouped in %v", time.Since(began))
	for _, x := range []struct {
		last          uint64
		limit         int
		total, listed int
	}{{groups[1].Up, 20, 3, 3}, {2, 20, 2, 2}, {5003, 2, 3, 2}} {
		c := rejected.Choice{Store: "main", Reason: groups[1].Reason, Last: x.last}
		if all, total, err := rejected.New(js).Newest(t.Context(), c, x.limit); err != nil || total != x.total || len(all) != x.listed || all[0].Sequence != uint64(x.total) {
			t.Errorf("up to %d: %v, %d, %v", x.last, all, total, err)
		}
	}
}
