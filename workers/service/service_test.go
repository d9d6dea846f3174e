package service_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/service"
	"homing/workers/workertest"
)

const day = 24 * time.Hour

var (
	noon = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	ann  = customer.Key{Store: "main", Token: "abcdefghijklmnop"}
	who  = events.Customer{ID: "ann"}
)

func at(after time.Duration, d events.Data) events.Event {
	t := noon.Add(after)
	return events.Event{ID: string(d.Type()) + t.String(), Source: "/shop", Store: "main", Type: d.Type(), Time: t, Data: d}
}

func opened(after time.Duration, order string) events.Event {
	return at(after, &events.ComplaintOpened{Customer: who, Complaint: events.Complaint{ID: "c" + order, OrderID: order}})
}

func closed(after time.Duration, order string) events.Event {
	return at(after, &events.ComplaintClosed{Customer: who, Complaint: events.Complaint{ID: "c" + order, OrderID: order}})
}

// sent is the fact that the email went out about what was closed at noon and some time.
func sent(after, of time.Duration) events.Event {
	return at(after, &events.EmailSent{Email: events.Email{Touch: followUp(of).ID()}})
}

func followUp(after time.Duration) touch.Touch {
	return touch.Touch{Worker: service.Name, Step: service.FollowUp, Customer: ann, Occasion: noon.Add(after).Format("20060102t150405"), Snapshot: &touch.Snapshot{Order: "1"}}
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func asIs(*service.Config) {}

func worker(t *testing.T, set func(*service.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, service.Kind, set)
}

func TestPlan(t *testing.T) {
	e := closed(0, "1")
	got := worker(t, asIs).Plan(workers.Input{Event: e, Customer: new(fold(opened(-day, "1"), e)), Key: ann, Now: noon})
	if len(got) != 1 || !got[0].Due.Equal(noon.Add(day)) || got[0].Occasion != followUp(0).Occasion || got[0].Snapshot.Order != "1" {
		t.Errorf("planned %+v", got)
	}
	if got := worker(t, asIs).Plan(workers.Input{Event: opened(0, "1"), Customer: new(fold(opened(0, "1"))), Now: noon}); got != nil {
		t.Errorf("planned %+v for a complaint that is open", got)
	}
}

func TestWanted(t *testing.T) {
	for _, c := range []struct {
		name  string
		told  []events.Event
		now   time.Duration
		want  reason.Reason
		until time.Duration
	}{
		{"a day later", []events.Event{opened(-day, "1"), closed(0, "1")}, day, "", 0},
		{"too early", []events.Event{opened(-day, "1"), closed(0, "1")}, time.Hour, reason.NotYet, day},
		{"it was never opened", []events.Event{closed(0, "1")}, day, "", 0},
		{"open again", []events.Event{opened(-day, "1"), closed(0, "1"), opened(time.Hour, "1")}, day, reason.ComplaintOpen, 0},
		{"another one is open", []events.Event{opened(-day, "1"), closed(0, "1"), opened(-9*day, "2")}, day, reason.ComplaintOpen, 0},
		{"one in general is open", []events.Event{opened(-day, "1"), closed(0, "1"), opened(-9*day, "")}, day, reason.ComplaintOpen, 0},
		{"another one was closed later", []events.Event{opened(-day, "1"), closed(0, "1"), opened(-day, "2"), closed(time.Hour, "2")}, day, reason.Bundled, 0},
		{"another one was closed before", []events.Event{opened(-day, "1"), closed(0, "1"), opened(-9*day, "2"), closed(-time.Hour, "2")}, day, "", 0},
		{"written to days ago", []events.Event{closed(-3*day, "2"), sent(-2*day, -3*day), opened(-day, "1"), closed(0, "1")}, day, reason.Bundled, 0},
		{"written to weeks ago", []events.Event{closed(-30*day, "2"), sent(-29*day, -30*day), opened(-day, "1"), closed(0, "1")}, day, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, asIs).Wanted(followUp(0), workers.Input{Customer: new(fold(c.told...)), Now: noon.Add(c.now)})
			if got.Reason != c.want || c.until != 0 && !got.Until.Equal(noon.Add(c.until)) {
				t.Errorf("verdict %+v, want %q until %v", got, c.want, c.until)
			}
		})
	}
}

func TestAPresentIsAnEmailOfItsOwn(t *testing.T) {
	w := worker(t, func(c *service.Config) {
		c.Offer = &workers.Offer{Percent: 10, Valid: 30 * day, Code: "static", Value: "SORRY10"}
	})
	if len(w.Steps) != 2 || w.Steps[0].Class != touch.Transactional || w.Steps[0].Offer != nil || w.Steps[1].Class != touch.Marketing || w.Steps[1].Offer == nil {
		t.Fatalf("%+v", w.Steps)
	}
	e := closed(0, "1")
	got := w.Plan(workers.Input{Event: e, Customer: new(fold(e)), Key: ann, Now: noon})
	if len(got) != 2 || got[1].Step != service.Present || !got[1].Due.Equal(noon.Add(2*day)) {
		t.Errorf("planned %+v", got)
	}
	present := followUp(0)
	present.Step = service.Present
	if v := w.Wanted(present, workers.Input{Customer: new(fold(e)), Now: noon.Add(day)}); !v.Until.Equal(noon.Add(2 * day)) {
		t.Errorf("too early: %+v", v)
	}
	if got := w.Compose(present, workers.Input{}); got.Offer == nil || got.Offer.Value != "SORRY10" {
		t.Errorf("%+v", got)
	}
	if got := w.Compose(followUp(0), workers.Input{}); got.Offer != nil || got.Detail != "closed 2025-06-10 12:00 UTC" {
		t.Errorf("%+v", got)
	}
}
