package advocacy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/advocacy"
	"homing/workers/referral"
	"homing/workers/workertest"
)

const day = 24 * time.Hour

var (
	start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ann   = customer.Key{Store: "main", Token: "abcdefghijklmnop"}
	who   = events.Customer{ID: "ann"}
)

func on(d int, data events.Data) events.Event {
	t := start.Add(time.Duration(d) * day)
	return events.Event{ID: fmt.Sprint(data.Type(), d), Source: "/shop", Store: "main", Type: data.Type(), Time: t, Data: data}
}

func stars(d, n int) events.Event {
	return on(d, &events.ReviewSubmitted{Customer: who, Review: events.Review{ProductID: "tea", Rating: n}})
}

func score(d, n int) events.Event {
	return on(d, &events.CustomerAnswered{Customer: who, Survey: "shop", Question: events.NPS, Scale: events.NPS, Score: &n})
}

func ask(step, occasion string) touch.Touch {
	return touch.Touch{Worker: advocacy.Name, Step: step, Customer: ann, Occasion: occasion, Snapshot: &touch.Snapshot{}}
}

func sent(d int, t touch.Touch) events.Event {
	return on(d, &events.EmailSent{Email: events.Email{Touch: t.ID()}})
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func both(c *advocacy.Config) {
	c.Photo, c.Community = "https://shop.example/photos", "https://shop.example/community"
}

func onlyPhoto(c *advocacy.Config) { c.Photo = "https://shop.example/photos" }

func worker(t *testing.T, set func(*advocacy.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, advocacy.Kind, set)
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*advocacy.Config)
		es   []events.Event // the last one triggers
		want []string
	}{
		{"five stars", both, []events.Event{stars(0, 5)}, []string{"photo 2026-1 2"}},
		{"four stars", both, []events.Event{stars(0, 4)}, nil},
		{"a promoter", both, []events.Event{score(0, 9)}, []string{"community 2026-1 7"}},
		{"no promoter", both, []events.Event{score(0, 8)}, nil},
		{"both", both, []events.Event{stars(0, 5), score(1, 10)}, []string{"photo 2026-1 2", "community 2026-1 8"}},
		{"no community", onlyPhoto, []events.Event{score(0, 9)}, []string{"photo 2026-1 7"}},
		{"two reviews are one question", both, []events.Event{stars(0, 5), stars(1, 5)}, []string{"photo 2026-1 2"}},
		{"asked lately", both, []events.Event{sent(-90, ask(advocacy.Photo, "2025-2")), stars(0, 5)}, nil},
		{"stars lead to nothing", func(c *advocacy.Config) { both(c); c.StarsAfter = 0 }, []events.Event{stars(0, 5)}, nil},
		{"no pages", func(*advocacy.Config) {}, []events.Event{stars(0, 5)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := c.es[len(c.es)-1]
			var got []string
			for _, x := range worker(t, c.set).Plan(workers.Input{Event: e, Customer: new(fold(c.es...)), Key: ann, Now: e.Time}) {
				got = append(got, fmt.Sprintf("%s %s %d", x.Step, x.Occasion, int(x.Due.Sub(start)/day)))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWanted(t *testing.T) {
	photo, community := ask(advocacy.Photo, "2026-1"), ask(advocacy.Community, "2026-1")
	invited := touch.Touch{Worker: referral.Name, Step: referral.Invitation, Customer: ann, Occasion: "2026-1"}
	complaint := on(1, &events.ComplaintOpened{Customer: who, Complaint: events.Complaint{ID: "c", OrderID: "9"}})
	for _, c := range []struct {
		name  string
		t     touch.Touch
		es    []events.Event
		now   int
		want  reason.Reason
		until int
	}{
		{"a photo", photo, []events.Event{stars(0, 5)}, 2, "", 0},
		{"too early", photo, []events.Event{stars(0, 5)}, 1, reason.NotYet, 2},
		{"a complaint is open, whatever it is about", photo, []events.Event{stars(0, 5), complaint}, 2, reason.ComplaintOpen, 0},
		{"they would not recommend the shop", photo, []events.Event{stars(0, 5), score(1, 6)}, 2, reason.Unhappy, 0},
		{"they changed their mind", community, []events.Event{score(0, 9), score(1, 8)}, 7, reason.InsufficientData, 0},
		{"asked for a photo lately", community, []events.Event{score(0, 9), sent(2, photo)}, 7, reason.NotYet, 32},
		{"asked for a photo a while ago", community, []events.Event{score(0, 9), sent(-30, photo)}, 7, "", 0},
		{"invited to recommend the shop", photo, []events.Event{stars(0, 5), sent(1, invited)}, 2, reason.NotYet, 31},
		{"asked the same for another reason", photo, []events.Event{stars(0, 5), sent(-90, ask(advocacy.Photo, "2025-2"))}, 2, reason.AskedLately, 0},
		{"there is no such email", ask("video", "2026-1"), []events.Event{stars(0, 5)}, 2, reason.StepRemoved, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, both).Wanted(c.t, workers.Input{Customer: new(fold(c.es...)), Now: start.Add(time.Duration(c.now) * day)})
			if got.Reason != c.want || c.until != 0 && !got.Until.Equal(start.Add(time.Duration(c.until)*day)) {
				t.Errorf("%+v, want %q until day %d", got, c.want, c.until)
			}
		})
	}
}

func TestWhereAnEmailLeads(t *testing.T) {
	got := worker(t, both).Compose(ask(advocacy.Community, "2026-1"), workers.Input{Customer: new(fold(score(0, 10))), Now: start})
	if got.Link != "https://shop.example/community" || got.Detail != "they would recommend the shop: 10 of 10" {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsWrongWithASection(t *testing.T) {
	for _, c := range []struct {
		set  func(*advocacy.Config)
		want string
	}{
		{func(c *advocacy.Config) { c.Status = workers.Live }, "photo: neither photo nor community says"},
		{func(c *advocacy.Config) { c.Photo = "http://shop.example" }, `photo: "http://shop.example" is not the address of a page`},
		{func(c *advocacy.Config) { c.Community = "shop.example/us" }, "community: "},
		{func(c *advocacy.Config) { both(c); c.Class = touch.Transactional }, "class: this is advertising"},
		{func(c *advocacy.Config) { both(c); c.Apart = -day }, "apart: -24h0m0s is negative"},
		{func(c *advocacy.Config) { both(c); c.Every = day }, "every: 24h0m0s is less than 30 days"},
		{func(c *advocacy.Config) { both(c); c.Tiers = []string{""} }, "tiers: one of the names is empty"},
	} {
		if _, err := advocacy.Kind.New(workertest.Section(c.set)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
