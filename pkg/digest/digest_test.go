package digest_test

import (
	"bytes"
	"fmt"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/digest"
	"homing/pkg/lift"
	"homing/pkg/numbers"
	"homing/pkg/render"
)

// night is half past four on a Monday in London, when the clocks were put back a while ago.
var night = time.Date(2026, 11, 30, 4, 30, 0, 0, time.UTC)

// shop is a year in which nothing happens but chance.
func shop() *numbers.Snapshot {
	r := rand.New(rand.NewPCG(1, 2))
	s := &numbers.Snapshot{At: night, Zone: "Europe/London", Customers: numbers.Counts{All: 5000, Buyers: 3000, Year: 1204, YearRepeat: 278}}
	for i := 364; i > 0; i-- {
		orders := 25 + r.IntN(11)
		s.Days = append(s.Days, numbers.Day{
			Date: night.AddDate(0, 0, -i).Format(time.DateOnly), Orders: orders, First: orders / 3,
			Revenue: numbers.Money{"GBP": int64(orders)*3800 + int64(r.IntN(20000)), "EUR": int64(orders) * 400},
			Workers: map[string]*numbers.Worker{"thank-you": {Sent: orders}, "cart-recovery": {Sent: 100 + r.IntN(20)}, "review-request": {Sent: 12 + r.IntN(3)}},
			Dropped: map[string]int{"no_consent": 4 + r.IntN(3), "holdout": r.IntN(30)},
		})
	}
	return s
}

// lately changes the days of the last week.
func lately(s *numbers.Snapshot, change func(*numbers.Day)) {
	for i := len(s.Days) - 7; i < len(s.Days); i++ {
		change(&s.Days[i])
	}
}

func london(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func of(t *testing.T, s *numbers.Snapshot, rejected ...int) (*render.Digest, []digest.Picture) {
	t.Helper()
	a := digest.About{Store: "main", Zone: london(t), Locale: "en-GB", Currency: "GBP", Numbers: s, Now: night.Add(3*time.Hour + 30*time.Minute)}
	copy(a.Rejected[:], rejected)
	d, pictures, err := digest.Of(a)
	if err != nil {
		t.Fatal(err)
	}
	return d, pictures
}

func kinds(d *render.Digest) (out []string) {
	for _, f := range d.Findings {
		out = append(out, strings.TrimSuffix(f.Kind+" "+f.Name, " "))
	}
	return out
}

func TestAWeekIsComparedWithTheFourBefore(t *testing.T) {
	d, _ := of(t, shop())
	if got := d.From.Format(time.DateOnly) + " " + d.To.Format(time.DateOnly); got != "2026-11-23 2026-11-29" {
		t.Errorf("the week is %s", got)
	}
	for _, f := range d.Figures {
		switch now, usual := f.Count, f.Before; {
		case !f.Known:
			t.Errorf("%s: not known, with a year of days", f.Kind)
		case f.Kind == "revenue":
			if f.Amount.Currency != f.Usual.Currency || f.Amount.Minor*3 < f.Usual.Minor*2 || f.Amount.Minor*2 > f.Usual.Minor*3 {
				t.Errorf("revenue %v, usually %v", f.Amount, f.Usual)
			}
		case now*3 < usual*2 || now*2 > usual*3 || now == 0:
			t.Errorf("%s: %d, usually %d", f.Kind, now, usual)
		}
	}
}

// Of two currencies there are two amounts, and a chart is of one.
func TestMoneyOfSeveralCurrenciesIsNeverAddedUp(t *testing.T) {
	s := shop()
	d, _ := of(t, s)
	want := map[string]int64{}
	lately(s, func(x *numbers.Day) {
		for currency, minor := range x.Revenue {
			want[currency] += minor
		}
	})
	got := map[string]int64{}
	for _, f := range d.Figures {
		if f.Kind == "revenue" {
			got[f.Amount.Currency] = f.Amount.Minor
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("revenue (-want +got):\n%s", diff)
	}
	if c := d.Charts[0]; c.Kind != "revenue" || c.Amount.Currency != c.Peak.Currency || c.Amount.Minor != want[c.Amount.Currency] {
		t.Errorf("the chart: %+v", c)
	}
}

func TestTheThreeThatMatterMostAreTold(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   func(*numbers.Snapshot)
		rejected []int
		want     []string
	}{
		{"nothing but chance", func(*numbers.Snapshot) {}, nil, []string{"repeat"}},
		{"a few rejected events, as the week before", func(*numbers.Snapshot) {}, []int{3, 4}, []string{"repeat"}},
		{"a worker stopped", func(s *numbers.Snapshot) {
			lately(s, func(d *numbers.Day) { delete(d.Workers, "review-request") })
		}, nil, []string{"fell review-request", "repeat"}},
		{"a reason came up", func(s *numbers.Snapshot) {
			lately(s, func(d *numbers.Day) { d.Dropped["rejected_by_server"] = 6 })
		}, nil, []string{"refused rejected_by_server", "repeat"}},
		{"what somebody decided is no trouble", func(s *numbers.Snapshot) {
			lately(s, func(d *numbers.Day) { d.Dropped["holdout"] = 600 })
		}, nil, []string{"repeat"}},
		{"all of it at once", func(s *numbers.Snapshot) {
			lately(s, func(d *numbers.Day) {
				d.Orders, d.Workers, d.Dropped = 5, map[string]*numbers.Worker{}, map[string]int{"bounced": 50}
			})
		}, []int{40, 0}, []string{"rejected", "fell cart-recovery", "fell thank-you"}},
		{"many orders", func(s *numbers.Snapshot) {
			lately(s, func(d *numbers.Day) { d.Orders *= 2 })
		}, nil, []string{"orders_rose", "repeat"}},
		{"days before the upgrade have no reasons", func(s *numbers.Snapshot) {
			lately(s, func(d *numbers.Day) { d.Dropped["rejected_by_server"] = 6 })
			s.Days[len(s.Days)-30].Dropped = nil
		}, nil, []string{"repeat"}},
		{"too few days", func(s *numbers.Snapshot) { s.Days = s.Days[len(s.Days)-16:] }, nil, []string{"repeat", "early"}},
		{"too few customers and days", func(s *numbers.Snapshot) { s.Days, s.Customers = nil, numbers.Counts{} }, nil, []string{"early"}},
	} {
		s := shop()
		c.change(s)
		d, _ := of(t, s, c.rejected...)
		if c.name == "all of it at once" { // which of the workers comes first is not the point
			for i := range d.Findings[1:] {
				if d.Findings[i+1].Kind != "fell" {
					t.Errorf("%s: %v", c.name, kinds(d))
				}
			}
			c.want = kinds(d)
		}
		if diff := cmp.Diff(c.want, kinds(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// arms are a trial in which so many of 1,000 ordered.
func trial(worker string, emailed, held int64) numbers.Trial {
	return numbers.Trial{Worker: worker, Window: 30, Since: night.AddDate(0, -6, 0),
		Emailed: lift.Arm{People: 20_000, Ordered: 20 * emailed}, Control: lift.Arm{People: 20_000, Ordered: 20 * held}}
}

func TestLiftIsSaidOnlyOnceItCanBe(t *testing.T) {
	for _, c := range []struct {
		name  string
		trial numbers.Trial
		looks []lift.Interval
		want  render.Finding
	}{
		{"it can be said since this week", trial("", 120, 80), []lift.Interval{{Low: -.001, High: .09}}, render.Finding{Kind: "lift_more", New: true}},
		{"it could be said before", trial("", 120, 80), []lift.Interval{{Low: .001, High: .09}}, render.Finding{Kind: "lift_more"}},
		{"they order less", trial("win-back", 80, 120), []lift.Interval{{Low: -.09, High: .001}}, render.Finding{Kind: "lift_less", Name: "win-back", New: true}},
		{"too early", trial("win-back", 101, 100), nil, render.Finding{Kind: "lift_early", Name: "win-back"}},
		{"nobody yet", numbers.Trial{Window: 30, Since: night}, nil, render.Finding{Kind: "lift_early"}},
	} {
		s := shop()
		s.Customers = numbers.Counts{}
		for i, in := range c.looks {
			c.trial.Looks = append(c.trial.Looks, numbers.Look{Date: night.AddDate(0, 0, i-9).Format(time.DateOnly), Is: .04, In: in})
		}
		s.Trials = []numbers.Trial{c.trial}
		d, _ := of(t, s)
		if len(d.Findings) != 1 {
			t.Errorf("%s: %v", c.name, kinds(d))
			continue
		}
		got := d.Findings[0]
		if (got.Kind == "lift_more" && (got.Low <= 0 || got.Difference != 40 || got.Share != 120)) || got.Days != 30 || got.Since.IsZero() {
			t.Errorf("%s: %+v", c.name, got)
		}
		if diff := cmp.Diff(c.want, render.Finding{Kind: got.Kind, Name: got.Name, New: got.New}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestBeforeTheFirstNightItSaysSo(t *testing.T) {
	d, pictures := of(t, nil)
	if len(d.Figures) > 0 || len(pictures) > 0 || !d.At.IsZero() || kinds(d)[0] != "early" {
		t.Errorf("%+v", d)
	}
}

// A charts's picture is a part of the email of some kilobytes, twice as wide as it is shown.
// With DIGEST_PICTURES they are written to a folder, to be looked at.
func TestChartsAreSmallSharpPictures(t *testing.T) {
	s := shop()
	x := trial("", 120, 80)
	for i := range 150 {
		w := .12 / (1 + float64(i)/20)
		x.Looks = append(x.Looks, numbers.Look{Date: night.AddDate(0, 0, i-150).Format(time.DateOnly), Is: .04 + w/9, In: lift.Interval{Low: .04 - w, High: .04 + w}})
	}
	s.Trials = []numbers.Trial{x}
	d, pictures := of(t, s)
	if len(d.Charts) != 3 || len(pictures) != 3 {
		t.Fatalf("%d charts, %d pictures", len(d.Charts), len(pictures))
	}
	for i, p := range pictures {
		if d.Charts[i].ID != p.ID {
			t.Errorf("chart %d shows %s and its picture is %s", i, d.Charts[i].ID, p.ID)
		}
		drawn, err := png.Decode(bytes.NewReader(p.PNG))
		if err != nil {
			t.Fatal(err)
		}
		if drawn.Bounds().Dx() != 2*d.Charts[i].Width || len(p.PNG) > 60<<10 {
			t.Errorf("%s is %v and %d bytes", p.ID, drawn.Bounds(), len(p.PNG))
		}
		if r, g, b, a := drawn.At(1, 1).RGBA(); r&g&b&a != 0xffff {
			t.Errorf("%s has no ground of its own: dark mode would show words on black", p.ID)
		}
		if dir := os.Getenv("DIGEST_PICTURES"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".png")), p.PNG, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAShopThatTakesNoMoneySeesItsOrders(t *testing.T) {
	s := shop()
	for i := range s.Days {
		s.Days[i].Revenue = nil
	}
	d, _ := of(t, s)
	if d.Charts[0].Kind != "orders" || d.Charts[0].Amount != (events.Money{}) {
		t.Errorf("%+v", d.Charts[0])
	}
}
