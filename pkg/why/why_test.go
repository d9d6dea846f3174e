package why_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/touch"
	"homing/pkg/why"
	"homing/workers"
	"homing/workers/cartrecovery"
	"homing/workers/thankyou"
	"homing/workers/winback"
)

var now = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

var key = customer.Key{Store: "main", Bucket: 3, Token: "abcdefghijklmnop"}

// life is what happened to Ann, hours before now, oldest first.
type life struct {
	t  *testing.T
	in why.Input
}

func begin(t *testing.T, kinds ...workers.Kind) *life {
	t.Helper()
	l := &life{t, why.Input{Asked: "ann", Store: &programme.Store{Zone: time.UTC}, Now: now, Address: func(s string) string { return "hash of " + s }}}
	l.in.Key = key
	for _, k := range kinds {
		w, err := k.New(func(any) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		l.in.Store.Workers = append(l.in.Store.Workers, &programme.Worker{Kind: k, Worker: w, Policy: gate.Policy{Sunset: true, Sections: gate.Sections{Consent: gate.Consent{Policy: gate.SoftOptIn}}}})
	}
	return l
}

func (l *life) happens(hoursAgo float64, id string, d events.Data) {
	e := events.Event{ID: id, Source: "/shop", Store: "main", Type: d.Type(), Data: d, Time: now.Add(-time.Duration(hoursAgo * float64(time.Hour)))}
	customer.Apply(&l.in.Person.Customer, e)
	l.in.Entries = append(l.in.Entries, customer.Entry{Key: key, Event: e, Sequence: uint64(len(l.in.Entries) + 1)})
}

var ann = events.Customer{ID: "ann", Email: "ann@shop.example"}

func order(id string) *events.OrderPlaced {
	return &events.OrderPlaced{Customer: ann, Order: events.Order{ID: id, Total: events.Money{Minor: 2785, Currency: "GBP"},
		Items: []events.Item{{ProductID: "tea", Quantity: 2}, {ProductID: "pot", Quantity: 1}}}}
}

func sent(order string) *events.EmailSent {
	return &events.EmailSent{Email: events.Email{Touch: "thank-you.thanks." + key.Token + "." + order, Worker: "thank-you", Step: "thanks", Occasion: order, Reason: "sent"}}
}

func texts(r why.Report) (out []string) {
	for _, l := range r.Story {
		out = append(out, l.Text)
	}
	return out
}

func TestEveryTypeOfEventHasWords(t *testing.T) {
	l := begin(t)
	at := now.Add(-48 * time.Hour)
	for i, d := range []events.Data{
		&events.CustomerCreated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.Subscribed, At: &at}}},
		&events.CustomerUpdated{Customer: ann},
		&events.CartUpdated{Customer: ann, Cart: events.Cart{ID: "k", Items: []events.Item{{ProductID: "tea", Quantity: 1}}}},
		&events.CartUpdated{Customer: ann, Cart: events.Cart{ID: "k"}},
		&events.CartAbandoned{Customer: ann, Cart: events.Cart{ID: "k", Items: []events.Item{{ProductID: "tea", Quantity: 2}}, Total: events.Money{Minor: 900, Currency: "SEK"}}},
		&events.OrderPlaced{Customer: ann, Order: events.Order{ID: "10042", Coupons: []string{"TEN"}, Items: []events.Item{{ProductID: "tea", Quantity: 3}}, Total: events.Money{Minor: 2785, Currency: "GBP"}}},
		&events.OrderFulfilled{Customer: ann, Order: events.OrderChange{ID: "10042"}},
		&events.OrderDelivered{Customer: ann, Order: events.OrderChange{ID: "10042", Items: []events.ChangedItem{{ProductID: "a"}, {ProductID: "b"}, {ProductID: "c"}, {ProductID: "d"}}}},
		&events.OrderCancelled{Customer: ann, Order: events.OrderChange{ID: "10042"}},
		&events.OrderRefunded{Customer: ann, Order: events.OrderChange{ID: "10042", Items: []events.ChangedItem{{ProductID: "tea"}}}},
		&events.CustomerLapsed{Customer: ann, LastOrderAt: &at},
		&events.CustomerBirthday{Customer: ann, Year: 2025},
		&events.CustomerAnswered{Customer: ann, Question: "why_left", Answer: "too-expensive"},
		&events.CustomerAnswered{Customer: ann, Survey: "after-delivery", Question: "happy", Scale: events.CSAT, Score: new(2), Text: "Two cups broke.", OrderID: "10042"},
		&events.ReviewSubmitted{Customer: ann, Review: events.Review{ProductID: "tea", Rating: 4}},
		&events.ComplaintOpened{Customer: ann, Complaint: events.Complaint{ID: "1", OrderID: "10042"}},
		&events.ComplaintClosed{Customer: ann, Complaint: events.Complaint{ID: "1"}},
		&events.CustomerUnsubscribed{Customer: ann},
		&events.CustomerUnsubscribed{Customer: ann, Scope: "everything"},
		&events.CustomerUnsubscribed{Customer: ann, Scope: "win-back"},
		&events.CustomerMerged{Customer: ann, From: "guest:1"},
		&events.OfferIssued{Touch: "win-back.offer.t.o", Worker: "win-back", Code: "MISS10", Percent: 10, ExpiresAt: &at},
		&events.EmailUncertain{Email: events.Email{Touch: "a.b.c.d", Worker: "win-back", Step: "offer", Occasion: "sghgfuqbjugf37cfau3xixclmq"}},
		&events.EmailDropped{Email: events.Email{Touch: "a.b.c.e", Worker: "win-back", Step: "offer", Occasion: "7", Reason: "unsubscribed", Detail: "unsubscribed from all"}},
	} {
		l.happens(float64(40-i), string(rune('a'+i)), d)
	}
	want := []string{
		"became a customer; consent: subscribed, given Sun 2025-06-08 12:00",
		"the shop updated what it knows about them",
		"has in cart k: 1 item",
		"emptied cart k",
		"left cart k: 2 items, 9.00 SEK",
		"ordered 10042: 3 items, £27.85, with TEN",
		"order 10042 was shipped",
		"part of order 10042 (a, b, c, 1 more) arrived",
		"order 10042 was cancelled",
		"part of order 10042 (tea) was refunded",
		"has stayed away since the order of Sun 2025-06-08 12:00",
		"the birthday of 2025 is near",
		"answered why_left: too-expensive",
		"answered happy of the survey after-delivery about 10042: 2 of 5, “Two cups broke.”",
		"reviewed tea: 4 of 5",
		"complained about order 10042",
		"the complaint was dealt with",
		"unsubscribed from marketing",
		"unsubscribed from everything",
		"unsubscribed from win-back",
		"turned out to be the same as guest:1",
		"offered MISS10: 10 %, good until Sun 2025-06-08 12:00, for win-back/offer",
		"email win-back/offer may have been sent: the relay's answer never came",
		"email win-back/offer for 7 dropped: unsubscribed (unsubscribed from all)",
	}
	if d := cmp.Diff(want, texts(why.Tell(l.in))); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestCopiesAreToldOnce(t *testing.T) {
	l := begin(t)
	l.happens(9, "1", order("o1"))
	l.happens(9, "1", order("o1"))
	l.happens(8, "1", order("o2")) // the same id with something else to say
	l.happens(7, "o1.sent", sent("o1"))
	again := sent("o1")
	again.MessageID = "told again, it says less, or more"
	l.happens(7, "o1.sent", again)
	want := []string{"ordered o1: 3 items, £27.85", "ordered o2: 3 items, £27.85", "email thank-you/thanks for o1 sent"}
	if d := cmp.Diff(want, texts(why.Tell(l.in))); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestAWorkerWithNothingPendingSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   workers.Kind
		lives  func(l *life)
		reason string
		text   string
	}{
		{"nothing happened", cartrecovery.Kind, func(l *life) { l.happens(9, "1", order("o1")) }, "no_event", "cart.abandoned"},
		{"they ordered lately", winback.Kind, func(l *life) { l.happens(9, "1", order("o1")) }, "not_yet", "counts as lapsed from 2025-12-07 on"},
		{"it was sent", thankyou.Kind, func(l *life) { l.happens(9, "1", order("o1")); l.happens(8, "2", sent("o1")) }, "done", "thanks was sent Tue 2025-06-10 04:00"},
		{"too late", thankyou.Kind, func(l *life) { l.happens(24*5, "1", order("o1")) }, "late", "worth sending until Sun 2025-06-08 12:30"},
		{"it should be planned", thankyou.Kind, func(l *life) { l.happens(0.1, "1", order("o1")) }, "unplanned", "homing replan thank-you"},
		{"it leads to nothing", thankyou.Kind, func(l *life) {
			l.happens(2, "2", order("o1"))
			l.in.Person.Customer = customer.Customer{}
			later := l.in.Entries[0].Event
			later.ID, later.Time = "3", now
			customer.Apply(&l.in.Person.Customer, later) // placed again, and that is not on the timeline yet
		}, "nothing", `"ordered o1: 3 items, £27.85"`},
		{"it is off", thankyou.Kind, func(l *life) { l.happens(9, "1", order("o1")); l.in.Store.Workers[0].Settings.Status = workers.Off }, "off", "switched off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := begin(t, c.kind)
			c.lives(l)
			r := why.Tell(l.in)
			if len(r.Silent) != 1 || r.Silent[0].Reason != c.reason || !strings.Contains(r.Silent[0].Text, c.text) {
				t.Errorf("%+v", r.Silent)
			}
		})
	}
}

func TestWhoUnsubscribedIsToldSoOfEveryWorker(t *testing.T) {
	l := begin(t, thankyou.Kind, winback.Kind)
	l.happens(9, "1", order("o1"))
	l.happens(8, "2", sent("o1"))
	l.happens(7, "3", &events.CustomerUnsubscribed{Customer: ann})
	r := why.Tell(l.in)
	if r.Standing.Marketing.Reason != "unsubscribed" || r.Standing.Transactional.Action != "send" {
		t.Errorf("%+v", r.Standing)
	}
	if r.Silent[0].Blocked != nil || r.Silent[1].Blocked == nil || r.Silent[1].Blocked.Reason != "unsubscribed" {
		t.Errorf("%+v", r.Silent)
	}
}

func TestWhatIsPendingIsJudgedNowAndThen(t *testing.T) {
	l := begin(t, thankyou.Kind)
	l.happens(0.1, "1", order("o1"))
	x := touch.Touch{Worker: "thank-you", Step: "thanks", Customer: key, Occasion: "o1", Due: now.Add(24 * time.Minute), Wake: now.Add(24 * time.Minute), Snapshot: &touch.Snapshot{Order: "o1"}}
	verdicts := func() [2]string {
		l.in.Pending = []why.Pending{{Touch: x, Due: !x.Wake.After(now)}}
		p := why.Tell(l.in).Pending[0]
		out := [2]string{p.Now.Action + " " + p.Now.Reason}
		if p.Then != nil {
			out[1] = p.Then.Action + " " + p.Then.Reason
		}
		return out
	}
	if got := verdicts(); got != [2]string{"hold not_yet", "send "} {
		t.Errorf("before it is due: %q", got)
	}
	l.in.Store.Workers[0].Settings.Status = workers.Paused
	if got := verdicts(); got != [2]string{"hold paused", "hold paused"} {
		t.Errorf("while the worker is paused: %q", got)
	}
	l.in.Store.Workers[0].Settings.Status = workers.Live
	l.in.Person.Customer.SetClaim(customer.Claim{Touch: x.ClaimKey(), State: customer.Sent, At: now.UnixMilli()})
	if got := verdicts(); got != [2]string{"settled sent", ""} {
		t.Errorf("after it was sent: %q", got)
	}
	x.Worker, x.Wake = "gone", now
	if got := verdicts(); got != [2]string{"hold ", ""} {
		t.Errorf("of a worker that is no more: %q", got)
	}
}

// Thanks that wait for the end of the night share an email: one of them is sent, and the
// other is a part of it, unless it goes to another address.
func TestWhatAnotherEmailTakesOverIsForeseen(t *testing.T) {
	l := begin(t, thankyou.Kind)
	w, err := thankyou.Kind.New(func(into any) error {
		c := into.(*thankyou.Config)
		c.Class, c.MergeWithin = touch.Marketing, 2*time.Hour
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.in.Store.Workers[0].Worker = w
	l.in.Store.Workers[0].Policy.QuietHours = gate.QuietHours{From: 13 * 60, To: 16 * 60}
	for i, id := range []string{"o1", "o2"} {
		l.happens(0.5-0.1*float64(i), id, order(id))
		due := now.Add(90*time.Minute + time.Duration(i)*6*time.Minute)
		l.in.Pending = append(l.in.Pending, why.Pending{Touch: touch.Touch{Worker: "thank-you", Step: "thanks", Customer: key, Occasion: id, Due: due, Wake: due,
			Snapshot: &touch.Snapshot{Order: id}}})
	}
	ends := func(want ...string) {
		t.Helper()
		for i, p := range why.Tell(l.in).Pending {
			if p.Then == nil || p.Then.Action != "hold" || p.End == nil {
				t.Errorf("%s: then %+v, and it ends %+v", p.Occasion, p.Then, p.End)
			} else if got := p.End.Action + " " + p.End.Reason + " " + p.End.Detail; got != want[i] {
				t.Errorf("%s: %s, want %s", p.Occasion, got, want[i])
			}
		}
	}
	ends("drop bundled it is a part of thank-you/thanks of Tue 10 Jun 16:00", "send  ")
	l.in.Judged = map[string]*programme.Person{}
	for i, p := range l.in.Pending {
		l.in.Judged[p.Touch.ID()] = &programme.Person{Store: l.in.Store, Customer: &l.in.Person.Customer, To: []string{ann.Email, "bo@shop.example"}[i], Address: l.in.Address}
	}
	ends("send  ", "send  ")
}

// Orders that share an email look every few minutes whether the first of them leads it,
// for an hour: that is no reason not to foresee how they end.
func TestManyLooksAreForeseen(t *testing.T) {
	l := begin(t, thankyou.Kind)
	w, err := thankyou.Kind.New(func(into any) error {
		c := into.(*thankyou.Config)
		c.Class, c.MergeWithin = touch.Marketing, 2*time.Hour
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.in.Store.Workers[0].Worker = w
	l.in.Store.Workers[0].Policy.QuietHours = gate.QuietHours{From: 13 * 60, To: 16 * 60}
	for i := range 12 {
		id := fmt.Sprint("o", i)
		l.happens(0.5-0.01*float64(i), id, order(id))
		due := now.Add(90*time.Minute + time.Duration(i)*36*time.Second)
		l.in.Pending = append(l.in.Pending, why.Pending{Touch: touch.Touch{Worker: "thank-you", Step: "thanks", Customer: key, Occasion: id, Due: due, Wake: due,
			Snapshot: &touch.Snapshot{Order: id}}})
	}
	ends := map[string]int{}
	for _, p := range why.Tell(l.in).Pending {
		if p.End != nil {
			ends[p.End.Action]++
		}
	}
	if d := cmp.Diff(map[string]int{"send": 1, "drop": 11}, ends); d != "" {
		t.Errorf("how they end (-want +got):\n%s", d)
	}
}

func TestOffersSayWhetherTheyWereRedeemed(t *testing.T) {
	l := begin(t)
	later, past := now.Add(72*time.Hour), now.Add(-time.Hour)
	l.happens(20, "1", &events.OfferIssued{Touch: "win-back.offer.t.1", Code: "TEN", Percent: 10, ExpiresAt: &later})
	l.happens(19, "2", &events.OfferIssued{Touch: "win-back.offer.t.2", Code: "FIVE", Amount: events.Money{Minor: 500, Currency: "EUR"}, ExpiresAt: &past})
	o := order("o1")
	o.Order.Coupons = []string{"ten"}
	l.happens(10, "3", o)
	var b bytes.Buffer
	if err := why.Text(&b, why.Tell(l.in)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"TEN, 10 %, given Mon 2025-06-09 16:00, good until Fri 2025-06-13 12:00; redeemed Tue 2025-06-10 02:00",
		"FIVE, €5.00, given Mon 2025-06-09 17:00, good until Tue 2025-06-10 11:00; not redeemed\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

func TestTheStorySaysWhichSubjectWasSent(t *testing.T) {
	l := begin(t)
	of := sent("10042")
	of.Template, of.SubjectArm = "thank-you/thanks#repeat", "b"
	l.happens(1, "a", of)
	if got := strings.Join(texts(why.Tell(l.in)), "\n"); !strings.Contains(got, "sent, wording repeat, subject b") {
		t.Error(got)
	}
}
