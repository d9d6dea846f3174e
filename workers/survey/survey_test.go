package survey_test

import (
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/survey"
	"homing/workers/workertest"
)

const day = 24 * time.Hour

var (
	noon = time.Date(2025, 3, 10, 12, 0, 0, 0, time.UTC)
	ann  = customer.Key{Store: "main", Token: "abcdefghijklmnop"}
	who  = events.Customer{ID: "ann"}
)

func on(d int) time.Time { return noon.Add(time.Duration(d) * day) }

func at(d int, data events.Data) events.Event {
	return events.Event{ID: string(data.Type()) + on(d).String(), Source: "/shop", Store: "main", Type: data.Type(), Time: on(d), Data: data}
}

func ordered(d int, id string) events.Event {
	return at(d, &events.OrderPlaced{Customer: who, Order: events.Order{ID: id, Items: []events.Item{{ProductID: "tea", Name: "Tea", Quantity: 1}}}})
}

func delivered(d int, id string) events.Event {
	return at(d, &events.OrderDelivered{Order: events.OrderChange{ID: id}})
}

func cancelled(d int, id string) events.Event {
	return at(d, &events.OrderCancelled{Order: events.OrderChange{ID: id}})
}

func refunded(d int, id string) events.Event {
	return at(d, &events.OrderRefunded{Order: events.OrderChange{ID: id}})
}

func opened(d int, order string) events.Event {
	return at(d, &events.ComplaintOpened{Customer: who, Complaint: events.Complaint{ID: "c" + order, OrderID: order}})
}

func closed(d int, order string) events.Event {
	return at(d, &events.ComplaintClosed{Customer: who, Complaint: events.Complaint{ID: "c" + order, OrderID: order}})
}

func scored(d int, of, scale string, score int, order string) events.Event {
	return at(d, &events.CustomerAnswered{Customer: who, Survey: of, Question: scale, Scale: scale, Score: &score, OrderID: order})
}

func solved(d int, answer, order string) events.Event {
	return at(d, &events.CustomerAnswered{Customer: who, Survey: survey.Complaint, Question: events.QuestionSolved, Answer: answer, OrderID: order})
}

func sent(d int, t touch.Touch) events.Event {
	return at(d, &events.EmailSent{Email: events.Email{Touch: t.ID()}})
}

func dropped(d int, t touch.Touch, why reason.Reason) events.Event {
	return at(d, &events.EmailDropped{Email: events.Email{Touch: t.ID(), Reason: string(why)}})
}

func of(worker, step, occasion string) touch.Touch {
	t := touch.Touch{Worker: worker, Step: step, Customer: ann, Occasion: occasion, Snapshot: &touch.Snapshot{}}
	if step != survey.Shop && worker != "service" {
		t.Snapshot.Order, t.Snapshot.PlacedAt = occasion, noon
	}
	return t
}

func aboutOrder(id string) touch.Touch { return of(survey.Name, survey.Order, id) }
func review(id string) touch.Touch     { return of("review-request", "ask", id) }

func closing(worker, step string, d int) touch.Touch {
	t := of(worker, step, on(d).Format("20060102t150405"))
	t.Snapshot = &touch.Snapshot{Order: "1"}
	return t
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func asIs(*survey.Config) {}

func worker(t *testing.T, set func(*survey.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, survey.Kind, set)
}

func TestPlan(t *testing.T) {
	first, second := ordered(0, "1"), ordered(40, "2")
	only := func(asks ...string) func(*survey.Config) { return func(c *survey.Config) { c.Asks = asks } }
	for _, c := range []struct {
		name  string
		event events.Event
		knows []events.Event
		set   func(*survey.Config)
		want  string
	}{
		{"a first order", first, nil, asIs, "order 1 day 17"},
		{"its delivery", delivered(4, "1"), []events.Event{first}, asIs, "order 1 day 7"},
		{"a second order", second, []events.Event{first}, asIs, "order 2 day 57, shop 2025-1 day 70"},
		{"a third leaves the time as it is", ordered(50, "3"), []events.Event{first, second}, asIs, "order 3 day 67, shop 2025-1 day 70"},
		{"in the next half of the year it is another", ordered(90, "3"), []events.Event{first, second}, asIs, "order 3 day 107, shop 2025-2 day 120"},
		{"half a year after the last question", ordered(90, "3"), []events.Event{first, second, sent(71, of(survey.Name, survey.Shop, "2025-1"))}, asIs, "order 3 day 107, shop 2025-2 day 253"},
		{"who said so without being asked", ordered(90, "3"), []events.Event{first, second, scored(80, survey.Shop, "nps", 9, "")}, asIs, "order 3 day 107, shop 2025-2 day 262"},
		{"an order that was cancelled is none", second, []events.Event{first, cancelled(1, "1")}, asIs, "order 2 day 57"},
		{"nor is one that was refunded", second, []events.Event{first, refunded(9, "1")}, asIs, "order 2 day 57"},
		{"more orders are asked for", second, []events.Event{first}, func(c *survey.Config) { c.ShopOrders = 3 }, "order 2 day 57"},
		{"a delivery is no order", delivered(44, "2"), []events.Event{first, second}, asIs, "order 2 day 47"},
		{"orders alone", second, []events.Event{first}, only(survey.Order), "order 2 day 57"},
		{"the shop alone", second, []events.Event{first}, only(survey.Shop), "shop 2025-1 day 70"},
		{"a complaint that is open", opened(1, "1"), []events.Event{first}, asIs, ""},
		{"a complaint that was closed", closed(2, "1"), []events.Event{first, opened(1, "1")}, asIs, "complaint 20250312t120000 day 3"},
		{"complaints are not asked about", closed(2, "1"), []events.Event{first, opened(1, "1")}, only(survey.Order), ""},
		{"an order of long ago that is cleaned up", delivered(300, "1"), []events.Event{first}, asIs, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range worker(t, c.set).Plan(workers.Input{Event: c.event, Customer: new(fold(append(c.knows, c.event)...)), Key: ann, Now: c.event.Time}) {
				got = append(got, strings.Join([]string{p.Step, p.Occasion, "day", strings.TrimSuffix(p.Due.Sub(noon).String(), "h0m0s")}, " "))
			}
			want := strings.Split(c.want, ", ")
			for i, w := range want {
				if head, d, ok := strings.Cut(w, " day "); ok {
					n, _ := time.ParseDuration(d + "h")
					want[i] = head + " day " + strings.TrimSuffix((24*n).String(), "h0m0s")
				}
			}
			if strings.Join(got, ", ") != strings.Join(want, ", ") {
				t.Errorf("planned %q, want %q", got, want)
			}
		})
	}
}

func TestWanted(t *testing.T) {
	shop, done := of(survey.Name, survey.Shop, "2025-1"), closing(survey.Name, survey.Complaint, 2)
	one, two := ordered(0, "1"), ordered(1, "2")
	both := func(es ...events.Event) []events.Event { return append(es, one, two) }
	over := func(es ...events.Event) []events.Event { return append(es, one, opened(1, "1"), closed(2, "1")) }
	for _, c := range []struct {
		name  string
		touch touch.Touch
		told  []events.Event
		now   int
		want  reason.Reason
		until int
	}{
		{"delivered three days ago", aboutOrder("1"), []events.Event{one, delivered(4, "1")}, 7, "", 0},
		{"not yet", aboutOrder("1"), []events.Event{one, delivered(4, "1")}, 6, reason.NotYet, 7},
		{"nothing is known of it", aboutOrder("1"), []events.Event{one}, 17, "", 0},
		{"cancelled", aboutOrder("1"), []events.Event{one, cancelled(1, "1")}, 17, reason.Cancelled, 0},
		{"refunded", aboutOrder("1"), []events.Event{one, refunded(1, "1")}, 17, reason.Refunded, 0},
		{"a complaint is open", aboutOrder("1"), []events.Event{one, opened(5, "1")}, 17, reason.ComplaintOpen, 0},
		{"answered elsewhere", aboutOrder("1"), []events.Event{one, scored(5, survey.Order, "csat", 5, "1")}, 17, reason.Answered, 0},
		{"answered about another order", aboutOrder("1"), []events.Event{one, scored(5, survey.Order, "csat", 5, "2")}, 17, "", 0},
		{"a week late", aboutOrder("1"), []events.Event{one}, 24, "", 0},
		{"more than a week late", aboutOrder("1"), []events.Event{one}, 25, reason.Expired, 0},
		{"the review request was first", aboutOrder("1"), []events.Event{one, sent(16, review("1"))}, 17, reason.Bundled, 0},
		{"no review request came", aboutOrder("1"), []events.Event{one, dropped(16, review("1"), reason.Reviewed)}, 17, "", 0},
		{"asked about another order", aboutOrder("2"), append(both(), sent(10, aboutOrder("1"))), 18, reason.Bundled, 0},
		{"asked about another order long ago", aboutOrder("2"), append(both(), sent(-20, aboutOrder("1"))), 18, "", 0},
		{"the other order's was not sent", aboutOrder("2"), append(both(), dropped(17, aboutOrder("1"), reason.Expired)), 18, "", 0},

		{"the shop", shop, both(), 31, "", 0},
		{"one order stands", shop, both(cancelled(3, "2")), 31, reason.InsufficientData, 0},
		{"one was refunded", shop, both(refunded(3, "2")), 31, reason.InsufficientData, 0},
		{"somebody complains", shop, both(opened(3, "")), 31, reason.ComplaintOpen, 0},
		{"asked in the half before", shop, both(sent(-100, of(survey.Name, survey.Shop, "2024-2"))), 31, reason.NotYet, 82},
		{"asked half a year ago", shop, both(sent(-151, of(survey.Name, survey.Shop, "2024-2"))), 31, "", 0},
		{"answered by themselves", shop, both(scored(20, survey.Shop, "nps", 3, "")), 31, reason.NotYet, 202},

		{"a complaint", done, over(), 3, "", 0},
		{"not yet a day", done, over(), 2, reason.NotYet, 3},
		{"open again", done, over(opened(3, "1")), 3, reason.ComplaintOpen, 0},
		{"closed again later", done, over(closed(3, "2")), 4, reason.Bundled, 0},
		{"said it was solved", done, over(solved(3, "yes", "1")), 3, reason.Answered, 0},
		{"said so of an earlier one", done, over(solved(1, "yes", "1")), 3, "", 0},
		{"service wrote", done, over(sent(3, closing("service", "follow-up", 2))), 3, reason.Bundled, 0},
		{"service did not", done, over(dropped(3, closing("service", "follow-up", 2), reason.NoAddress)), 3, "", 0},
		{"no occasion", of(survey.Name, survey.Complaint, "x"), over(), 3, reason.InsufficientData, 0},
		{"no such step", of(survey.Name, "more", "x"), over(), 3, reason.StepRemoved, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, asIs).Wanted(c.touch, workers.Input{Customer: new(fold(c.told...)), Now: on(c.now)})
			if got.Reason != c.want || c.until != 0 && !got.Until.Equal(on(c.until)) {
				t.Errorf("verdict %+v, want %q until day %d", got, c.want, c.until)
			}
		})
	}
}

func TestASurveyGoesBeforeAReviewRequest(t *testing.T) {
	one, came := ordered(0, "1"), delivered(4, "1")
	reminder := of("review-request", "reminder", "1")
	for _, c := range []struct {
		name  string
		touch touch.Touch
		told  []events.Event
		now   int
		want  reason.Reason
		until int
	}{
		{"it was asked, and there is no answer", review("1"), []events.Event{one, came, sent(7, aboutOrder("1"))}, 11, reason.NotYet, 12},
		{"there is none after five days", review("1"), []events.Event{one, came, sent(7, aboutOrder("1"))}, 12, "", 0},
		{"it has not been asked yet", review("1"), []events.Event{one, came}, 8, reason.NotYet, 12},
		{"it never was", review("1"), []events.Event{one, came}, 12, "", 0},
		{"it is not going to be", review("1"), []events.Event{one, came, dropped(7, aboutOrder("1"), reason.NoConsent)}, 8, "", 0},
		{"they were asked about another order", review("1"), []events.Event{one, came, ordered(1, "2"), sent(5, aboutOrder("2"))}, 8, "", 0},
		{"happy, today", review("1"), []events.Event{one, came, scored(11, survey.Order, "csat", 5, "1")}, 11, reason.NotYet, 12},
		{"happy, days ago", review("1"), []events.Event{one, came, scored(8, survey.Order, "csat", 4, "1")}, 11, "", 0},
		{"so so", review("1"), []events.Event{one, came, scored(8, survey.Order, "csat", 3, "1")}, 11, "", 0},
		{"unhappy", review("1"), []events.Event{one, came, scored(8, survey.Order, "csat", 2, "1")}, 11, reason.Unhappy, 0},
		{"unhappy with another order", review("1"), []events.Event{one, came, sent(5, aboutOrder("1")), scored(8, survey.Order, "csat", 1, "2")}, 11, "", 0},
		{"unhappy since the first request", reminder, []events.Event{one, came, scored(12, survey.Order, "csat", 1, "1")}, 18, reason.Unhappy, 0},
		{"a reminder waits for no survey", reminder, []events.Event{one, came, sent(17, aboutOrder("1"))}, 18, "", 0},
		{"another worker's email", of("thank-you", "thanks", "1"), []events.Event{one, came, scored(8, survey.Order, "csat", 1, "1")}, 8, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, asIs).GoesBefore(c.touch, workers.Input{Customer: new(fold(c.told...)), Now: on(c.now)})
			if got.Reason != c.want || c.until != 0 && !got.Until.Equal(on(c.until)) {
				t.Errorf("verdict %+v, want %q until day %d", got, c.want, c.until)
			}
		})
	}
	shop := worker(t, func(c *survey.Config) { c.Asks = []string{survey.Shop} })
	if got := shop.GoesBefore(review("1"), workers.Input{Customer: new(fold(one, came)), Now: on(8)}); got != (touch.Verdict{}) {
		t.Errorf("orders are not asked about: %+v", got)
	}
}

func TestASurveyTakesThePlaceOfTheFollowUp(t *testing.T) {
	follow, ask := closing("service", "follow-up", 2), closing(survey.Name, survey.Complaint, 2)
	told := []events.Event{ordered(0, "1"), opened(1, "1"), closed(2, "1")}
	for _, c := range []struct {
		name  string
		touch touch.Touch
		told  events.Event
		now   int
		want  reason.Reason
		until time.Time
	}{
		{"it is not out yet", follow, told[0], 3, reason.NotYet, on(3).Add(5 * time.Minute)},
		{"it is a day late", follow, told[0], 4, reason.NotYet, on(5)},
		{"it does not come", follow, told[0], 5, "", time.Time{}},
		{"it went out", follow, sent(3, ask), 3, reason.Bundled, time.Time{}},
		{"it must not be sent", follow, dropped(3, ask, reason.NoConsent), 3, "", time.Time{}},
		{"a present is no follow-up", closing("service", "present", 2), sent(3, ask), 4, "", time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, asIs).GoesBefore(c.touch, workers.Input{Customer: new(fold(append(told, c.told)...)), Now: on(c.now)})
			if got.Reason != c.want || !got.Until.Equal(c.until) {
				t.Errorf("verdict %+v, want %q until %v", got, c.want, c.until)
			}
		})
	}
}

func TestCompose(t *testing.T) {
	c := fold(ordered(0, "1"), delivered(4, "1"), ordered(5, "2"))
	for want, x := range map[string]touch.Touch{
		"delivered 2025-03-14 12:00 UTC": aboutOrder("1"),
		"after 2 orders":                 of(survey.Name, survey.Shop, "2025-1"),
		"closed 2025-03-12 12:00 UTC":    closing(survey.Name, survey.Complaint, 2),
	} {
		if got := worker(t, asIs).Compose(x, workers.Input{Customer: &c}); got.Detail != want || got.Offer != nil {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for want, set := range map[string]func(*survey.Config){
		`asks: "orders" is not one of`:          func(c *survey.Config) { c.Asks = []string{"orders"} },
		"asks: lists shop twice":                func(c *survey.Config) { c.Asks = []string{"shop", "shop"} },
		"asks: is empty":                        func(c *survey.Config) { c.Asks = nil },
		"class:":                                func(c *survey.Config) { c.Class = touch.Transactional },
		"after_delivery: -1ns is negative":      func(c *survey.Config) { c.AfterDelivery = -1 },
		"reviews_wait: 11d is not":              func(c *survey.Config) { c.ReviewsWait = 11 * day },
		"max_order_age: 0s asks":                func(c *survey.Config) { c.MaxOrderAge = 0 },
		"shop_every: 90d is not between 182d":   func(c *survey.Config) { c.ShopEvery = 90 * day },
		"shop_orders: 1 is less than 2":         func(c *survey.Config) { c.ShopOrders = 1 },
		"after_complaint: -24h0m0s is negative": func(c *survey.Config) { c.AfterComplaint = -day },
	} {
		if _, err := survey.Kind.New(workertest.Section(set)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
