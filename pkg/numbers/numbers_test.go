package numbers_test

import (
	"context"
	"encoding/base32"
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/attribution"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/numbers"
	"homing/pkg/reason"
	"homing/pkg/segment"
	"homing/pkg/timeline"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)

// shop is a store whose customers are kept in memory, and whose timeline is real.
type shop struct {
	t       *testing.T
	js      jetstream.JetStream
	tl      *timeline.Timeline
	now     time.Time
	set     numbers.Settings
	fifths  *segment.Snapshot
	people  map[string]*customer.Record // by id
	n       int
	entries []customer.Entry
}

func open(t *testing.T) *shop {
	t.Helper()
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	return &shop{t: t, js: js, tl: timeline.New(js), now: noon, people: map[string]*customer.Record{}, set: numbers.Settings{
		Zone: time.UTC, LiftWindow: 14 * day, Windows: attribution.Windows{AfterSending: 7 * day, AfterClick: 30 * day, HalfLife: 7 * day},
		Asks: map[string]string{"survey/order": "order/csat"}, AsksForReviews: "review-request",
		Holdout: map[string]float64{}, Draw: draw,
	}}
}

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func keyOf(id string) customer.Key {
	h := fnv.New128a()
	h.Write([]byte(id))
	sum := h.Sum(nil)
	return customer.Key{Store: "main", Bucket: sum[0], Token: encoding.EncodeToString(sum[:10])}
}

// draw gives each token a number of its own for each worker.
func draw(token, worker string) float64 {
	h := fnv.New64a()
	h.Write([]byte(worker + "\x00" + token + "!"))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return float64(x>>11) / (1 << 53)
}

func (s *shop) Scan(_ context.Context, store string, fn func([]customer.Record) error) error {
	var out []customer.Record
	for _, r := range s.people {
		if store == "main" {
			out = append(out, *r)
		}
	}
	return fn(out)
}

func (s *shop) Named(_ context.Context, rs []customer.Record) ([]int, error) {
	return make([]int, len(rs)), nil
}

func (s *shop) Read(context.Context, []customer.Ask, ...customer.Key) ([]customer.Person, error) {
	return nil, fmt.Errorf("nobody is to be read")
}

// happens folds an event into a customer, and puts it on the timeline with the next ones.
func (s *shop) happens(id string, at time.Time, d events.Data) {
	k := keyOf(id)
	if s.people[id] == nil {
		s.people[id] = &customer.Record{Key: k}
	}
	s.n++
	e := events.Event{ID: fmt.Sprint("e", s.n), Source: "/shop", Store: "main", Type: d.Type(), Time: at.UTC(), Data: d}
	customer.Apply(&s.people[id].Customer, e)
	s.entries = append(s.entries, customer.Entry{Key: k, Event: e})
}

func (s *shop) orders(id, order string, at time.Time, minor int64, currency string, codes ...string) {
	s.happens(id, at, &events.OrderPlaced{Customer: events.Customer{ID: id}, Order: events.Order{ID: order, Coupons: codes,
		Items: []events.Item{{ProductID: "tea", Quantity: 1}}, Total: events.Money{Minor: minor, Currency: currency}}})
}

func body(id, worker, occasion string) events.FactBody {
	return events.FactBody{Touch: worker + ".one." + keyOf(id).Token + "." + occasion, Worker: worker, Step: "one", Customer: keyOf(id).Token, Occasion: occasion, Class: "marketing", Reason: "accepted"}
}

func (s *shop) sent(id, worker, occasion string, at time.Time) {
	s.happens(id, at, &events.EmailSent{Email: body(id, worker, occasion)})
}

func (s *shop) heldOut(id, worker, occasion string, at time.Time) {
	b := body(id, worker, occasion)
	b.Reason = string(reason.Holdout)
	s.happens(id, at, &events.EmailDropped{Email: b})
}

// night appends what happened, and computes the numbers.
func (s *shop) night() *numbers.Snapshot {
	s.t.Helper()
	if err := s.tl.Append(s.t.Context(), s.entries); err != nil {
		s.t.Fatal(err)
	}
	s.entries = nil
	n, err := numbers.New(numbers.Options{JS: s.js, Customers: s, People: s, Timeline: s.tl, Now: func() time.Time { return s.now },
		Of: func(string) numbers.Settings { return s.set }, Segments: func(string) *segment.Snapshot { return s.fifths }, Log: zap.NewNop()}).Refresh(s.t.Context(), "main")
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// sum adds up a worker's revenue over all days.
func sum(s *numbers.Snapshot, worker string, m attribution.Model, currency string) (out int64) {
	for _, d := range s.Days {
		if w := d.Workers[worker]; w != nil {
			out += w.Revenue[m][currency]
		}
	}
	return out
}

func TestWhatAShopWantsToKnow(t *testing.T) {
	s := open(t)
	s.orders("ann", "1", noon.Add(-70*day), 1000, "EUR") // on 1 April
	s.orders("ann", "2", noon.Add(-40*day), 2000, "EUR")
	s.orders("ann", "3", noon.Add(-2*day), 3000, "EUR")
	s.orders("bob", "4", noon.Add(-40*day), 500, "EUR")
	s.orders("cyd", "5", noon.Add(-3*day), 7000, "JPY")
	s.orders("dan", "6", noon.Add(-500*day), 900, "EUR")
	s.orders("eve", "7", noon.Add(-day), 800, "EUR")
	s.happens("eve", noon.Add(-day/2), &events.OrderCancelled{Customer: events.Customer{ID: "eve"}, Order: events.OrderChange{ID: "7"}})
	s.happens("fay", noon, &events.CustomerCreated{Customer: events.Customer{ID: "fay"}})
	s.sent("ann", "win-back", "a", noon.Add(-4*day))
	s.sent("ann", "birthday", "b", noon.Add(-3*day))
	s.sent("cyd", "win-back", "c", noon.Add(-20*day))
	got := s.night()
	if d := cmp.Diff(numbers.Counts{All: 6, Buyers: 4, Repeat: 1, Year: 3, YearRepeat: 1}, got.Customers); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if got.Churn.Before != 1 || got.Churn.Gone != 1 {
		t.Errorf("%+v", got.Churn)
	}
	if d := cmp.Diff(numbers.Between{Orders: 2, Mean: 34, Quarter: 30, Median: 30, Third: 38}, got.Between); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	last := got.Months[len(got.Months)-1]
	if d := cmp.Diff(numbers.Month{Month: "2026-06", Orders: 2, Buyers: 2, New: 1, Revenue: numbers.Money{"EUR": 3000, "JPY": 7000}, Known: numbers.Money{"EUR": 1, "JPY": 1}}, last); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if d := cmp.Diff(numbers.Cohort{Month: "2026-04", Customers: 1, Active: []int{1, 1, 1}, Revenue: map[string][]int64{"EUR": {1000, 2000, 3000}}}, got.Cohorts[1]); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	for worker, want := range map[string]int64{"win-back": 1500, "birthday": 1500, attribution.None: 3500} {
		if n := sum(got, worker, attribution.Linear, "EUR"); n != want {
			t.Errorf("%s brought %d EUR, want %d", worker, n, want)
		}
	}
	if n := sum(got, attribution.None, attribution.Last, "JPY"); n != 7000 {
		t.Errorf("an email of three weeks ago has a part: %d", n)
	}
	if n := sum(got, "win-back", attribution.First, "EUR"); n != 3000 {
		t.Errorf("%d", n)
	}
	read, err := numbers.Read(t.Context(), s.js, "main")
	if d := cmp.Diff(got, read); d != "" || err != nil {
		t.Errorf("%v (-computed +read):\n%s", err, d)
	}
}

// Whatever is told, and however often a night is repeated, days add up, and come to the same.
func TestANightMayBeRepeated(t *testing.T) {
	s := open(t)
	for i := range 60 {
		id := fmt.Sprint("c", i)
		at := noon.Add(-time.Duration(i+1) * day * 2)
		s.sent(id, []string{"win-back", "birthday", "replenishment"}[i%3], fmt.Sprint(i), at)
		s.sent(id, "welcome", fmt.Sprint("w", i), at.Add(time.Hour))
		s.happens(id, at.Add(2*time.Hour), &events.EmailClicked{EmailVisit: events.EmailVisit{Touch: body(id, "welcome", fmt.Sprint("w", i)).Touch, Worker: "welcome", Step: "one", Customer: keyOf(id).Token}, URL: "https://shop.example"})
		s.orders(id, fmt.Sprint("o", i), at.Add(3*time.Hour), int64(1001+7*i), []string{"EUR", "CHF"}[i%2])
	}
	first := s.night()
	check := func(got *numbers.Snapshot) {
		t.Helper()
		orders := 0
		for _, d := range got.Days {
			orders += d.Orders
			for _, m := range attribution.Models() {
				of := numbers.Money{}
				for _, w := range d.Workers {
					for currency, minor := range w.Revenue[m] {
						of[currency] += minor
					}
				}
				for currency, minor := range d.Revenue {
					if of[currency] != minor {
						t.Errorf("%s, %s: %d of %d %s", d.Date, m, of[currency], minor, currency)
					}
				}
			}
		}
		if orders != 60 {
			t.Errorf("%d orders", orders)
		}
	}
	check(first)
	same := s.night()
	check(same)
	if d := cmp.Diff(first.Days, same.Days); d != "" {
		t.Errorf("-once +twice:\n%s", d)
	}
	s.now = noon.Add(5 * day)
	later := s.night()
	check(later)
	if d := cmp.Diff(first.Days, later.Days); d != "" {
		t.Errorf("-then +five nights later:\n%s", d)
	}
	if len(later.Marks) != 3 {
		t.Errorf("%+v", later.Marks)
	}
}

func TestWhatComesLateCountsForAMonth(t *testing.T) {
	s := open(t)
	s.sent("ann", "win-back", "a", noon.Add(-10*day))
	s.orders("ann", "1", noon.Add(-9*day), 1000, "EUR")
	s.night()
	s.now = noon.Add(10 * day)
	s.orders("ann", "2", noon.Add(-8*day), 500, "EUR") // told 18 days late
	s.happens("ann", noon.Add(day), &events.OrderCancelled{Customer: events.Customer{ID: "ann"}, Order: events.OrderChange{ID: "1"}})
	if n := sum(s.night(), "win-back", attribution.Last, "EUR"); n != 500 {
		t.Errorf("%d", n)
	}
	s.now = noon.Add(35 * day)
	s.night()
	s.now = noon.Add(60 * day)
	s.orders("ann", "3", noon.Add(-8*day), 300, "EUR")
	s.happens("ann", noon.Add(50*day), &events.OrderCancelled{Customer: events.Customer{ID: "ann"}, Order: events.OrderChange{ID: "2"}})
	got := s.night()
	if n := sum(got, "win-back", attribution.Last, "EUR"); n != 500 {
		t.Errorf("a day that is settled changed: %d", n)
	}
	if got.Months[0].Revenue["EUR"] != 300 {
		t.Errorf("what follows from records is as the records are: %+v", got.Months)
	}
}

func TestOtherWindowsCountAgain(t *testing.T) {
	s := open(t)
	s.sent("ann", "win-back", "a", noon.Add(-100*day))
	s.orders("ann", "1", noon.Add(-95*day), 1000, "EUR")
	if n := sum(s.night(), "win-back", attribution.Last, "EUR"); n != 1000 {
		t.Errorf("%d", n)
	}
	s.set.Windows.AfterSending = day
	if n := sum(s.night(), "win-back", attribution.Last, "EUR"); n != 0 {
		t.Errorf("%d", n)
	}
}

// A control group that orders less than those who are emailed, told apart night by night or
// all at once: each counts once, and counts the same.
func TestTheControlGroupIsComparedWithThoseWhoAreEmailed(t *testing.T) {
	of := func(nightly bool) *numbers.Snapshot {
		s := open(t)
		s.set.Holdout = map[string]float64{numbers.AllMarketing: 0.3, "win-back": 0}
		begin := noon.Add(-60 * day)
		s.now = begin
		if nightly {
			s.night()
		}
		for i := range 60 {
			s.now = begin.Add(time.Duration(i) * day)
			for j := range 10 {
				n := i*10 + j
				id := fmt.Sprint("p", n%500) // a hundred come twice
				for _, worker := range []string{"win-back", "birthday"} {
					at := s.now.Add(-time.Duration(j+1) * time.Hour)
					if draw(keyOf(id).Token, "") < 0.3 {
						s.heldOut(id, worker, fmt.Sprint(n), at)
					} else {
						s.sent(id, worker, fmt.Sprint(n), at)
					}
				}
				if control := draw(keyOf(id).Token, "") < 0.3; n%10 < 6 && !control || n%10 < 2 {
					s.orders(id, fmt.Sprint("o", n), s.now.Add(3*day), 1000, "EUR")
				}
				if n%7 == 0 {
					s.orders(id, fmt.Sprint("late", n), s.now.Add(16*day), 5000, "EUR") // after the window
				}
			}
			if nightly && i%3 == 0 {
				s.night()
			}
		}
		s.now = begin.Add(76 * day)
		s.night()
		return s.night()
	}
	got := of(true)
	if len(got.Trials) != 1 {
		t.Fatalf("%+v", got.Trials)
	}
	x := got.Trials[0]
	if people := x.Emailed.People + x.Control.People; people != 500 || x.Emailed.Rate() < 0.5 || x.Control.Rate() > 0.3 || len(x.Looks) < 10 {
		t.Errorf("%d people, %.2f of %d and %.2f of %d ordered, after %d looks", people, x.Emailed.Rate(), x.Emailed.People, x.Control.Rate(), x.Control.People, len(x.Looks))
	}
	once := of(false).Trials[0]
	if d := cmp.Diff([]any{once.Emailed, once.Control}, []any{x.Emailed, x.Control}); d != "" {
		t.Errorf("-all at once +night by night:\n%s", d)
	}
}

func TestAWorkersControlGroupIsItsOwn(t *testing.T) {
	s := open(t)
	s.set.Holdout = map[string]float64{numbers.AllMarketing: 0.2, "win-back": 0.5}
	want := map[string][2]int64{}
	for i := range 400 {
		id, at := fmt.Sprint("p", i), noon.Add(-30*day)
		none, own := draw(keyOf(id).Token, "") < 0.2, draw(keyOf(id).Token, "win-back") < 0.5
		count := func(trial string, control bool) {
			n := want[trial]
			n[map[bool]int{false: 0, true: 1}[control]]++
			want[trial] = n
		}
		switch {
		case none:
			s.heldOut(id, "win-back", "x", at)
			count("", true)
		case own:
			s.heldOut(id, "win-back", "x", at) // says nothing of all marketing
			count("win-back", true)
		default:
			s.sent(id, "win-back", "x", at)
			count("", false)
			count("win-back", false)
		}
		s.orders(id, fmt.Sprint("o", i), at.Add(time.Hour), 100, "EUR")
	}
	for _, x := range s.night().Trials {
		if got := [2]int64{x.Emailed.People, x.Control.People}; got != want[x.Worker] {
			t.Errorf("%q: %v, want %v", x.Worker, got, want[x.Worker])
		}
	}
	s.set.Holdout["win-back"] = 0.6
	s.set.Holdout[numbers.AllMarketing] = 0
	s.now = noon.Add(day)
	for _, x := range s.night().Trials {
		if x.Worker == "win-back" && (x.Emailed.People != 0 || !x.Since.Equal(s.now)) || x.Worker == "" && x.Ended.IsZero() {
			t.Errorf("the share changed, or the group is gone: %+v", x)
		}
	}
}

// Who gets an announcement is compared with those who are held out of it alone, though it was
// sent off between two nights; who gets no email of the worker, or none at all, is in neither
// group.
func TestAnAnnouncementHasAControlGroup(t *testing.T) {
	s := open(t)
	s.set.Holdout = map[string]float64{numbers.AllMarketing: 0.1, "announcements": 0.2}
	s.night()
	sent := noon.Add(2 * time.Hour)
	s.set.Occasions = []numbers.Occasion{{Worker: "announcements", Name: "spring", Share: 0.4, Since: sent}}
	var want [2]int64
	for i := range 400 {
		id, at := fmt.Sprint("p", i), sent.Add(time.Duration(1+i)*time.Minute)
		is := func(name string, share float64) bool { return draw(keyOf(id).Token, name) < share }
		switch {
		case is("", 0.1), is("announcements", 0.2):
			s.heldOut(id, "announcements", "spring", at)
		case is("announcements.spring", 0.4):
			s.heldOut(id, "announcements", "spring", at)
			want[1]++
		default:
			s.sent(id, "announcements", "spring", at)
			s.sent(id, "announcements", "autumn", at) // which has none
			want[0]++
		}
		if i%3 == 0 {
			s.orders(id, fmt.Sprint("o", i), at.Add(time.Hour), 100, "EUR")
		}
	}
	of := func(after time.Duration) (out []numbers.Trial) {
		s.now = noon.Add(after)
		for _, x := range s.night().Trials {
			if x.Occasion != "" {
				out = append(out, x)
			}
		}
		return out
	}
	if x := of(day); len(x) != 1 || x[0].Emailed.People+x[0].Control.People != 0 || x[0].NameOf() != "announcements: spring" || !x[0].Since.Equal(sent) {
		t.Errorf("before anybody had the whole window: %+v", x)
	}
	for _, after := range []time.Duration{16 * day, 17 * day} {
		if x := of(after); len(x) != 1 || [2]int64{x[0].Emailed.People, x[0].Control.People} != want || x[0].Emailed.Ordered < want[0]/4 {
			t.Errorf("%v: %+v, want %v people", after, x, want)
		}
	}
	s.set.Occasions = nil
	if x := of(80 * day); len(x) != 1 || x[0].Ended.IsZero() || [2]int64{x[0].Emailed.People, x[0].Control.People} != want {
		t.Errorf("long after: %+v", x)
	}
}

// What a worker did is added up over whole days, and what it has to do with orders.
func TestWhatAWorkerDidIsAddedUp(t *testing.T) {
	s := open(t)
	for i, ago := range []int{0, 1, 3, 20, 200} {
		id, at := fmt.Sprint("p", i), noon.Add(-time.Duration(ago)*day)
		s.sent(id, "win-back", fmt.Sprint(i), at)
		if ago > 1 {
			s.orders(id, fmt.Sprint("o", i), at.Add(day), 1050, "EUR")
		}
	}
	got := s.night().Done("win-back", 7, 30, 365)
	want := []numbers.Done{{Days: 7, Sent: 2, Orders: 1, Revenue: []string{"10.50 EUR"}}, {Days: 30, Sent: 3, Orders: 2, Revenue: []string{"21.00 EUR"}}, {Days: 365, Sent: 4, Orders: 3, Revenue: []string{"31.50 EUR"}}}
	for i := range got {
		got[i].From = ""
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if got := s.night().Done("birthday", 7); len(got) != 1 || got[0].Sent != 0 {
		t.Errorf("one that did nothing: %+v", got)
	}
}

func TestAnswersReviewsAndOffers(t *testing.T) {
	s := open(t)
	says := func(id string, at time.Time, score int) {
		s.happens(id, at, &events.CustomerAnswered{Customer: events.Customer{ID: id}, Survey: "order", Question: "csat", Kind: "scale", Scale: events.CSAT, Score: &score})
	}
	for i := range 10 {
		b := body(fmt.Sprint("c", i), "survey", "o")
		b.Step = "order"
		s.happens(fmt.Sprint("c", i), noon.Add(-5*day), &events.EmailSent{Email: b})
	}
	says("c1", noon.Add(-4*day), 2)
	says("c1", noon.Add(-3*day), 5) // the last one counts
	says("c2", noon.Add(-3*day), 4)
	review := func(id string, stars int) {
		s.happens(id, noon.Add(-2*day), &events.ReviewSubmitted{Customer: events.Customer{ID: id}, Review: events.Review{ProductID: "tea", Rating: stars}})
	}
	review("c1", 3)
	review("c1", 4)
	s.sent("c1", "review-request", "r", noon.Add(-6*day))
	offer := func(id, code string, percent int, expires time.Time) {
		s.happens(id, noon.Add(-20*day), &events.OfferIssued{Touch: body(id, "win-back", code).Touch, Worker: "win-back", Customer: keyOf(id).Token, Code: code, Kind: "mint", Percent: percent, ExpiresAt: &expires})
	}
	offer("c1", "AAA", 10, noon.Add(-day))
	offer("c2", "BBB", 10, noon.Add(-day))
	offer("c3", "CCC", 10, noon.Add(day))
	s.orders("c1", "1", noon.Add(-10*day), 900, "EUR", "aaa")
	got := s.night()
	asked, scores := 0, [11]int{}
	reviews := numbers.Reviews{}
	for _, d := range got.Days {
		asked += d.Asked["order/csat"]
		if a := d.Answers["order/csat"]; a != nil {
			for i, n := range a.Scores {
				scores[i] += n
			}
		}
		if d.Reviews != nil {
			reviews.Asked += d.Reviews.Asked
			for i, n := range d.Reviews.Ratings {
				reviews.Ratings[i] += n
			}
		}
	}
	if asked != 10 || scores != [11]int{4: 1, 5: 1} || reviews != (numbers.Reviews{Asked: 1, Ratings: [6]int{4: 1}}) {
		t.Errorf("%d asked, %v, %+v", asked, scores, reviews)
	}
	if d := cmp.Diff([]numbers.OfferMonth{{Month: "2026-05", Worker: "win-back", Issued: 3, Redeemed: 1, Expired: 1, Cost: numbers.Money{"EUR": 100}}}, got.Offers); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestAShopThatMakesUpQuestionsIsBounded(t *testing.T) {
	s := open(t)
	five := 5
	for i := range 300 {
		s.happens("ann", noon.Add(-time.Duration(i)*time.Minute), &events.CustomerAnswered{Customer: events.Customer{ID: "ann"}, Question: fmt.Sprint("q", i), Kind: "scale", Scale: events.CSAT, Score: &five})
	}
	n := 0
	for _, d := range s.night().Days {
		n += len(d.Answers)
	}
	if n != 100 {
		t.Errorf("answers to %d questions", n)
	}
}

func TestWhatAnotherVersionComputedIsComputedAgain(t *testing.T) {
	s := open(t)
	if _, err := bus.PutObject(t.Context(), s.js, bus.ProductsBucket, "main/numbers", []byte(`{"version":99,"days":[{"date":"2026-01-01"}]}`)); err != nil {
		t.Fatal(err)
	}
	if got := s.night(); len(got.Days) != 0 {
		t.Errorf("%+v", got.Days)
	}
	if _, err := bus.PutObject(t.Context(), s.js, bus.ProductsBucket, "main/numbers", []byte(`{`)); err != nil {
		t.Fatal(err)
	}
	if _, err := numbers.Read(t.Context(), s.js, "main"); err == nil || !strings.Contains(err.Error(), "numbers") {
		t.Errorf("%v", err)
	}
}
