package birthday_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/birthday"
	"homing/workers/workertest"
)

const day = 24 * time.Hour

var key = customer.Key{Store: "main", Token: "tokentokentokent"}

// moment reads a time of the clocks of a zone: "2025-06-10 09:00 Europe/London".
func moment(t interface{ Fatal(...any) }, s string) time.Time {
	z, err := time.LoadLocation(s[len("2025-06-10 09:00 "):])
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", s[:len("2025-06-10 09:00")], z)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func event(at time.Time, d events.Data) events.Event {
	return events.Event{ID: string(d.Type()) + at.String(), Source: "/shop", Store: "main", Type: d.Type(), Time: at.UTC(), Data: d}
}

// knows returns a customer whose birthday and zone are known.
func knows(born, zone string) customer.Customer {
	var c customer.Customer
	customer.Apply(&c, event(time.Unix(0, 0), &events.CustomerCreated{Customer: events.Customer{ID: "ann", Birthday: born, TimeZone: zone}}))
	return c
}

func asIs(*birthday.Config) {}

func worker(t interface {
	Helper()
	Fatal(...any)
}, set func(c *birthday.Config)) workers.Worker {
	return workertest.New(t, birthday.Kind, set)
}

func lead(days int) func(*birthday.Config) {
	return func(c *birthday.Config) { c.Lead = time.Duration(days) * day }
}

func TestPlan(t *testing.T) {
	announced := func(year int) events.Data { return &events.CustomerBirthday{Year: year} }
	updated := &events.CustomerUpdated{}
	for _, c := range []struct {
		name, born, zone string
		data             events.Data
		at               string // of the event
		set              func(*birthday.Config)
		due, occasion    string // no due: nothing is planned
	}{
		{"announced", "1990-06-10", "Europe/London", announced(2025), "2025-06-08 04:00 UTC", asIs, "2025-06-10 09:00 Europe/London", "2025"},
		{"announced, no year", "--06-10", "Europe/London", announced(0), "2025-06-08 04:00 UTC", asIs, "2025-06-10 09:00 Europe/London", "2025"},
		{"the store's zone", "--06-10", "", announced(2025), "2025-06-08 04:00 UTC", asIs, "2025-06-10 09:00 Europe/Berlin", "2025"},
		{"announced for the new year", "--01-02", "Europe/London", announced(2026), "2025-12-30 04:00 UTC", asIs, "2026-01-02 09:00 Europe/London", "2026"},
		{"announced with the year of the announcement", "--01-02", "Europe/London", announced(2025), "2025-12-30 04:00 UTC", asIs, "2026-01-02 09:00 Europe/London", "2026"},
		{"lead days over New Year", "--01-05", "Europe/London", announced(2026), "2025-12-20 04:00 UTC", lead(14), "2025-12-22 09:00 Europe/London", "2026"},
		{"29 February", "1988-02-29", "Europe/London", announced(2025), "2025-02-26 04:00 UTC", asIs, "2025-02-28 09:00 Europe/London", "2025"},
		{"29 February, on 1 March", "1988-02-29", "Europe/London", announced(2025), "2025-02-26 04:00 UTC", func(c *birthday.Config) { c.LeapDay = birthday.Mar01 }, "2025-03-01 09:00 Europe/London", "2025"},
		{"29 February in a leap year", "1988-02-29", "Europe/London", announced(2028), "2028-02-26 04:00 UTC", asIs, "2028-02-29 09:00 Europe/London", "2028"},
		{"summer begins that night", "--03-30", "Europe/London", announced(2025), "2025-03-28 04:00 UTC", asIs, "2025-03-30 09:00 Europe/London", "2025"},
		{"another time of day", "--06-10", "Asia/Kolkata", announced(2025), "2025-06-08 04:00 UTC", func(c *birthday.Config) { c.SendAt = 18*60 + 30 }, "2025-06-10 18:30 Asia/Kolkata", "2025"},
		{"the shop says so on the day, and does not say which", "", "Europe/London", announced(2025), "2025-06-10 05:00 UTC", asIs, "2025-06-10 09:00 Europe/London", "2025"},
		{"announced after the day", "--06-10", "Europe/London", announced(2025), "2025-06-12 05:00 UTC", asIs, "", ""},
		{"told today, at noon", "--06-10", "Europe/London", updated, "2025-06-10 12:00 Europe/London", asIs, "2025-06-10 09:00 Europe/London", "2025"},
		{"told today, late at night", "--06-10", "Europe/London", updated, "2025-06-10 23:59 Europe/London", asIs, "2025-06-10 09:00 Europe/London", "2025"},
		{"told the day after", "--06-10", "Europe/London", updated, "2025-06-11 00:00 Europe/London", asIs, "", ""},
		{"told the day before", "--06-10", "Europe/London", &events.CustomerCreated{}, "2025-06-09 12:00 Europe/London", asIs, "2025-06-10 09:00 Europe/London", "2025"},
		{"told on New Year's Eve", "--01-01", "Europe/London", updated, "2025-12-31 12:00 Europe/London", asIs, "2026-01-01 09:00 Europe/London", "2026"},
		{"told long before", "--06-10", "Europe/London", updated, "2025-05-10 12:00 Europe/London", asIs, "", ""},
		{"told when the lead has begun", "--06-10", "Europe/London", updated, "2025-06-05 12:00 Europe/London", lead(14), "2025-05-27 09:00 Europe/London", "2025"},
		{"nothing told", "", "Europe/London", updated, "2025-06-10 12:00 Europe/London", asIs, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			berlin, err := time.LoadLocation("Europe/Berlin")
			if err != nil {
				t.Fatal(err)
			}
			e := event(moment(t, c.at), c.data)
			in := workers.Input{Event: e, Customer: new(knows(c.born, c.zone)), Zone: berlin, Now: e.Time}
			got := worker(t, c.set).Plan(in)
			if c.due == "" {
				if len(got) != 0 {
					t.Fatalf("planned %+v, want nothing", got)
				}
				return
			}
			if len(got) != 2 || got[0].Step != "greeting" || got[1].Step != "reminder" {
				t.Fatalf("planned %+v, want a greeting and a reminder", got)
			}
			if !got[0].Due.Equal(moment(t, c.due)) || got[0].Occasion != c.occasion || got[0].Snapshot == nil {
				t.Errorf("planned %+v, want it due %s for %s", got[0], c.due, c.occasion)
			}
			leaves := got[0].Due
			if e.Time.Sub(leaves) > day { // the lead was over when it was told
				leaves = e.Time
			}
			if days := got[1].Due.Sub(leaves).Round(day); days != 11*day || got[1].Occasion != c.occasion {
				t.Errorf("the reminder is due %v after the greeting", days)
			}
			in.Now = in.Now.Add(100 * day)
			if late := worker(t, c.set).Plan(in); len(late) != 0 {
				t.Errorf("planned %+v long after the day", late)
			}
		})
	}
}

// greeting is the touch of 2025, as it was planned for noon of the day before in London.
func greeting(t *testing.T, year string) touch.Touch {
	return touch.Touch{Worker: "birthday", Step: "greeting", Customer: key, Occasion: year, Due: moment(t, "2025-06-10 09:00 Europe/London"), Snapshot: &touch.Snapshot{}}
}

func TestWanted(t *testing.T) {
	sent := func(year string, at string) func(*testing.T, *customer.Customer) {
		return func(t *testing.T, c *customer.Customer) {
			c.SetClaim(customer.Claim{Touch: greeting(t, year).ClaimKey(), State: customer.Sent, At: moment(t, at).UnixMilli()})
		}
	}
	for _, c := range []struct {
		name, born, zone, now string
		claim                 func(*testing.T, *customer.Customer)
		set                   func(*birthday.Config)
		want                  reason.Reason
		until                 string
	}{
		{"on the day", "--06-10", "Europe/London", "2025-06-10 09:00 Europe/London", nil, asIs, "", ""},
		{"too early", "--06-10", "Europe/London", "2025-06-10 08:59 Europe/London", nil, asIs, reason.NotYet, "2025-06-10 09:00 Europe/London"},
		{"late in the evening", "--06-10", "Europe/London", "2025-06-10 23:59 Europe/London", nil, asIs, "", ""},
		{"the day is over", "--06-10", "Europe/London", "2025-06-11 00:00 Europe/London", nil, asIs, reason.Expired, ""},
		{"moved west", "--06-10", "America/New_York", "2025-06-10 09:00 Europe/London", nil, asIs, reason.NotYet, "2025-06-10 09:00 America/New_York"},
		{"moved east", "--06-10", "Asia/Tokyo", "2025-06-10 09:00 Europe/London", nil, asIs, "", ""},
		{"moved east, the day is over there", "--06-10", "Pacific/Auckland", "2025-06-10 14:00 Europe/London", nil, asIs, reason.Expired, ""},
		{"the birthday is another day", "--06-12", "Europe/London", "2025-06-10 09:00 Europe/London", nil, asIs, reason.NotYet, "2025-06-12 09:00 Europe/London"},
		{"the birthday was another day", "--06-08", "Europe/London", "2025-06-10 09:00 Europe/London", nil, asIs, reason.Expired, ""},
		{"the birthday is not known, but announced", "", "Europe/London", "2025-06-10 09:00 Europe/London", nil, asIs, "", ""},
		{"days ahead", "--06-24", "Europe/London", "2025-06-10 09:00 Europe/London", nil, lead(14), "", ""},
		{"days ahead, and late", "--06-24", "Europe/London", "2025-06-24 12:00 Europe/London", nil, lead(14), "", ""},
		{"greeted a year ago", "--06-10", "Europe/London", "2025-06-10 09:00 Europe/London", sent("2024", "2024-06-10 09:00 UTC"), asIs, "", ""},
		{"greeted half a year ago, for the birthday of before", "--06-10", "Europe/London", "2025-06-10 09:00 Europe/London", sent("2024", "2024-12-20 09:00 UTC"), asIs, reason.Bundled, ""},
		{"greeted already for the coming year, days ahead", "--12-30", "Europe/London", "2025-12-30 09:00 Europe/London", sent("2026", "2025-12-22 09:00 UTC"), asIs, reason.Bundled, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := knows(c.born, c.zone)
			if c.claim != nil {
				c.claim(t, &who)
			}
			got := worker(t, c.set).Wanted(greeting(t, "2025"), workers.Input{Customer: &who, Now: moment(t, c.now)})
			if got.Reason != c.want || c.until != "" && !got.Until.Equal(moment(t, c.until)) {
				t.Errorf("verdict %+v, want %q until %s", got, c.want, c.until)
			}
		})
	}
}

func TestTheReminderIsAboutTheCoupon(t *testing.T) {
	sent := customer.Claim{State: customer.Sent, At: moment(t, "2025-06-10 09:00 Europe/London").UnixMilli()}
	coupon := customer.Offer{Code: "BIRTHDAY15", Percent: 15, At: sent.At, Expires: moment(t, "2025-06-25 00:00 Europe/London").UnixMilli()}
	for _, c := range []struct {
		name  string
		claim customer.Claim
		offer customer.Offer
		order string // when the customer used the coupon
		now   string
		want  reason.Reason
		until string
	}{
		{"three days before the last", sent, coupon, "", "2025-06-21 09:00 Europe/London", "", ""},
		{"too early", sent, coupon, "", "2025-06-20 23:00 Europe/London", reason.NotYet, "2025-06-21 09:00 Europe/London"},
		{"used", sent, coupon, "2025-06-12 10:00 Europe/London", "2025-06-21 09:00 Europe/London", reason.Purchased, ""},
		{"used with a birthday before", sent, coupon, "2024-06-12 10:00 Europe/London", "2025-06-21 09:00 Europe/London", "", ""},
		{"expired", sent, coupon, "", "2025-06-25 00:00 Europe/London", reason.Expired, ""},
		{"no coupon", sent, customer.Offer{}, "", "2025-06-21 09:00 Europe/London", reason.InsufficientData, ""},
		{"a coupon without an end", sent, customer.Offer{Code: "X", At: sent.At}, "", "2025-06-21 09:00 Europe/London", reason.InsufficientData, ""},
		{"the greeting waits", customer.Claim{}, coupon, "", "2025-06-21 09:00 Europe/London", reason.NotYet, "2025-06-22 09:00 Europe/London"},
		{"the birthday is another day, and the greeting waits for it", customer.Claim{}, coupon, "", "2025-06-01 09:00 Europe/London", reason.NotYet, "2025-06-21 09:00 Europe/London"},
		{"the greeting came too late", customer.Claim{State: customer.Dropped, Why: "expired"}, customer.Offer{}, "", "2025-06-21 09:00 Europe/London", reason.Expired, ""},
		{"nobody knows whether the greeting arrived", customer.Claim{State: customer.Uncertain, At: sent.At}, coupon, "", "2025-06-21 09:00 Europe/London", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := knows("--06-10", "Europe/London")
			id := greeting(t, "2025").ClaimKey()
			if c.claim.Touch = id; c.claim.State != 0 {
				who.SetClaim(c.claim)
			}
			if c.offer.Touch = id; c.offer.Code != "" {
				who.Bind(c.offer)
			}
			if c.order != "" {
				customer.Apply(&who, event(moment(t, c.order), &events.OrderPlaced{Order: events.Order{ID: "1", Coupons: []string{"birthday15"}}}))
			}
			reminder := greeting(t, "2025")
			reminder.Step = "reminder"
			in := workers.Input{Customer: &who, Now: moment(t, c.now)}
			got := worker(t, asIs).Wanted(reminder, in)
			if got.Reason != c.want || c.until != "" && !got.Until.Equal(moment(t, c.until)) {
				t.Errorf("verdict %+v, want %q until %s", got, c.want, c.until)
			}
			if w := worker(t, asIs).Compose(reminder, in); w.OfferOf != greeting(t, "2025").ID() || w.Offer != nil {
				t.Errorf("the reminder shows %+v, want the greeting's code", w)
			}
		})
	}
}

func TestTheOfferOfTheConfiguration(t *testing.T) {
	in := workers.Input{Customer: new(knows("--06-10", "Europe/London")), Now: moment(t, "2025-06-10 09:00 Europe/London")}
	for _, c := range []struct {
		name         string
		set          func(*birthday.Config)
		offer, steps int
	}{
		{"by default", asIs, 15, 2},
		{"none", func(c *birthday.Config) { c.Offer = &workers.Offer{Code: "none"} }, 0, 1},
		{"no reminder", func(c *birthday.Config) { c.ReminderBeforeExpiry = 0 }, 15, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worker(t, c.set)
			got, steps := w.Compose(greeting(t, "2025"), in).Offer, w.Steps
			if (got != nil) != (c.offer != 0) || got != nil && got.Percent != c.offer || (steps[0].Offer != nil) != (got != nil) {
				t.Errorf("offers %+v; step %+v", got, steps[0])
			}
			planned := w.Plan(workers.Input{Event: event(in.Now, &events.CustomerBirthday{}), Customer: in.Customer, Now: in.Now})
			if len(steps) != c.steps || len(planned) != c.steps {
				t.Errorf("%d steps, %d planned; want %d", len(steps), len(planned), c.steps)
			}
		})
	}
	if got := *worker(t, lead(3)).Birthdays; got != 3*day {
		t.Errorf("the calendar is told of a lead of %v", got)
	}
}

func TestTheConfigurationIsChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *birthday.Config)
		want string
	}{
		{"lead of hours", func(c *birthday.Config) { c.Lead = 36 * time.Hour }, "lead: 36h"},
		{"negative lead", func(c *birthday.Config) { c.Lead = -day }, "lead: -24h"},
		{"lead of months", func(c *birthday.Config) { c.Lead = 61 * day }, "lead: 1464h"},
		{"reminder of hours", func(c *birthday.Config) { c.ReminderBeforeExpiry = time.Hour }, "reminder_before_expiry: 1h"},
		{"reminder before the greeting", func(c *birthday.Config) { c.ReminderBeforeExpiry = 14 * day }, "reminder_before_expiry: "},
		{"offer", func(c *birthday.Config) { c.Offer.Percent = 101 }, "offer.percent: 101"},
		{"transactional", func(c *birthday.Config) { c.Class = touch.Transactional }, "class: "},
		{"status", func(c *birthday.Config) { c.Status = "on" }, `status: "on"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := birthday.Kind.New(workertest.Section(c.set)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	broken := errors.New("unknown key")
	if _, err := birthday.Kind.New(func(any) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("what the decoder said is lost: %v", err)
	}
}

func TestTheConfigurationFileHoldsTheDefaults(t *testing.T) {
	const path = "../../configs/homing.yaml"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(path, data, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, store := range c.Stores {
		var got birthday.Config // empty: what the file does not mention shows
		if err := store.Workers[birthday.Name].Decode(&got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(birthday.Defaults(), got); d != "" {
			t.Errorf("store %s: the file is not the defaults (-defaults +file):\n%s", id, d)
		}
	}
}

// A birthday that is changed after the greeting, or told once more, does not move
// the reminder: that is the coupon's.
func TestOnceThereIsACouponItDecidesTheTimeOfTheReminder(t *testing.T) {
	who := knows("--06-12", "Europe/London")
	who.Bind(customer.Offer{Touch: greeting(t, "2025").ClaimKey(), Code: "BIRTHDAY15", Expires: moment(t, "2025-06-25 00:00 Europe/London").UnixMilli()})
	e := event(moment(t, "2025-06-10 12:00 Europe/London"), &events.CustomerUpdated{})
	got := worker(t, asIs).Plan(workers.Input{Event: e, Key: key, Customer: &who, Now: e.Time})
	if len(got) != 2 || !got[1].Due.Equal(moment(t, "2025-06-21 09:00 Europe/London")) {
		t.Errorf("planned %+v", got)
	}
}

func TestWhoHasNoBirthdayIsToldSo(t *testing.T) {
	w := worker(t, func(*birthday.Config) {})
	in := workers.Input{Customer: new(customer.Customer)}
	if why, detail := w.Silence(in); why != reason.InsufficientData || detail == "" {
		t.Errorf("without a birthday: %q, %q", why, detail)
	}
}
