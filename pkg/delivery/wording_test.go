package delivery_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/offer"
	"homing/pkg/render"
	"homing/pkg/touch"
	"homing/workers"
)

func item(id string, pence int64) events.Item {
	return events.Item{ProductID: id, Name: id, Quantity: 1, Price: events.Money{Minor: pence, Currency: "GBP"}}
}

// bundling is a worker whose emails take over all its others that fall due within
// a week; like replenishment it names none that has a claim.
func bundling() *series {
	occasions := []string{"a", "b", "c"}
	return &series{
		steps: []touch.Step{{Name: "reorder", Template: "replenishment/reorder", Class: touch.Marketing, Expires: 14 * day, Sunset: true}},
		gathers: func(t touch.Touch, in workers.Input) []touch.Touch {
			var out []touch.Touch
			for _, o := range occasions {
				u := touch.Touch{Worker: worker, Step: "reorder", Customer: t.Customer, Occasion: o}
				if _, claimed := in.Customer.Claimed(u.ClaimKey()); !claimed && o != t.Occasion {
					out = append(out, u)
				}
			}
			return out
		},
		compose: func(t touch.Touch, in workers.Input) workers.Wording {
			w := workers.Wording{Items: slices.Clone(t.Snapshot.Items), Detail: "learned from 4 intervals"}
			for _, u := range in.Gathered {
				if u.Due.Before(in.Now.Add(7 * day)) {
					w.Items = append(w.Items, u.Snapshot.Items...)
					w.Bundles = append(w.Bundles, u.ID())
				}
			}
			return w
		},
	}
}

// plan puts three reorders on the schedule: now, in two days and in ten.
func (r *rig) planBundle() (ids []string) {
	r.known("ann")
	for i, in := range []time.Duration{time.Minute, 2 * day, 10 * day} {
		o := string(rune('a' + i))
		ids = append(ids, r.touch("ann", "reorder", o, in, &touch.Snapshot{Order: "1001", Items: []events.Item{item("p-"+o, 700)}}).ID())
	}
	return ids
}

// outcomes lists what became of touches by occasion, each fact once.
func (r *rig) outcomes() map[string]string {
	out := map[string]string{}
	for _, e := range r.facts(events.TypeEmailSent, events.TypeEmailUncertain, events.TypeEmailDropped) {
		b := e.Data.(events.Fact).Body()
		if had := out[b.Occasion]; had != "" && had != b.Reason {
			r.t.Errorf("%s: %s, and then %s", b.Occasion, had, b.Reason)
		}
		out[b.Occasion] = b.Reason
	}
	return out
}

func shown(d render.Data) (out []string) {
	for _, it := range d.Products.Items {
		out = append(out, it.ProductID)
	}
	return out
}

func TestAnEmailTakesOverOthersThatArePending(t *testing.T) {
	bubble(t, bundling(), func(r *rig) {
		ids := r.planBundle()
		r.start()
		time.Sleep(day)
		if d := cmp.Diff([]string{"p-a", "p-b"}, shown(r.last())); d != "" {
			t.Errorf("items (-want +got):\n%s", d)
		}
		sent := r.facts(events.TypeEmailSent)[0].Data.(events.Fact).Body()
		if draw := sent.Customer + " " + sent.Touch; sent.SubjectArm != "b" || r.last().Draw != draw {
			t.Errorf("the subject is drawn by %q and not %q, and the fact says %q", r.last().Draw, draw, sent.SubjectArm)
		}
		if !slices.Equal(sent.Bundles, ids[1:2]) || !sent.Sunset || sent.Detail != "learned from 4 intervals" {
			t.Errorf("the fact says %+v", sent)
		}
		c := r.customer("ann")
		if k, _ := c.Claimed(customer.ClaimKey(ids[1])); k.State != customer.Dropped || k.Why != "bundled" || !c.Asleep() {
			t.Errorf("claim of what was taken over: %+v; asleep: %v", k, c.Asleep())
		}
		time.Sleep(11 * day)
		if d := cmp.Diff(map[string]string{"a": "sent", "b": "bundled", "c": "sunset"}, r.outcomes()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if n := len(r.sink.Mails()); n != 1 {
			t.Errorf("%d emails, want 1", n)
		}
	})
}

// A process that dies at any point leaves nothing half done: what the email took over
// is not mailed by itself, and a refold knows it (see audit).
func TestWhatAnEmailTookOverSurvivesACrash(t *testing.T) {
	for _, c := range []struct {
		name, act string
		n         int
		want      string
	}{
		{"before the claim", "save", 1, "sent"},
		{"after the claim", "saved", 1, "uncertain"},
		{"before the claim is settled", "save", 2, "uncertain"},
		{"after the claim is settled", "saved", 2, "sent"},
		{"before the fact", "append email.sent", 1, "sent"},
		{"before the mark", "mark email.sent", 1, "sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, bundling(), func(r *rig) {
				ids := r.planBundle()
				r.setFault(dieAt(c.act, c.n))
				p := r.start()
				time.Sleep(90 * time.Second)
				p.stop()
				r.setFault(nil)
				r.start()
				time.Sleep(3 * day)
				if d := cmp.Diff(map[string]string{"a": c.want, "b": "bundled"}, r.outcomes()); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
				for _, f := range r.facts(events.TypeEmailSent, events.TypeEmailUncertain) {
					if b := f.Data.(events.Fact).Body(); !slices.Equal(b.Bundles, ids[1:2]) || !b.Sunset {
						t.Errorf("a fact without all that it meant: %+v", b)
					}
				}
				if n := len(r.sink.Mails()); n > 1 {
					t.Errorf("%d emails", n)
				}
			})
		})
	}
}

// What is taken over falls due while the email that has it is with the relay.
func TestWhatIsTakenOverWaitsForTheEmailThatHasIt(t *testing.T) {
	for name, c := range map[string]struct {
		reply string
		want  map[string]string
		mails int
	}{
		"accepted":             {"", map[string]string{"a": "sent", "b": "bundled"}, 1},
		"refused for good":     {"554 5.6.0 bad content", map[string]string{"a": "rejected_by_server", "b": "sent"}, 1},
		"refused for a while":  {"451 4.3.0 later", map[string]string{"a": "sent", "b": "bundled"}, 1},
		"no answer at the end": {homingtest.CutAfter, map[string]string{"a": "uncertain", "b": "bundled"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := bundling()
			w.steps[0].Sunset = false
			bubble(t, w, func(r *rig) {
				r.known("ann")
				r.touch("ann", "reorder", "a", time.Minute, &touch.Snapshot{Items: []events.Item{item("p-a", 700)}})
				r.touch("ann", "reorder", "b", 2*time.Minute, &touch.Snapshot{Items: []events.Item{item("p-b", 700)}})
				first := true
				r.sink.Answer = func(command, _ string) string {
					if command != "." || !first {
						return ""
					}
					first = false
					time.Sleep(4 * time.Minute)
					return c.reply
				}
				r.start()
				time.Sleep(day)
				if name == "refused for a while" && first {
					t.Error("the relay was not asked")
				}
				got := r.outcomes()
				if name == "refused for a while" && got["b"] == "sent" { // whichever came first took the other over
					got = map[string]string{"a": got["b"], "b": got["a"]}
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
				if n := len(r.sink.Mails()); n != c.mails {
					t.Errorf("%d emails, want %d", n, c.mails)
				}
			})
		})
	}
}

func TestWhatATemplateIsTold(t *testing.T) {
	total := events.Money{Minor: 1400, Currency: "GBP"}
	two := []events.Item{item("tea", 700), item("cup", 900)}
	ids := func(items []render.Item) (out []string) {
		for _, it := range items {
			out = append(out, it.ProductID)
		}
		return out
	}
	for name, c := range map[string]struct {
		snapshot touch.Snapshot
		wording  workers.Wording
		check    func(t *testing.T, d render.Data)
	}{
		"an order as it was": {touch.Snapshot{Order: "1001", Items: two, More: 2, Total: total}, workers.Wording{}, func(t *testing.T, d render.Data) {
			if d.Order == nil || d.Order.ID != "1001" || d.Order.Total != total || d.Order.More != 2 || d.Cart != nil {
				t.Errorf("%+v %+v", d.Order, d.Cart)
			}
		}},
		"a part of an order, of which no total is known": {touch.Snapshot{Order: "1001", Items: two, Total: total}, workers.Wording{Items: two[:1], More: 0}, func(t *testing.T, d render.Data) {
			if d.Order.Total != (events.Money{}) || !slices.Equal(ids(d.Products.Items), []string{"tea"}) || !slices.Equal(ids(d.Order.Items), []string{"tea"}) {
				t.Errorf("%+v %+v", d.Order, d.Products)
			}
		}},
		"a cart as it was": {touch.Snapshot{Cart: "c1", URL: "https://shop.example/c1", Items: two, Total: total}, workers.Wording{}, func(t *testing.T, d render.Data) {
			if d.Order != nil || d.Products != nil || d.Cart.Total != total || d.Cart.URL != "https://shop.example/c1" || len(d.Cart.Items) != 2 {
				t.Errorf("%+v", d.Cart)
			}
		}},
		"a cart that changed": {touch.Snapshot{Cart: "c1", Items: two, Total: total}, workers.Wording{Items: []events.Item{{ProductID: "tea", Quantity: 3, Price: two[0].Price}}}, func(t *testing.T, d render.Data) {
			if d.Cart.Total.Minor != 2100 || d.Cart.Total.Currency != "GBP" {
				t.Errorf("%+v", d.Cart)
			}
		}},
		"a cart that changed, with a price that is not known": {touch.Snapshot{Cart: "c1", Items: two, Total: total}, workers.Wording{Items: []events.Item{two[0], {ProductID: "cup"}}}, func(t *testing.T, d render.Data) {
			if d.Cart.Total != (events.Money{}) {
				t.Errorf("%+v", d.Cart)
			}
		}},
		"a cart of which lines are left out": {touch.Snapshot{Cart: "c1", Items: two, Total: total}, workers.Wording{Items: two, More: 1}, func(t *testing.T, d render.Data) {
			if d.Cart.Total != (events.Money{}) || d.Cart.More != 1 {
				t.Errorf("%+v", d.Cart)
			}
		}},
		"nothing": {touch.Snapshot{}, workers.Wording{Variant: "first"}, func(t *testing.T, d render.Data) {
			if d.Order != nil || d.Cart != nil || d.Products != nil || d.Offer != nil || d.Variant != "first" {
				t.Errorf("%+v", d)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &series{compose: func(touch.Touch, workers.Input) workers.Wording { return c.wording }}
			bubble(t, w, func(r *rig) {
				r.known("ann")
				r.start()
				r.touch("ann", "offer", "l1", time.Minute, &c.snapshot)
				time.Sleep(time.Hour)
				c.check(t, r.last())
				if d := r.last(); !d.Marketing || d.UnsubscribeURL == "" || d.Answers != nil {
					t.Errorf("marketing without a way out, or answers where nothing was asked: %+v", d)
				}
			})
		})
	}
}

// Orders that share a thank-you cost what they cost together.
func TestTheTotalOfOrdersThatShareAnEmail(t *testing.T) {
	w := bundling()
	w.compose = func(t touch.Touch, in workers.Input) workers.Wording {
		v := workers.Wording{Items: slices.Clone(t.Snapshot.Items)}
		for _, u := range in.Gathered {
			v.Items, v.Also, v.Bundles = append(v.Items, u.Snapshot.Items...), append(v.Also, u.Snapshot.Order), append(v.Bundles, u.ID())
		}
		return v
	}
	bubble(t, w, func(r *rig) {
		r.known("ann")
		for i, o := range []string{"a", "b"} {
			r.touch("ann", "reorder", o, time.Duration(i+1)*time.Hour, &touch.Snapshot{Order: "100" + o,
				Items: []events.Item{item("p-"+o, 700)}, Total: events.Money{Minor: 1000, Currency: "GBP"}})
		}
		r.start()
		time.Sleep(3 * time.Hour)
		d := r.last()
		if d.Order.ID != "100a" || !slices.Equal(d.Also, []string{"100b"}) || d.Order.Total.Minor != 2000 || len(d.Order.Items) != 2 {
			t.Errorf("%+v, and %v", d.Order, d.Also)
		}
	})
}

func TestTheLastEmailAsksWhy(t *testing.T) {
	w := offering(offer.Terms{Percent: 20, Valid: 3 * day, Kind: offer.Static, Value: "LASTCALL20"})
	w.steps = []touch.Step{{Name: "last-call", Template: "win-back/last-call", Class: touch.Marketing, Expires: 14 * day, Sunset: true}}
	bubble(t, w, func(r *rig) {
		r.known("ann")
		r.start()
		r.touch("ann", "last-call", "l1", time.Minute, nil)
		time.Sleep(time.Hour)
		var got []string
		for _, a := range r.last().Answers {
			got = append(got, a.Code+" "+a.URL)
		}
		want := []string{}
		for _, code := range []string{"not-needed", "too-expensive", "bad-experience", "elsewhere", "other"} {
			want = append(want, code+" https://mail.shop.example/why_left/"+code)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("answers (-want +got):\n%s", d)
		}
		r.touch("ann", "last-call", "l2", time.Minute, nil)
		time.Sleep(time.Hour)
		r.happened("ann", &events.CustomerAnswered{Customer: events.Customer{ID: "ann"}, Question: "why_left", Answer: "other"})
		r.touch("ann", "last-call", "l3", time.Minute, nil)
		time.Sleep(time.Hour)
		if d := cmp.Diff(map[string]string{"l1": "sent", "l2": "sunset", "l3": "sent"}, r.outcomes()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}
