package referral_test

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
	return events.Event{ID: fmt.Sprint(data.Type(), d, data), Source: "/shop", Store: "main", Type: data.Type(), Time: t, Data: data}
}

func order(d int, id string) events.Event {
	return on(d, &events.OrderPlaced{Customer: who, Order: events.Order{ID: id, Items: []events.Item{{ProductID: "tea", Quantity: 1}}}})
}

func cancelled(d int, id string) events.Event {
	return on(d, &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: id}})
}

func refunded(d int, id string) events.Event {
	return on(d, &events.OrderRefunded{Customer: who, Order: events.OrderChange{ID: id}})
}

func score(d, n int) events.Event {
	return on(d, &events.CustomerAnswered{Customer: who, Survey: "shop", Question: events.NPS, Scale: events.NPS, Score: &n})
}

// friend is what is noted of the order of a friend, by their token, on a day.
func friend(d int, token, state string, placed int) events.Event {
	at := start.Add(time.Duration(placed) * day)
	return on(d, &events.ReferralNoted{Side: events.SideReferrer, Other: token, Order: token + fmt.Sprint(placed), Mailbox: "mailbox-" + token, State: state, PlacedAt: &at, GoneAt: gone(start.Add(time.Duration(d)*day), state)})
}

func gone(at time.Time, state string) *time.Time {
	if state == "returned" || state == "refunded" || state == "cancelled" {
		return &at
	}
	return nil
}

func came(d int, order, state string) events.Event {
	return on(d, &events.ReferralNoted{Side: events.SideFriend, Other: "bbbbbbbbbbbbbbbb", Order: order, State: state})
}

func sent(d int, t touch.Touch) events.Event {
	return on(d, &events.EmailSent{Email: events.Email{Touch: t.ID()}})
}

func invitation(occasion string) touch.Touch {
	return touch.Touch{Worker: referral.Name, Step: referral.Invitation, Customer: ann, Occasion: occasion, Snapshot: &touch.Snapshot{}}
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func worker(t *testing.T, set func(*referral.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, referral.Kind, set)
}

func asIs(*referral.Config) {}

func planned(ts []touch.Touch) (out []string) {
	for _, t := range ts {
		out = append(out, fmt.Sprintf("%s %s %d", t.Step, t.Occasion, int(t.Due.Sub(start)/day)))
	}
	return out
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*referral.Config)
		es   []events.Event // the last one triggers
		want []string
	}{
		{"a promoter", asIs, []events.Event{order(0, "1"), score(2, 9)}, []string{"invitation 2026-1 3"}},
		{"no promoter", asIs, []events.Event{order(0, "1"), score(2, 8)}, nil},
		{"promoters are not invited", func(c *referral.Config) { c.PromoterAfter = 0 }, []events.Event{order(0, "1"), score(2, 10)}, nil},
		{"the third order", asIs, []events.Event{order(0, "1"), order(3, "2"), order(5, "3")}, []string{"invitation 2026-1 26"}},
		{"one of them was cancelled", asIs, []events.Event{order(0, "1"), order(3, "2"), cancelled(4, "2"), order(5, "3")}, nil},
		{"one of them was refunded", asIs, []events.Event{order(0, "1"), order(3, "2"), refunded(4, "2"), order(5, "3")}, nil},
		{"the third that stands", asIs, []events.Event{order(0, "1"), order(3, "2"), refunded(4, "2"), order(5, "3"), order(8, "4")}, []string{"invitation 2026-1 29"}},
		{"no order invites", func(c *referral.Config) { c.Order = 0 }, []events.Event{order(0, "1"), order(3, "2"), order(5, "3")}, nil},
		{"the earliest cause", asIs, []events.Event{score(1, 10), order(0, "1"), order(3, "2"), order(5, "3")}, []string{"invitation 2026-1 2"}},
		{"invited lately", asIs, []events.Event{order(0, "1"), sent(-90, invitation("2025-2")), score(2, 9)}, nil},
		{"a friend", asIs, []events.Event{friend(1, "lee", "stands", 0)}, []string{"reward mailbox-lee 30"}},
		{"a friend twice", asIs, []events.Event{friend(1, "lee", "stands", 0), friend(4, "lee", "again", 4)}, []string{"reward mailbox-lee 30"}},
		{"a friend whose first order came to nothing", asIs, []events.Event{friend(1, "lee", "cancelled", 0), friend(4, "lee", "stands", 4)}, []string{"reward mailbox-lee 34"}},
		{"it is the customer: refused at once", asIs, []events.Event{friend(1, "lee", "self", 0)}, []string{"reward mailbox-lee 1"}},
		{"the customer is the friend", asIs, []events.Event{order(0, "1"), came(0, "1", "unknown")}, []string{"friend came 30"}},
		{"no rewards", func(c *referral.Config) {
			c.Reward, c.Friend = &workers.Offer{Code: "none"}, &workers.Offer{Code: "none"}
		}, []events.Event{friend(1, "lee", "stands", 0)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := c.es[len(c.es)-1]
			got := worker(t, c.set).Plan(workers.Input{Event: e, Customer: new(fold(c.es...)), Key: ann, Now: e.Time})
			if d := cmp.Diff(c.want, planned(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWanted(t *testing.T) {
	reward := func(of string) touch.Touch {
		return touch.Touch{Worker: referral.Name, Step: referral.Reward, Customer: ann, Occasion: of, Snapshot: &touch.Snapshot{}}
	}
	friendly := touch.Touch{Worker: referral.Name, Step: referral.Friend, Customer: ann, Occasion: "came", Snapshot: &touch.Snapshot{}}
	one := func(c *referral.Config) { c.RewardsAYear = 1 }
	complaint := on(2, &events.ComplaintOpened{Customer: who, Complaint: events.Complaint{ID: "c"}})
	for _, c := range []struct {
		name string
		set  func(*referral.Config)
		t    touch.Touch
		es   []events.Event
		now  int
		want reason.Reason
	}{
		{"an invitation", asIs, invitation("2026-1"), []events.Event{order(0, "1"), score(1, 9)}, 2, ""},
		{"too early", asIs, invitation("2026-1"), []events.Event{order(0, "1"), score(1, 9)}, 1, reason.NotYet},
		{"a complaint is open", asIs, invitation("2026-1"), []events.Event{order(0, "1"), score(1, 9), complaint}, 2, reason.ComplaintOpen},
		{"they changed their mind", asIs, invitation("2026-1"), []events.Event{order(0, "1"), order(0, "2"), order(0, "3"), score(1, 9), score(2, 4)}, 22, reason.Unhappy},
		{"the order was cancelled", asIs, invitation("2026-1"), []events.Event{order(0, "1"), score(1, 9), cancelled(1, "1")}, 2, reason.InsufficientData},
		{"one of three was refunded", asIs, invitation("2026-1"), []events.Event{order(0, "1"), order(0, "2"), order(0, "3"), refunded(9, "2")}, 22, reason.InsufficientData},
		{"the only order was refunded", asIs, invitation("2026-1"), []events.Event{order(0, "1"), score(1, 9), refunded(1, "1")}, 2, reason.InsufficientData},
		{"invited for another reason", asIs, invitation("2026-1"), []events.Event{order(0, "1"), score(1, 9), sent(-5, invitation("2025-2"))}, 2, reason.AskedLately},
		{"a reward", asIs, reward("mailbox-lee"), []events.Event{friend(1, "lee", "stands", 0)}, 30, ""},
		{"within the window", asIs, reward("mailbox-lee"), []events.Event{friend(1, "lee", "stands", 0)}, 29, reason.NotYet},
		{"cancelled within it", asIs, reward("mailbox-lee"), []events.Event{friend(9, "lee", "cancelled", 0)}, 30, reason.Cancelled},
		{"sent back within it", asIs, reward("mailbox-lee"), []events.Event{friend(9, "lee", "returned", 0)}, 30, reason.Refunded},
		{"sent back after it", asIs, reward("mailbox-lee"), []events.Event{friend(31, "lee", "returned", 0)}, 32, ""},
		{"never told", asIs, reward("mailbox-lee"), []events.Event{friend(1, "lee", "unknown", 0)}, 30, reason.InsufficientData},
		{"themselves", asIs, reward("mailbox-lee"), []events.Event{friend(1, "lee", "self", 0)}, 1, reason.SelfReferral},
		{"referred before", asIs, reward("mailbox-lee"), []events.Event{friend(1, "lee", "again", 0)}, 30, reason.ReferredBefore},
		{"one a year", one, reward("mailbox-kim"), []events.Event{friend(1, "lee", "stands", 0), friend(2, "kim", "stands", 2)}, 33, reason.ReferralLimit},
		{"one a year, and the first came to nothing", one, reward("mailbox-kim"), []events.Event{friend(1, "lee", "refunded", 0), friend(2, "kim", "stands", 2)}, 33, ""},
		{"one a year, and that was last year", one, reward("mailbox-kim"), []events.Event{friend(1, "lee", "stands", -100), friend(2, "kim", "stands", 2)}, 33, ""},
		{"the friend", asIs, friendly, []events.Event{order(0, "1"), came(0, "1", "unknown")}, 30, ""},
		{"the friend, cancelled", asIs, friendly, []events.Event{order(0, "1"), came(0, "1", "unknown"), cancelled(5, "1")}, 30, reason.Cancelled},
		{"the friend, themselves", asIs, friendly, []events.Event{order(0, "1"), came(0, "1", "self")}, 1, reason.SelfReferral},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, c.set).Wanted(c.t, workers.Input{Customer: new(fold(c.es...)), Now: start.Add(time.Duration(c.now) * day)})
			if got.Reason != c.want {
				t.Errorf("%+v, want %q", got, c.want)
			}
		})
	}
}

// An id that turns out to be the customer's own is nobody else, whenever that is known.
func TestAFriendWhoTurnsOutToBeTheCustomerIsNone(t *testing.T) {
	c := fold(friend(1, "lee", "stands", 0))
	c.Tokens = []string{ann.Token, "lee"}
	v := worker(t, asIs).Wanted(touch.Touch{Worker: referral.Name, Step: referral.Reward, Customer: ann, Occasion: "mailbox-lee"}, workers.Input{Customer: &c, Now: start.Add(40 * day)})
	if v.Reason != reason.SelfReferral {
		t.Errorf("%+v", v)
	}
}

func TestTheCodeOfAnInvitationIsPassedOn(t *testing.T) {
	w := worker(t, asIs)
	for _, c := range []struct {
		step     string
		personal bool
		promise  bool
	}{{referral.Invitation, true, true}, {referral.Reward, false, false}, {referral.Friend, false, false}} {
		got := w.Compose(touch.Touch{Step: c.step}, workers.Input{Customer: new(customer.Customer), Now: start})
		if got.Offer == nil || got.Offer.Personal != c.personal || (got.Promise != nil) != c.promise {
			t.Errorf("%s: %+v", c.step, got)
		}
	}
}

func TestWhatIsWrongWithASection(t *testing.T) {
	for _, c := range []struct {
		set  func(*referral.Config)
		want string
	}{
		{func(c *referral.Config) { c.Offer = &workers.Offer{Code: "none"} }, "offer: is missing"},
		{func(c *referral.Config) { c.Offer.Code, c.Offer.Value = "static", "FRIENDS" }, "offer.code: static is one code for all"},
		{func(c *referral.Config) { c.Reward.Segments = []string{"champion"} }, "reward.segments:"},
		{func(c *referral.Config) { c.Class = touch.Transactional }, "class: this is advertising"},
		{func(c *referral.Config) { c.Order = -1 }, "order: -1 is negative"},
		{func(c *referral.Config) { c.RewardsAYear = -1 }, "rewards_a_year: -1 is negative"},
		{func(c *referral.Config) { c.Every = day }, "every: 24h0m0s is less than 30 days"},
		{func(c *referral.Config) { c.ReturnWindow = -day }, "return_window: -24h0m0s is negative"},
		{func(c *referral.Config) { c.Tiers = []string{""} }, "tiers: one of the names is empty"},
	} {
		if _, err := referral.Kind.New(workertest.Section(c.set)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
