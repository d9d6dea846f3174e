package projection_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// most is what a customer with three orders of three items may take in Redis,
// key and all. Ten million customers must fit an ordinary server.
const most = 700

func TestACustomerIsSmall(t *testing.T) {
	s := homingtest.StartRedis(t)
	rdb := homingtest.Redis(t, s.URL())
	store, ctx := projection.New(rdb, nil), context.Background()
	key := ids(t).Key("main", "C-10071")
	var entries []customer.Entry
	for i := range 3 {
		entries = append(entries, order(key, i), thanked(key, i))
	}
	for i := range entries {
		entries[i].Sequence = uint64(2_000_000 + i)
	}
	if err := store.Fold(ctx, entries); err != nil {
		t.Fatal(err)
	}
	if err := store.Mark(ctx, entries); err != nil {
		t.Fatal(err)
	}
	name, err := rdb.Keys(ctx, "*:c:*").Result()
	if err != nil || len(name) != 1 {
		t.Fatalf("keys of customers: %v, %v", name, err)
	}
	got, err := rdb.MemoryUsage(ctx, name[0], 0).Result()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := rdb.HGetAll(ctx, name[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes: key %d, record %d, sequences %d, version %d", got, len(name[0]), len(fields["d"]), len(fields["s"]), len(fields["v"]))
	if got > most {
		t.Errorf("a customer with three orders of three items takes %d bytes, more than %d", got, most)
	}
}

// order is the i-th order of a customer: three items, as real shops name them.
func order(key customer.Key, i int) customer.Entry {
	at := time.Date(2025, 3, 1+30*i, 14, 2, 3, 0, time.UTC)
	consented := time.Date(2025, 3, 1, 14, 2, 1, 0, time.UTC)
	d := &events.OrderPlaced{
		Customer: events.Customer{ID: "C-10071", Email: "ann.example@mail.example", FirstName: "Ann", LastName: "Example",
			TimeZone: "Europe/London", Locale: "en-GB", Country: "GB", Consent: &events.Consent{Email: events.Subscribed, At: &consented}},
		Order: events.Order{ID: fmt.Sprintf("53636%d", i)},
	}
	for n := range 3 {
		d.Order.Items = append(d.Order.Items, events.Item{ProductID: fmt.Sprintf("8512%dA", n+i), Name: "Lantern", Quantity: n + 1})
	}
	return customer.Entry{Key: key, Event: events.Event{ID: fmt.Sprintf("order-%d", i), Source: "/shop", Store: "main", Type: d.Type(), Time: at, Data: d}}
}

func thanked(key customer.Key, i int) customer.Entry {
	e := order(key, i).Event
	d := &events.EmailSent{Email: events.Email{Touch: "thank-you.thanks." + key.Token + fmt.Sprintf(".53636%d", i), Reason: "sent"}}
	return customer.Entry{Key: key, Event: events.Event{ID: "f" + e.ID, Source: "/homing", Store: "main", Type: d.Type(), Time: e.Time.Add(31 * time.Minute), Data: d}}
}

func ids(t testing.TB) *customer.Identity {
	t.Helper()
	id, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
