package timeline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

func TestEntriesAreFoundByTheirSequences(t *testing.T) {
	tl, js, _ := open(t)
	var all []customer.Entry
	for n := range 300 {
		all = append(all, created("main", uint8(n%5), n))
	}
	all = appended(t, tl, all...)
	var skipped []uint64
	tl.Skipped = func(seq uint64, _ error) { skipped = append(skipped, seq) }
	ack, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: "timeline.main.3.future.thing", Data: []byte("{}"), Header: nats.Header{bus.HeaderCustomer: {"token3"}}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), bus.Timeline)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteMsg(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	got, gone, err := tl.Get(t.Context(), []uint64{7, 20, 299, 1, ack.Sequence, 9_000})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]customer.Entry{all[6], all[298], all[0]}, got); d != "" {
		t.Errorf("-appended +got:\n%s", d)
	}
	if gone != 2 {
		t.Errorf("%d are gone, want the one that was deleted and the one that never was", gone)
	}
	if d := cmp.Diff([]uint64{ack.Sequence}, skipped); d != "" {
		t.Errorf("told as unreadable (-want +got):\n%s", d)
	}
	if got, gone, err := tl.Get(t.Context(), nil); len(got) != 0 || gone != 0 || err != nil {
		t.Errorf("of nothing: %v, %d, %v", got, gone, err)
	}
}

func TestAllOfOneCustomerIsReadWithoutTheirNeighbours(t *testing.T) {
	tl, _, _ := open(t)
	var all, want []customer.Entry
	for n := range 2_500 {
		e := created("main", uint8(n%2), n)
		if n%7 == 0 {
			e.Key.Token = "another"
		}
		all = append(all, e)
	}
	for _, e := range appended(t, tl, all...) {
		if e.Key.Bucket == 1 && e.Key.Token != "another" {
			want = append(want, e)
		}
	}
	var got []customer.Entry
	err := tl.ReadCustomer(t.Context(), customer.Key{Store: "main", Bucket: 1, Token: "token1"}, func(b []customer.Entry) error {
		got = append(got, b...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-appended +read:\n%.2000s", d)
	}
}

// A consumer is made for what there is, and not for what has been read or was never told.
func TestNothingNewOfATypeCostsNoConsumer(t *testing.T) {
	tl, js, _ := open(t)
	es := appended(t, tl, created("main", 1, 1), created("main", 2, 2))
	made, err := js.Conn().SubscribeSync("$JS.API.CONSUMER.CREATE.>")
	if err != nil {
		t.Fatal(err)
	}
	read := func(store string, of events.Type, after customer.Cursor) (n int) {
		t.Helper()
		err := tl.ReadType(t.Context(), store, of, after, func(b []customer.Entry) error {
			n += len(b)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first, all := tl.Start(), tl.Start()
	first.Reach(es[0])
	all.Reach(es[1])
	if n := read("main", events.TypeCustomerCreated, all); n != 0 {
		t.Errorf("%d entries after the last one", n)
	}
	if n := read("main", events.TypeOrderPlaced, nil) + read("other", events.TypeCustomerCreated, nil); n != 0 {
		t.Errorf("%d entries of what was never told", n)
	}
	if err := js.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, err := made.Pending(); n != 0 || err != nil {
		t.Errorf("%d consumers for nothing, %v", n, err)
	}
	if n := read("main", events.TypeCustomerCreated, first); n != 1 {
		t.Errorf("%d entries after the first of two", n)
	}
	if n, _, err := made.Pending(); n == 0 || err != nil {
		t.Errorf("no consumer was seen, %v", err)
	}
}

func TestSomeTypesAreReadSinceATime(t *testing.T) {
	tl, js, _ := open(t)
	appended(t, tl, created("main", 1, 1), created("main", 2, 2))
	unwanted := created("main", 2, 3)
	unwanted.Event.Data = &events.CustomerUpdated{Customer: events.Customer{ID: "c3"}}
	unwanted.Event.Type = events.TypeCustomerUpdated
	want := appended(t, tl, created("main", 3, 4), unwanted, created("main", 4, 5))
	s, err := js.Stream(t.Context(), bus.Timeline)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.GetMsg(t.Context(), want[0].Sequence)
	if err != nil {
		t.Fatal(err)
	}
	var got []customer.Entry
	err = tl.ReadTypesSince(t.Context(), "main", []events.Type{events.TypeCustomerCreated, events.TypeOrderPlaced}, first.Time, "", func(b []customer.Entry) error {
		got = append(got, b...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]customer.Entry{want[0], want[2]}, got); d != "" {
		t.Errorf("-appended +read:\n%s", d)
	}
}
