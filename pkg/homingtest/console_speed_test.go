package homingtest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"homing/events"
	"homing/pkg/announcement"
	"homing/pkg/app"
	"homing/pkg/attribution"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/lift"
	"homing/pkg/numbers"
	"homing/pkg/timeline"
	"homing/pkg/touch"
)

const (
	speedToken = "a-token-of-ann-that-has-32-bytes-or-more"
	// ordersEach is how many entries of a customer are in their record as well. The others are
	// on the timeline alone, which is filled much faster.
	ordersEach = 3
	// paintLimit is how soon a page has something to show.
	paintLimit = 200 * time.Millisecond
)

// Every page of the console answers soon in a store with many customers, what it counts
// included, and a browser paints it soon. How many are many depends on the build tag; see
// `make bench-console`.
func TestTheConsoleIsQuick(t *testing.T) {
	lengthy.Always(t)
	s := newTown(t)
	began := time.Now()
	at := s.openConsole() // first, so that Redis is that of this installation
	s.settle(storyPeople, ordersEach)
	s.clicks(storyEntries - ordersEach)
	s.fill()
	s.count()
	t.Logf("%d customers with %d timeline entries were taken in within %v", storyPeople, storyPeople*storyEntries, time.Since(began).Round(time.Second))
	who := "/customers/main/" + s.key(7).Token
	pages := []string{"/today", "/customers", who, "/workers", "/workers/review-request", "/workers/review-request/pause", "/announcements", "/announcements/main/a-1",
		"/numbers", "/numbers?months=36", "/numbers/main/attribution?months=36", "/numbers/digest", "/emails", "/emails/thank-you/thanks", "/versions", "/versions/draft", "/rejected", "/rejected/main/bad_money?field=order.total", "/system"}
	for _, path := range pages {
		first, whole, size := s.look(at + path)
		if whole > first {
			t.Logf("%-45s answers in %v, and has all that it counts after %v", path, first.Round(time.Millisecond), whole.Round(time.Millisecond))
		}
		var took []time.Duration
		for range 15 {
			d, _, _ := s.look(at + path)
			took = append(took, d)
		}
		slices.Sort(took)
		t.Logf("%-45s first %v, then median %v, slowest %v of %d; %d kB", path, first.Round(time.Millisecond), took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond), len(took), size>>10)
		if median := took[len(took)/2]; median > storyLimit {
			t.Errorf("%s takes %v", path, median)
		}
	}
	s.paint(at, pages)
}

// clicks has each customer click so many times, long ago.
func (s *town) clicks(each int) {
	s.t.Helper()
	tl := timeline.New(s.js)
	var g errgroup.Group
	g.SetLimit(4)
	for n := range each {
		for from := 0; from < storyPeople; from += 1000 {
			g.Go(func() error {
				var out []customer.Entry
				for i := from; i < min(from+1000, storyPeople); i++ {
					d := &events.EmailClicked{EmailVisit: events.EmailVisit{Touch: fmt.Sprintf("review-request.ask.%s.o-%d", s.key(i).Token, n), Worker: "review-request", Step: "ask", Customer: s.key(i).Token}, URL: "https://shop.example/"}
					out = append(out, customer.Entry{Key: s.key(i), Event: events.Event{ID: fmt.Sprint("click-", n), Source: "/homing/gateway", Store: "main", Type: d.Type(), Time: s.now.AddDate(0, 0, -10-n), Data: d}})
				}
				return tl.Append(s.t.Context(), out)
			})
		}
	}
	if err := g.Wait(); err != nil {
		s.t.Fatal(err)
	}
}

// count puts there what a night would have counted of such a store after two years.
func (s *town) count() {
	s.t.Helper()
	n := numbers.Snapshot{Version: 1, Store: "main", At: s.now, Zone: "Europe/London", Settled: s.now.AddDate(0, 0, -30).Format(time.DateOnly), Customers: numbers.Counts{All: storyPeople, Buyers: storyPeople}}
	workers := []string{"cart-recovery", "replenishment", "win-back", "birthday", "welcome", "review-request", "rewards", "referral", "advocacy", "subscription", "announcements", "survey", attribution.None}
	for d := range 800 {
		day := numbers.Day{Date: s.now.AddDate(0, 0, d-800).Format(time.DateOnly), Orders: storyPeople / 300, Revenue: numbers.Money{"EUR": 1, "GBP": 1}, Workers: map[string]*numbers.Worker{}, Dropped: map[string]int{"holdout": 3, "no_consent": 8}}
		for _, name := range workers {
			w := &numbers.Worker{Sent: d, Clicked: d % 7, Orders: d % 9, Revenue: map[attribution.Model]numbers.Money{}}
			for _, m := range attribution.Models() {
				w.Revenue[m] = numbers.Money{"EUR": int64(100 * d), "GBP": int64(90 * d)}
			}
			day.Workers[name] = w
		}
		n.Days = append(n.Days, day)
	}
	for i := range 36 {
		month := s.now.AddDate(0, i-36, 0).Format("2006-01")
		n.Months = append(n.Months, numbers.Month{Month: month, Orders: 100, Buyers: 90, New: 9, Revenue: numbers.Money{"EUR": 1000, "GBP": 900}, Known: numbers.Money{"EUR": 80, "GBP": 20}})
		n.Cohorts = append(n.Cohorts, numbers.Cohort{Month: month, Customers: 300, Active: make([]int, 36-i), Revenue: map[string][]int64{"EUR": make([]int64, 36-i)}})
		for _, name := range workers {
			n.Offers = append(n.Offers, numbers.OfferMonth{Month: month, Worker: name, Issued: 120, Redeemed: 21, Cost: numbers.Money{"EUR": 12345}})
		}
	}
	for _, name := range append(workers[:4:4], numbers.AllMarketing) {
		x := numbers.Trial{Worker: name, Share: 0.05, Window: 30, Since: s.now.AddDate(-2, 0, 0), Emailed: lift.Arm{People: storyPeople, Ordered: storyPeople / 5}, Control: lift.Arm{People: storyPeople / 20, Ordered: storyPeople / 150}}
		for d := range 800 {
			x.Looks = append(x.Looks, numbers.Look{Date: s.now.AddDate(0, 0, d-800).Format(time.DateOnly), Is: 0.01, In: lift.Interval{Low: -0.01, High: 0.03}})
		}
		x.People = bytes.Repeat([]byte{0x91, 0xa2, 0xb3, 0x84, 0x05}, storyPeople) // some bytes for each
		n.Trials = append(n.Trials, x)
	}
	data, err := n.Encode()
	if err == nil {
		_, err = bus.PutObject(s.t.Context(), s.js, bus.ProductsBucket, "main/numbers", data)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("what a night has counted are %d kB", len(data)>>10)
}

// fill adds what pages show besides customers and what is pending: a busy day, what shops
// sent wrong, and announcements, three of them on their way.
func (s *town) fill() {
	s.t.Helper()
	ctx, midnight := s.t.Context(), s.now.Truncate(24*time.Hour)
	var facts []customer.Entry
	for i := range storyPeople / 8 {
		f := events.Email{Customer: s.key(i).Token, Worker: "review-request", Step: "ask", Occasion: fmt.Sprint("day-", i), Class: string(touch.Marketing), Reason: "ok"}
		f.Touch = touch.Touch{Worker: f.Worker, Step: f.Step, Customer: s.key(i), Occasion: f.Occasion}.ID()
		kind := []events.Type{events.TypeEmailSent, events.TypeEmailSent, events.TypeEmailSent, events.TypeEmailHeld, events.TypeEmailDropped}[i%5]
		if kind != events.TypeEmailSent {
			f.Reason = map[events.Type]string{events.TypeEmailHeld: "quiet_hours", events.TypeEmailDropped: "holdout"}[kind]
		}
		at := midnight.Add(time.Duration(i%86400) * s.now.Sub(midnight) / 86400)
		facts = append(facts, customer.Entry{Key: s.key(i), Event: events.Event{ID: f.Touch, Source: "/homing", Store: "main", Type: kind, Time: at, Data: events.NewFact(kind, f)}})
	}
	in := s.intake()
	for batch := range slices.Chunk(facts, 1000) {
		if err := in.Take(ctx, batch); err != nil {
			s.t.Fatal(err)
		}
	}
	for i := range min(6000, 50*storyPeople/10) {
		m := nats.NewMsg("rejected.main." + []string{"bad_money", "unknown_store", "bad_value"}[i%3])
		m.Data = []byte(`{"customer":{"id":"c"},"order":{"id":"1","total":27.8}}`)
		for name, value := range map[string]string{bus.HeaderSubject: "storefront.main.order.placed", bus.HeaderDetail: fmt.Sprintf("order.total: %d is a JSON number", i), bus.HeaderEvent: fmt.Sprint("e-", i)} {
			m.Header.Set(name, value)
		}
		if _, err := s.js.PublishMsgAsync(m); err != nil {
			s.t.Fatal(err)
		}
	}
	<-s.js.PublishAsyncComplete()
	board := announcement.Entries{JS: s.js}
	for i := range 50 {
		a, err := board.Create(ctx, announcement.Definition{ID: fmt.Sprint("a-", i), Store: "main", Template: "announcements/newsletter"}, s.now)
		if err == nil {
			_, err = board.Change(ctx, "main", a.ID, func(a *announcement.Announcement) error {
				a.Planned = s.now
				a.Walk.Counts = announcement.Counts{Customers: storyPeople, Audience: storyPeople, Planned: storyPeople}
				if i > 3 {
					a.Done = s.now
					a.Outcomes = &announcement.Outcomes{Sent: storyPeople}
				}
				return nil
			})
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// openConsole starts a process that serves the console, and one that counts the numbers.
func (s *town) openConsole() (at string) {
	s.t.Helper()
	c := s.config
	port := strconv.Itoa(homingtest.FreePort(s.t))
	at = "http://localhost:" + port
	c.HTTP.Listen, c.HTTP.Gateway, c.Installation.Holdout, c.Templates.Source = "127.0.0.1:0", "127.0.0.1:0", 0.05, config.SourceBucket
	c.Console = config.Console{Listen: "127.0.0.1:" + port, URL: at, MailURL: "http://127.0.0.1:" + port, Proxy: c.Console.Proxy,
		People: config.ConsolePeople{{Name: "Ann", Role: config.RoleEditor, Token: speedToken}}}
	sink := &homingtest.Sink{}
	s.t.Cleanup(sink.Close)
	a, err := app.New(app.Options{Config: c, NATS: []nats.Option{nats.InProcessServer(s.nats.Server.Server())}, Log: zap.NewNop(), RedisEmbedded: true, SMTPDial: sink.Dial, Load: homingtest.Load, Roles: []string{app.RoleConsole, app.RoleCalendar}})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = a.Stop(context.Background()) })
	for end := time.Now().Add(time.Minute); a.Ready() != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal(a.Ready())
		}
	}
	return at
}

func (s *town) ask(method, url, form string) *http.Request {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, bytes.NewBufferString(form))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+speedToken)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// look gets a page, and says how long that took, and how long until it had all that it was
// still counting.
func (s *town) look(url string) (first, whole time.Duration, size int) {
	s.t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		res, err := http.DefaultClient.Do(s.ask(http.MethodGet, url, ""))
		if err != nil {
			s.t.Fatal(err)
		}
		page, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			s.t.Fatalf("%s: %s %v %s", url, res.Status, err, page)
		}
		if whole = time.Since(began); first == 0 {
			first = whole
		}
		switch {
		case res.StatusCode != http.StatusOK:
			s.t.Fatalf("%s: %s", url, res.Status)
		case res.Header.Get("Refresh") == "" && !strings.Contains(string(page), "counting what is planned") && !strings.Contains(string(page), "Counting what is planned"):
			return first, whole, len(page)
		}
		if whole > 5*time.Minute {
			s.t.Fatalf("%s: still not whole", url)
		}
	}
}

// paint has a browser open the pages, and says when it painted something of each.
func (s *town) paint(at string, pages []string) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	if path == "" {
		s.t.Log("there is no chromium here: when pages are painted is not measured")
		return
	}
	alloc, cancel := chromedp.NewExecAllocator(s.t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))...)
	defer cancel()
	ctx, cancel := chromedp.NewContext(alloc)
	defer cancel()
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		if err := chromedp.Do(ctx, actions...); err != nil {
			s.t.Fatal(err)
		}
	}
	do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(at+"/sign-in"), chromedp.Focus("#token"), chromedp.KeyEvent(speedToken+"\r"))
	for n := 0; ; n++ {
		in, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(document.querySelector("nav"))`))
		if err == nil && in {
			break
		} else if n > 500 {
			s.t.Fatal("nobody is let in")
		}
		time.Sleep(20 * time.Millisecond)
	}
	times := func(path string, n int) (median, most time.Duration) {
		var took []float64
		for range n {
			do(chromedp.Navigate(at + path))
			ms, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`new Promise((done) => { const look = () => { const x = performance.getEntriesByName("first-contentful-paint")[0]; x ? done(x.startTime) : requestAnimationFrame(look); }; look(); })`, chromedp.EvalAwaitPromise))
			if err != nil {
				s.t.Fatalf("%s: %v", path, err)
			}
			took = append(took, ms)
		}
		slices.Sort(took)
		ms := func(f float64) time.Duration { return time.Duration(f) * time.Millisecond }
		return ms(took[n/2]), ms(took[n-1])
	}
	// A form asks nobody anything. If it takes long, then others have the machine.
	const form = "/customers"
	times(form, 5) // a browser that was just started takes longer
	for _, path := range pages {
		median, most := times(path, 7)
		s.t.Logf("%-45s is painted after %v, %v at most", path, median, most)
		if storyLimit != paintLimit || median <= paintLimit {
			continue
		}
		if bare, _ := times(form, 7); bare > paintLimit*6/10 {
			s.t.Logf("a form is painted after %v now: this machine is busy, and this is not judged", bare)
			continue
		}
		s.t.Errorf("%s is painted after %v", path, median)
	}
}
