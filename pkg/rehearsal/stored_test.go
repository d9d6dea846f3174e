package rehearsal_test

import (
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/rehearsal"
)

const installed = "a secret that only tests use, 32+ bytes"

// lived is a history of an installation with a secret, whose only customer's address
// bounces, and what becomes of them.
func lived(t *testing.T, secret string) (*rehearsal.Report, *rehearsal.Rehearsal) {
	t.Helper()
	id, err := customer.NewIdentity(installed)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Example()
	r, err := rehearsal.New(rehearsal.Options{Config: &c, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	ann := events.Customer{ID: "ann", Email: "ann@example.com"}
	order := func(id string) *events.OrderPlaced {
		return &events.OrderPlaced{Customer: ann, Order: events.Order{ID: id, Total: events.Money{Minor: 700, Currency: "GBP"},
			Items: []events.Item{{ProductID: "tea", Name: "Tea", Quantity: 1, Price: events.Money{Minor: 700, Currency: "GBP"}}}}}
	}
	add := func(at, stored time.Duration, k customer.Key, e events.Event) {
		t.Helper()
		e.ID, e.Source, e.Type, e.Time = at.String(), "/shop", e.Data.Type(), noon.Add(at)
		body, err := events.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		line := rehearsal.Stored{Token: k.Token, At: noon.Add(stored), Data: body}.Append(nil)
		s, ok := rehearsal.ReadStored(line)
		if !ok || s.Token != k.Token || !s.At.Equal(noon.Add(stored)) {
			t.Fatalf("%s: %+v", line, s)
		}
		if err := r.AddStored("main", s); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	own, mailbox := id.Key("main", "ann"), id.Mailbox("main", "ann@example.com")
	add(0, 3*time.Hour, own, events.Event{Data: order("late")})                                                                   // the shop told it late
	add(-48*time.Hour, 72*time.Hour, own, events.Event{Data: order("old"), Historical: true, Received: noon.Add(72 * time.Hour)}) // it was brought over
	add(4*time.Hour, 4*time.Hour, mailbox, events.Event{Data: &events.AddressBounced{}})
	add(5*time.Hour, 5*time.Hour, own, events.Event{Data: order("after")})
	add(5*time.Hour, 5*time.Hour, own, events.Event{Data: order("copied"), Copy: true})
	add(6*time.Hour, 6*time.Hour, own, events.Event{Data: order("end")})
	result, err := r.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report := result.Report()
	if report.Stories, err = result.Stories(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return report, r
}

// A timeline says when it got an event, and whom a bounce concerns only by the token.
func TestATimelineIsLivedThroughAsItWas(t *testing.T) {
	t.Parallel()
	report, r := lived(t, installed)
	var all strings.Builder
	for _, l := range report.Stories[0].Lines {
		all.WriteString(l.At.UTC().Format("2006-01-02 15:04 ") + l.Text + "\n")
	}
	for _, want := range []string{"2025-06-08 12:30 email thank-you/thanks for old sent", "2025-06-10 15:10 email thank-you/thanks for late sent"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no %q in\n%s", want, all.String())
		}
	}
	if strings.Contains(all.String(), "for after sent") || strings.Contains(all.String(), "copied") {
		t.Errorf("after the bounce, or because of a copy, there was an email:\n%s", all.String())
	}
	notes := strings.Join(report.Notes, "\n")
	if r.Own != 1 || strings.Contains(notes, "another secret") || strings.Contains(notes, "as soon as it happened") {
		t.Errorf("%d left out; %s", r.Own, notes)
	}
}

func TestATimelineOfAnotherSecretIsNoted(t *testing.T) {
	t.Parallel()
	report, _ := lived(t, "another secret that only tests use, 32+ bytes")
	if notes := strings.Join(report.Notes, "\n"); !strings.Contains(notes, "with another secret") || report.Emails != 3 {
		t.Errorf("%d emails; %s", report.Emails, notes)
	}
}

func TestALineOfATimelineIsToldFromOthers(t *testing.T) {
	for _, line := range []string{"", "{}", `{"token":"x"`, `{"token":"x","stored":"yesterday","id":"1"}`, `{"token":"x","stored":"2025-06-10T12:00:00Z"`,
		`{"id":"1","token":"x","stored":"2025-06-10T12:00:00Z","type":"order.placed"}`} {
		if s, ok := rehearsal.ReadStored([]byte(line)); ok {
			t.Errorf("%s: %+v", line, s)
		}
	}
	c := config.Example()
	r, err := rehearsal.New(rehearsal.Options{Config: &c})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	body := `{"specversion":"1.0","id":"1","source":"/shop","type":"customer.erased","time":"2025-06-10T12:00:00Z","data":{"customer":{}}}`
	for says, s := range map[string]rehearsal.Stored{
		"token":   {Token: "ann", At: at, Data: []byte(body)},
		"unknown": {Token: "ann", At: at, Data: []byte(strings.ReplaceAll(body, "erased", "unknown"))},
	} {
		if err := r.AddStored("main", s); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
