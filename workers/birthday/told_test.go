package birthday_test

import (
	"testing"

	"homing/events"
	"homing/pkg/customer"
	"homing/workers"
	"homing/workers/birthday"
)

func TestABirthdayThatAnOrderOrACartTellsIsGreeted(t *testing.T) {
	who := func(born string) events.Customer { return events.Customer{ID: "ann", Birthday: born} }
	placed := func(born string) events.Data { return &events.OrderPlaced{Customer: who(born)} }
	for _, c := range []struct {
		name    string
		data    events.Data
		known   string // what was told before
		planned int
	}{
		{"an order, on the day", placed("--06-10"), "", 2},
		{"a cart, on the day", &events.CartUpdated{Customer: who("--06-10")}, "", 2},
		{"a cart that was left, the day before", &events.CartAbandoned{Customer: who("1990-06-11")}, "", 2},
		{"an order that changes it to today", placed("--06-10"), "--11-03", 2},
		{"an order that tells one far off", placed("--11-03"), "", 0},
		{"an order that tells none, on the day", placed(""), "--06-10", 0},
		{"a cart that tells none, on the day", &events.CartUpdated{Customer: who("")}, "--06-10", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event(moment(t, "2025-06-10 12:00 UTC"), c.data)
			k := knows(c.known, "UTC")
			customer.Apply(&k, e)
			got := worker(t, asIs).Plan(workers.Input{Event: e, Customer: &k, Now: e.Time})
			if len(got) != c.planned {
				t.Errorf("planned %+v, want %d touches", got, c.planned)
			}
			data, err := events.Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			if overlooked := birthday.Kind.Overlooks(e.Type, data); overlooked == birthday.Kind.Concerns(e) {
				t.Errorf("Overlooks said %v of %s", overlooked, data)
			}
			if concerns := birthday.Kind.Concerns(e); concerns != (e.Data.(events.CustomerData).Who().Birthday != "") {
				t.Errorf("Concerns said %v", concerns)
			}
		})
	}
}

func TestWhatTellsOfNoBirthdayMayMoveOne(t *testing.T) {
	for _, d := range []events.Data{&events.CustomerUpdated{}, &events.CustomerCreated{}, &events.CustomerBirthday{}} {
		if !birthday.Kind.Concerns(event(moment(t, "2025-06-10 12:00 UTC"), d)) {
			t.Errorf("%s concerns nobody", d.Type())
		}
		if birthday.Kind.Overlooks(d.Type(), []byte("{}")) {
			t.Errorf("%s is overlooked", d.Type())
		}
	}
}
