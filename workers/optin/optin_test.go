package optin_test

import (
	"fmt"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/optin"
	"homing/workers/workertest"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func key(t *testing.T, id string) customer.Key {
	t.Helper()
	ids, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	return ids.Key("main", id)
}

func worker(t *testing.T) workers.Worker {
	return workertest.New(t, optin.Kind, func(*optin.Config) {})
}

// request is an event by which somebody asks for email; at is that of the consent.
func request(when time.Time, at *time.Time) events.Event {
	return events.Event{ID: fmt.Sprint("r", when.Unix()), Source: "/shop", Type: events.TypeCustomerUpdated, Store: "main", Time: when,
		Data: &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "ann@example.com", Consent: &events.Consent{Email: events.ConsentRequested, At: at}}}}
}

// planned takes a request in and plans.
func planned(t *testing.T, c *customer.Customer, e events.Event) []touch.Touch {
	t.Helper()
	customer.Apply(c, e)
	if !optin.Kind.Concerns(e) {
		t.Fatal("the request does not concern the worker")
	}
	ts := worker(t).Plan(workers.Input{Event: e, Customer: c, Key: key(t, "ann"), Now: e.Time})
	for i := range ts {
		ts[i].Customer = key(t, "ann")
	}
	return ts
}

func TestOneRequestIsOneQuestion(t *testing.T) {
	var c customer.Customer
	at := now.Add(-time.Minute)
	first := planned(t, &c, request(now, &at))
	if len(first) != 1 || !first[0].Due.Equal(at) || first[0].Occasion != "2026-03-01t11" {
		t.Fatalf("%+v", first)
	}
	again := planned(t, &c, request(now.Add(5*24*time.Hour), &at))
	if again[0].ID() != first[0].ID() {
		t.Error("the same consent, told with a later event, is another question")
	}
	later := now.Add(48 * time.Hour)
	if other := planned(t, &c, request(later, &later)); other[0].ID() == first[0].ID() {
		t.Error("a later request is the same question")
	}
	var snapshots customer.Customer
	a, b := planned(t, &snapshots, request(now, nil)), planned(t, &snapshots, request(later, nil))
	if a[0].ID() != b[0].ID() {
		t.Error("a consent without a time, which comes with every event, is asked about each time")
	}
}

func TestNobodyIsAskedWhoSaidYesOrNo(t *testing.T) {
	say := func(c *customer.Customer, status string, at time.Time) {
		customer.Apply(c, events.Event{ID: "s", Source: "/shop", Type: events.TypeCustomerUpdated, Time: at,
			Data: &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: status, At: &at}}}})
	}
	var known customer.Customer
	say(&known, events.Subscribed, now.Add(-time.Hour))
	if ts := planned(t, &known, request(now, &now)); len(ts) > 0 {
		t.Errorf("a subscriber is asked: %v", ts)
	}
	for status, want := range map[string]reason.Reason{events.Subscribed: reason.Confirmed, events.Unsubscribed: reason.Unsubscribed} {
		var c customer.Customer
		ts := planned(t, &c, request(now, &now))
		say(&c, status, now.Add(time.Second))
		if v := worker(t).Wanted(ts[0], workers.Input{Customer: &c, Now: now.Add(time.Minute)}); v.Reason != want {
			t.Errorf("%s since: %+v", status, v)
		}
	}
	if optin.Kind.Concerns(events.Event{Data: &events.CustomerUpdated{Customer: events.Customer{Consent: &events.Consent{Email: events.Subscribed}}}}) {
		t.Error("a consent concerns it")
	}
}

// Somebody signs an address up again and again: as often as they like, under many ids, and
// through months.
func TestAMailboxIsAskedOnceADayAndThreeTimesAMonth(t *testing.T) {
	w := worker(t)
	var c customer.Customer
	for i := range 5 {
		c.Tokens = append(c.Tokens, key(t, fmt.Sprint("id", i)).Token)
	}
	customer.Apply(&c, request(now.Add(-time.Hour), nil))
	var sent []time.Time
	for n := range 60 * 12 { // every two hours
		at := now.Add(time.Duration(n) * 2 * time.Hour)
		x := touch.Touch{Worker: optin.Name, Step: optin.Confirm, Customer: key(t, fmt.Sprint("id", n%5)), Occasion: at.Format("2006-01-02t15"), Due: at}
		customer.Apply(&c, request(at, &at))
		if _, claimed := x.ClaimIn(&c); claimed {
			t.Fatal("two requests of different hours are one")
		}
		v := w.Wanted(x, workers.Input{Customer: &c, Now: at.Add(time.Minute)})
		if v.Action == touch.Send {
			state := []customer.ClaimState{customer.Open, customer.Sent, customer.Uncertain}[len(sent)%3]
			c.SetClaim(customer.Claim{Touch: x.ClaimKey(), State: state, At: at.Add(time.Minute).UnixMilli()})
			sent = append(sent, at)
		} else if v.Reason != reason.AlreadyAsked {
			t.Fatalf("%+v", v)
		}
	}
	if len(sent) != 6 {
		t.Errorf("asked %d times in two months", len(sent))
	}
	for i := range sent {
		if i >= 1 && sent[i].Sub(sent[i-1]) < 24*time.Hour || i >= 3 && sent[i].Sub(sent[i-3]) < 30*24*time.Hour {
			t.Errorf("asked at %v", sent)
		}
	}
}

// Who asked the mailbox under another id that has left it since counts too.
func TestAQuestionUnderAnIdThatLeftTheMailboxCounts(t *testing.T) {
	other := key(t, "other")
	x := touch.Touch{Worker: optin.Name, Step: optin.Confirm, Customer: other, Occasion: now.Add(-3 * time.Hour).Format("2006-01-02t15")}
	var c customer.Customer
	ts := planned(t, &c, request(now, &now))
	c.Others = []customer.Others{{Token: other.Token}}
	c.SetClaim(customer.Claim{Touch: x.ClaimKey(), State: customer.Sent, At: now.Add(-3 * time.Hour).UnixMilli()})
	if v := worker(t).Wanted(ts[0], workers.Input{Customer: &c, Now: now}); v.Reason != reason.AlreadyAsked {
		t.Errorf("%+v", v)
	}
	c.Claims[0].State = customer.Dropped
	if v := worker(t).Wanted(ts[0], workers.Input{Customer: &c, Now: now}); v.Action != touch.Send {
		t.Errorf("one that was not sent: %+v", v)
	}
}

func TestTheClassCannotBeMarketing(t *testing.T) {
	_, err := optin.Kind.New(workertest.Section(func(c *optin.Config) { c.Class = touch.Marketing }))
	if err == nil {
		t.Error("accepted")
	}
}
