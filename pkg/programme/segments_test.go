package programme_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/segment"
)

const twoStores = `
http: {public_url: "https://mail.shop.example"}
holdout: 50%
segments: {vip: orders > 2}
stores:
  main: {name: Shop, url: "https://shop.example", from: hello@shop.example, postal_address: 1 High Street, currency: GBP}
  outlet:
    {name: Outlet, url: "https://outlet.example", from: hello@outlet.example, postal_address: 1 High Street, currency: GBP, segments: {vip: orders > 9, far: country == "NZ"}}
`

func stores(t *testing.T, more string) (map[string]*programme.Store, error) {
	t.Helper()
	return configured(t, twoStores+more)
}

func configured(t *testing.T, text string) (map[string]*programme.Store, error) {
	t.Helper()
	c, err := config.Parse("test", []byte(text), nil, programme.WorkerNames())
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	ids, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	return programme.Open(c, ids)
}

func TestASegmentThatIsNotThereIsAFault(t *testing.T) {
	for more, want := range map[string]string{
		`workers: {win-back: {segments: [vpi]}}`:                                                              "workers.win-back (store main): segments: there is no segment vpi; did you mean vip?",
		`workers: {win-back: {not_segments: [far]}}`:                                                          "workers.win-back (store main): not_segments: there is no segment far; define it under segments",
		`workers: {win-back: {segments: [vip], not_segments: [lost, vip]}}`:                                   "not_segments: vip is in segments as well, so nobody would get an email",
		`workers: {birthday: {offer: {segments: [champoin], percent: 5, valid: 7d, code: static, value: X}}}`: "offer.segments: there is no segment champoin; did you mean champion?",
	} {
		if _, err := stores(t, more); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", more, err, want)
		}
	}
}

func TestAStoreHasItsOwnSegments(t *testing.T) {
	open, err := stores(t, `workers: {win-back: {segments: [vip]}, birthday: {status: "off", segments: [lost]}}`)
	if err != nil {
		t.Fatal(err)
	}
	main, outlet := open["main"], open["outlet"]
	if got := main.Segments.Expression("vip").String() + ", " + outlet.Segments.Expression("vip").String(); got != "orders > 2, orders > 9" {
		t.Error(got)
	}
	if slices.Contains(main.Segments.Names(), "far") || !slices.Contains(outlet.Segments.Names(), "far") {
		t.Errorf("%v, %v", main.Segments.Names(), outlet.Segments.Names())
	}
	if got := main.InUse(); !slices.Equal(got, []string{"vip"}) || !main.Worker("win-back").Segmented() || main.Worker("birthday").Segmented() || main.Worker("thank-you").Segmented() {
		t.Error(got)
	}
}

func TestWhoIsInASegmentIsAskedOfTheNight(t *testing.T) {
	open, err := stores(t, "")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	who, control := &customer.Customer{}, 0
	customer.Apply(who, events.Event{ID: "1", Type: events.TypeOrderPlaced, Time: now, Data: &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "1"}}})
	p := &programme.Person{Store: open["main"], Customer: who}
	if _, err := p.Memberships(now); !errors.Is(err, segment.ErrUnknown) {
		t.Error(err)
	}
	if _, err := p.Offered([]string{"new"}, now); !errors.Is(err, segment.ErrUnknown) {
		t.Error(err)
	}
	if all, err := p.Offered(nil, now); err != nil || !all {
		t.Error("an offer for everybody is not made: ", err)
	}
	k := product.NewCollector(now, nil)
	k.Segment(open["main"].Segments, open["main"].Knows)
	k.Add(who)
	p.Products = k.Snapshot()
	k.Segments(p.Products)
	if to, err := p.Offered([]string{"lost", "new"}, now); err != nil || !to {
		t.Error(to, err)
	}
	if to, err := p.Offered([]string{"lost"}, now); err != nil || to {
		t.Error(to, err)
	}
	for range 100 { // half are in the control group, whom the gate draws by the same number
		who.ID.Value += "x"
		if open["main"].HeldOut(who) {
			control++
		}
	}
	if control < 25 || control > 75 {
		t.Errorf("%d of 100 are held out", control)
	}
}

// Segments ask for the tier that the ledger of points has: the night's counts, the gate and
// what explains it by the same, and nobody's ledger is looked at for other segments.
func TestSegmentsAskForTheTier(t *testing.T) {
	const tiers = `
workers: {rewards: {status: live, tiers: {by: points, window: rolling, grace: 60d, steps: [{name: Silver, from: "300"}, {name: Gold, from: "800"}]}}}
`
	with := func(segments string) (map[string]*programme.Store, error) {
		t.Helper()
		return configured(t, strings.Replace(twoStores, "{vip: orders > 2}", "{"+segments+"}", 1)+tiers)
	}
	open, err := with(`ranked: 'tier in ["Silver", "Gold"]', rest: 'tier == ""'`)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	k := product.NewCollector(now, nil)
	k.Segment(open["main"].Segments, open["main"].Knows)
	who := map[string]*customer.Customer{}
	for id, minor := range map[string]int64{"ann": 40000, "bob": 100000, "cid": 2000} {
		c := &customer.Customer{}
		d := &events.OrderPlaced{Customer: events.Customer{ID: id}, Order: events.Order{ID: id, Total: events.Money{Minor: minor, Currency: "GBP"}, Items: []events.Item{{ProductID: "tea", Quantity: 1}}}}
		customer.Apply(c, events.Event{ID: id, Type: d.Type(), Time: now.AddDate(0, 0, -30), Data: d})
		k.Add(c)
		who[id] = c
	}
	night := k.Snapshot()
	k.Segments(night)
	if got := night.Segmented().Counts; got["ranked"] != 2 || got["rest"] != 1 {
		t.Errorf("%v", got)
	}
	for id, want := range map[string]string{"ann": "Silver", "bob": "Gold", "cid": ""} {
		m, err := (&programme.Person{Store: open["main"], Customer: who[id], Products: night}).Memberships(now)
		if err != nil {
			t.Fatal(err)
		}
		if m.Has("new"); m.Profile.Tier != "" {
			t.Errorf("%s: the ledger was looked at", id)
		}
		is := m.Membership("ranked")
		if is.Member != (want != "") || is.String() != "tier is "+map[bool]string{true: want, false: "none"}[want != ""] || m.Has("rest") == is.Member || m.Tier() != want {
			t.Errorf("%s: %+v, %q", id, is, m.Tier())
		}
		before, err := (&programme.Person{Store: open["main"], Customer: who[id], Products: night}).Memberships(now.AddDate(0, 0, -20)) // before the points could be used
		if err != nil || before.Tier() != "" {
			t.Errorf("%s: %q, %v", id, before.Tier(), err)
		}
	}
	if _, err := with(`best: 'tier == "Glod"'`); err == nil || !strings.Contains(err.Error(), `segments.best: there is no tier "Glod"; did you mean "Gold"?`) {
		t.Error(err)
	}
}
