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
	const customers = 200
	var entries []customer.Entry
	for n := range customers {
		key := ids(t).Key("main", fmt.Sprint("C-", 10_000+n))
		for i := range 3 {
			entries = append(entries, order(key, n, i), thanked(key, n, i))
		}
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
	names, err := homingtest.Admin(t, rdb).Keys(ctx, "*:c:*").Result()
	if err != nil || len(names) != customers {
		t.Fatalf("%d keys of customers, %v", len(names), err)
	}
	var all, record int64
	for _, name := range names {
		n, err := homingtest.Admin(t, rdb).MemoryUsage(ctx, name, 0).Result()
		if err != nil {
			t.Fatal(err)
		}
		d, err := rdb.HGet(ctx, name, "d").Result()
		if err != nil {
			t.Fatal(err)
		}
		all, record = all+n, record+int64(len(d))
	}
	t.Logf("a customer with three orders of three items takes %d bytes, %d of them the record", all/customers, record/customers)
	if all/customers > most {
		t.Errorf("a customer with three orders of three items takes %d bytes, more than %d", all/customers, most)
	}
}

// order is the i-th order of the n-th customer: three items, as real shops name
// them. Names and addresses are of different lengths.
func order(key customer.Key, n, i int) customer.Entry {
	at := time.Date(2025, 3, 1+30*i, 14, 2, 3, 0, time.UTC)
	consented := time.Date(2025, 3, 1, 14, 2, 1, 0, time.UTC)
	d := &events.OrderPlaced{
		Customer: events.Customer{ID: fmt.Sprint("C-", 10_000+n), Email: name(n, 12) + "@mail.example", FirstName: name(n, 7), LastName: name(n/7, 9),
			TimeZone: "Europe/London", Locale: "en-GB", Country: "GB", Consent: &events.Consent{Email: events.Subscribed, At: &consented}},
		Order: events.Order{ID: fmt.Sprintf("53636%d", i), Total: events.Money{Minor: 1295, Currency: "GBP"}},
	}
	for k := range 3 {
		d.Order.Items = append(d.Order.Items, events.Item{ProductID: fmt.Sprintf("8512%dA", k+i), Name: "Lantern", Quantity: k + 1})
	}
	return customer.Entry{Key: key, Event: events.Event{ID: fmt.Sprintf("order-%d", i), Source: "/shop", Store: "main", Type: d.Type(), Time: at, Data: d}}
}

func thanked(key customer.Key, n, i int) customer.Entry {
	e := order(key, n, i).Event
	d := &events.EmailSent{Email: events.Email{Touch: "thank-you.thanks." + key.Token + fmt.Sprintf(".53636%d", i), Reason: "sent"}}
	return customer.Entry{Key: key, Event: events.Event{ID: d.Touch + ".sent", Source: "/homing", Store: "main", Type: d.Type(), Time: e.Time.Add(31 * time.Minute), Data: d}}
}

// name is a name of 3 to 2+spread letters.
func name(n, spread int) string { return "abcdefghijklmnopqrstuvwxyz"[n%5:][:3+n%spread] }

func ids(t testing.TB) *customer.Identity {
	t.Helper()
	id, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
