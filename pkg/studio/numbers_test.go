package studio_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"homing/events"
	"homing/pkg/attribution"
	"homing/pkg/console"
	"homing/pkg/figures"
	"homing/pkg/lift"
	"homing/pkg/numbers"
	"homing/pkg/render"
	"homing/pkg/studio"
	"homing/templates"
)

// nights has a year of a shop that is made up, and nothing of the second store.
type nights struct{}

func (nights) Refresh(context.Context, string) error { return errors.New("nobody computes here") }

func (nights) Digest(_ context.Context, store string) (figures.Digest, error) {
	d := figures.Digest{Next: time.Date(2026, 12, 7, 8, 0, 0, 0, time.UTC), Shown: func(html string) string { return html + "<!-- with charts -->" }}
	if store == "main" {
		d.To = 2
	}
	d.Data = render.Data{Store: render.Store{ID: store, Name: "Tea & Co"}, Digest: &render.Digest{From: d.Next.AddDate(0, 0, -14), To: d.Next.AddDate(0, 0, -7), At: d.Next.AddDate(0, 0, -7), Findings: []render.Finding{{Kind: "early"}}}}
	return d, nil
}

func (nights) Read(_ context.Context, store string) (*numbers.Snapshot, error) {
	if store != "main" {
		return nil, nil
	}
	r := rand.New(rand.NewPCG(4, 2))
	at := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	s := &numbers.Snapshot{At: at, Zone: "Europe/London", Settled: "2026-10-31", Customers: numbers.Counts{All: 12480, Buyers: 9312, Repeat: 3420, Year: 5210, YearRepeat: 1630},
		Windows: attribution.Windows{AfterSending: 7 * 24 * time.Hour, AfterClick: 30 * 24 * time.Hour, HalfLife: 7 * 24 * time.Hour},
		Between: numbers.Between{Orders: 8123, Mean: 61, Quarter: 24, Median: 43, Third: 88}, Churn: numbers.Churn{Before: 3890, Gone: 1720, Foreseen: 9312, Expected: 6400},
		Worth: []numbers.Worth{{Currency: "CHF", Buyers: 812, Spent: 7213300, Foreseen: 812, Orders: 610, Expected: 3300000}, {Currency: "EUR", Buyers: 8500, Spent: 71213300, Foreseen: 8500, Orders: 7010, Expected: 41000000}}}
	workers := []string{"cart-recovery", "replenishment", "win-back", "birthday", "welcome"}
	for d := at.AddDate(0, -13, 0); d.Before(at); d = d.AddDate(0, 0, 1) {
		day := numbers.Day{Date: d.Format(time.DateOnly), Orders: 30, Revenue: numbers.Money{}, Workers: map[string]*numbers.Worker{}, Asked: map[string]int{"order/csat": 20, "shop/nps": 9}, Reviews: &numbers.Reviews{Asked: 12, Ratings: [6]int{0, 0, 0, 1, 1, 2 + r.IntN(2)}}}
		for i, name := range append(workers, attribution.None) {
			of := map[attribution.Model]numbers.Money{}
			for j, m := range attribution.Models() {
				of[m] = numbers.Money{"EUR": int64(2000*(6-i) + 400*j + r.IntN(9000)), "CHF": int64(r.IntN(3000))}
			}
			day.Workers[name] = &numbers.Worker{Sent: 10 + r.IntN(30), Clicked: r.IntN(9), Orders: r.IntN(7), Revenue: of}
		}
		day.Answers = map[string]*numbers.Answer{"order/csat": {Scale: events.CSAT, Scores: [11]int{1: r.IntN(2), 3: r.IntN(2), 4: 1 + r.IntN(2), 5: 2 + r.IntN(2)}}, "shop/nps": {Scale: events.NPS, Scores: [11]int{3: r.IntN(2), 8: r.IntN(2), 9: r.IntN(2), 10: 1 + r.IntN(2)}}}
		s.Days = append(s.Days, day)
	}
	for i := range 13 {
		month := time.Date(2025, time.Month(11+i), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
		s.Months = append(s.Months, numbers.Month{Month: month, Orders: 700 + 20*i, Buyers: 600 + 15*i, New: 210, Revenue: numbers.Money{"EUR": int64(3300000 + 110000*i + r.IntN(400000)), "CHF": 400000}, Known: numbers.Money{"EUR": int64(640 + 18*i), "CHF": 60}})
		c := numbers.Cohort{Month: month, Customers: 200 + r.IntN(60), Revenue: map[string][]int64{"EUR": {1100000, 200000}}}
		for n := range 13 - i {
			c.Active = append(c.Active, int(float64(c.Customers)*math.Exp(-float64(n)/9)*0.25)+r.IntN(9))
		}
		s.Cohorts = append(s.Cohorts, c)
		s.Offers = append(s.Offers, numbers.OfferMonth{Month: month, Worker: "win-back", Issued: 120, Redeemed: 21, Expired: 80, Cost: numbers.Money{"EUR": 12345}})
	}
	for rec := 1; rec <= 5; rec++ {
		for f := 1; f <= 5; f++ {
			s.RFM = append(s.RFM, numbers.Cell{Recency: rec, Frequency: f, Customers: 40*rec*f + r.IntN(300)})
		}
	}
	all := numbers.Trial{Share: 0.05, Since: at.AddDate(0, -8, 0), Emailed: lift.Arm{People: 9120, Ordered: 2212, Spent: map[string]lift.Sum{"EUR": {Total: 12800000, Squares: 9.4e10}}}, Control: lift.Arm{People: 1480, Ordered: 270, Spent: map[string]lift.Sum{"EUR": {Total: 1702000, Squares: 1.2e10}}}}
	for i := 200; i > 0; i-- {
		half := 0.75 / math.Sqrt(float64(220-i))
		is := 0.06 + 0.1*half*math.Sin(float64(i)/9)
		all.Looks = append(all.Looks, numbers.Look{Date: at.AddDate(0, 0, -i).Format(time.DateOnly), Is: is, In: lift.Interval{Low: is - half, High: is + half}})
	}
	s.Trials = []numbers.Trial{all, {Worker: "win-back", Share: 0.2, Since: at.AddDate(0, -2, 0), Emailed: lift.Arm{People: 310, Ordered: 40}, Control: lift.Arm{People: 71, Ordered: 8}}}
	return s, nil
}

func withNumbers(o *studio.Options, _ *console.Options) {
	o.Sections = []studio.Section{figures.Section(nights{}, []string{"main", "second"}, func() time.Time { return time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC) })}
}

func TestWhetherItPaysIsSeenInABrowser(t *testing.T) {
	d := openedConsole(t, withNumbers)
	b := browse(t)
	b.fine = []string{"401"}
	check := b.axe()
	b.signIn(d, "/numbers", vicsToken)
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		for _, width := range []int64{1280, 375} {
			if testing.Short() && (scheme == "light") != (width == 1280) {
				continue
			}
			b.size(width, 900)
			b.do(chromedp.Navigate(d.URL() + "/numbers"))
			b.waitFor(`document.documentElement.dataset.drawn && document.body.innerText.toLowerCase().includes("emails bring orders")`)
			what := fmt.Sprintf("numbers, %s, %d", scheme, width)
			if n := eval[float64](b, `document.querySelectorAll("figure canvas").length`); n != 5 {
				t.Errorf("%s: %v charts", what, n)
			}
			if empty := eval[string](b, `[...document.querySelectorAll("figure canvas")].filter((c) => !c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v)).map((c) => c.closest("figure").dataset.src).join()`); empty != "" {
				t.Errorf("%s: nothing is drawn of %s", what, empty)
			}
			b.fits(what)
			b.sections(fmt.Sprintf("numbers-%s%d", scheme, width))
		}
	}
	if rows := eval[float64](b, `document.querySelectorAll(".pays tbody tr").length`); rows > 200 {
		t.Errorf("the page has %v rows of tables: long ones have a page of their own", rows)
	}
	b.do(chromedp.Click(`a[href="/numbers/main/attribution?months=12"]`))
	const rows = 12 * 6 * 2 // a hundred of them a page, the latest first
	b.waitFor(`document.querySelectorAll(".pays tbody tr").length === 100`)
	b.do(chromedp.Click(".pieces a"))
	b.waitFor(fmt.Sprintf(`document.querySelectorAll(".pays tbody tr").length === %d`, rows-100))
	b.fits("a table")
	check("a table")
	b.do(chromedp.Click(".back a"))
	b.waitFor(`document.documentElement.dataset.drawn`)
	// Another model is another picture, of the same table.
	b.do(chromedp.Focus(`figure[data-chart="stack"] label:nth-of-type(2) select`))
	was := eval[string](b, `document.querySelector('figure[data-chart="stack"] canvas').toDataURL()`)
	b.do(chromedp.KeyEvent("f")) // the first
	b.waitFor(fmt.Sprintf(`document.querySelector('figure[data-chart="stack"] canvas').toDataURL() !== %q`, was))
	b.do(chromedp.Navigate(d.URL() + "/numbers?store=second"))
	b.waitFor(`document.body.innerText.includes("Nothing is counted yet")`)
	check("nothing yet")
}

// sections takes a picture of each section, if pictures are wanted.
func (b *tab) sections(name string) {
	if os.Getenv("STUDIO_PICTURES") == "" {
		return
	}
	for i, at := range eval[[]float64](b, `[...document.querySelectorAll(".pays, .pays section")].map((e) => e.offsetTop)`) {
		eval[bool](b, fmt.Sprintf(`(document.getElementById("main").scrollTo(0, %v), true)`, at-60))
		eval[bool](b, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
		b.picture(fmt.Sprintf("%s-%02d", name, i))
	}
}

// The next digest is shown to everybody, in the words that are in force.
func TestTheNextDigestIsShown(t *testing.T) {
	d := openedConsole(t, withNumbers, func(o *studio.Options, _ *console.Options) { o.Carried = templates.Files })
	vic := d.signedIn(t, vicsToken)
	_, page := vic.get("/numbers/digest?store=main")
	for _, want := range []string{"The next one leaves on Monday, 7 December, at 08:00 UTC, to 2 people", "Tea &amp; Co"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page)
		}
	}
	frame := regexp.MustCompile(`src="(http[^"]+/view/[^"]+)"`).FindStringSubmatch(page)
	if frame == nil {
		t.Fatalf("no email in %s", page)
	}
	vic.at = ""
	if code, email := vic.get(frame[1]); code != http.StatusOK || !strings.Contains(email, "with charts") {
		t.Errorf("%d %s", code, email)
	}
	vic.at = d.URL()
	if _, page := vic.get("/numbers/digest?store=second"); !strings.Contains(page, "<code>stores.second.digest_to</code> names nobody") {
		t.Errorf("one that nobody gets: %s", page)
	}
}

func TestNumbersAreDownloadedAndCountedAgain(t *testing.T) {
	d := openedConsole(t, withNumbers)
	vic := d.signedIn(t, vicsToken)
	res, err := vic.http.Get(d.URL() + "/numbers/main/attribution.csv?months=3")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); err != nil || res.Header.Get("Content-Disposition") != `attachment; filename="main-attribution.csv"` || len(lines) != 1+3*6*2 || !strings.HasPrefix(lines[1], "2026-09,birthday,") {
		t.Errorf("%v, %s", err, text)
	}
	// What a chart is drawn of, and what a page shows, is the same.
	var drawn []map[string]any
	_, data := vic.get("/numbers/main/attribution.json?months=3")
	_, table := vic.get("/numbers/main/attribution?months=3")
	if err := json.Unmarshal([]byte(data), &drawn); err != nil || len(drawn) != 3*6*2 || strings.Count(table, "<tr>") != 1+len(drawn) {
		t.Fatalf("%v: %d rows are drawn, and a page has %d", err, len(drawn), strings.Count(table, "<tr>")-1)
	}
	read, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range read[1:] {
		for c, name := range read[0] {
			if is := fmt.Sprint(drawn[i][name]); is != row[c] && (row[c] != "" || drawn[i][name] != nil) {
				if a, err := strconv.ParseFloat(row[c], 64); err != nil || a != drawn[i][name] {
					t.Errorf("row %d, %s: %s is drawn, and %s downloaded", i, name, is, row[c])
				}
			}
		}
	}
	for _, gone := range []string{"main/none", "main/none.csv", "main/cohorts.json", "nobody/lift.csv", "second/lift.csv"} {
		res, err := vic.http.Get(d.URL() + "/numbers/" + gone)
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", gone, res.Status)
		}
	}
	for token, want := range map[string]int{vicsToken: http.StatusForbidden, annsToken: http.StatusBadGateway} {
		res, err := d.signedIn(t, token).http.PostForm(d.URL()+"/numbers/refresh", url.Values{"store": {"main"}})
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != want {
			t.Errorf("%s, want %d", res.Status, want)
		}
	}
}
