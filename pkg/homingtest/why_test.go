package homingtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/control"
	"homing/pkg/homingtest"
	"homing/pkg/installation"
	"homing/pkg/programme"
	"homing/pkg/why"
)

const sequenceIs = `"sequence": `

var update = flag.Bool("update", false, "write the golden files again")

const oneMailInSixteenHours = `
pacing: {frequency: [{limit: 1, window: 16h}, {limit: 3, window: 7d}], look_ahead: 0s, quiet_hours: {from: "00:00", to: "00:00"}}
`

// golden compares what was said with what is in testdata. Places on a timeline of several
// partitions count as sequences of their own.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = sequence.ReplaceAllFunc(got, func(said []byte) []byte {
		position, err := strconv.ParseUint(string(said[len(sequenceIs):]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if n := bus.Partitions(homingtest.Partitions()); n.Count() > 1 {
			_, position = n.Place(position)
		}
		return fmt.Append([]byte(sequenceIs), position)
	})
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got; -update writes it again):\n%s", path, d)
	}
}

// seconds are left out, even where they are part of an id: how soon the server
// fires a schedule is up to it.
var (
	seconds = regexp.MustCompile(`(T\d\d:\d\d):\d\d(\.\d+)?Z`)
	untilID = regexp.MustCompile(`\.held-\d+`)

	sequence = regexp.MustCompile(sequenceIs + `\d+`)
	// ofFiles is the version of the templates, which is another one after each change of a word.
	ofFiles = regexp.MustCompile(`\bfiles-[0-9a-f]{8}\b`)
)

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	text := untilID.ReplaceAll(seconds.ReplaceAll(b.Bytes(), []byte("${1}:00Z")), []byte(".held-"))
	return ofFiles.ReplaceAll(text, []byte("files-"))
}

// ask returns the story of a customer as it is told to people and to programs.
func ask(t *testing.T, l *installation.Installation, who string) (r why.Report, text, doc []byte) {
	t.Helper()
	r, err := l.Why(t.Context(), "main", who, installation.WhyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := why.Text(&b, r); err != nil {
		t.Fatal(err)
	}
	return r, b.Bytes(), asJSON(t, r)
}

// A morning of Ann's: a cart that she buys, and one that she leaves.
func morning(w *homingtest.World) {
	at := func(hour, minute int) {
		time.Sleep(time.Until(time.Date(2000, 1, 1, hour, minute, 0, 0, time.UTC)))
	}
	who := events.Customer{ID: "ann", Email: "ann@example.com", FirstName: "Ann", TimeZone: "Europe/Berlin"}
	cart := func(id, product string) events.Cart {
		return events.Cart{ID: id, URL: "https://shop.example/cart/" + id, Items: []events.Item{{ProductID: product, Quantity: 2}}}
	}
	at(8, 0)
	told := time.Now().UTC()
	known := who
	known.Consent = &events.Consent{Email: events.Subscribed, At: &told}
	w.Publish("main", &events.CustomerCreated{Customer: known})
	at(9, 0)
	w.Publish("main", &events.CartAbandoned{Customer: who, Cart: cart("k1", "tea-1")})
	at(9, 10)
	order := homingtest.Order("ann", "10042")
	order.Customer, order.Order.CartID = who, "k1"
	e := events.Event{ID: "order-10042", Source: "/test", Type: order.Type(), Store: "main", Time: time.Now().UTC(), Data: order}
	w.PublishEvent(e)
	at(9, 11)
	w.PublishEvent(e) // a copy
	at(11, 0)
	w.Publish("main", &events.CartAbandoned{Customer: who, Cart: cart("k2", "pot-1")})
	at(13, 0)
}

func TestWhyTellsTheStoryOfACustomer(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, oneMailInSixteenHours)
		w.Start()
		morning(w)
		l := w.Installation()
		r, text, doc := ask(t, l, "ann")
		golden(t, "why.txt", ofFiles.ReplaceAll(text, []byte("files-")))
		golden(t, "why.json", doc)
		all, err := l.Why(t.Context(), "main", r.Token, installation.WhyOptions{All: true})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(doc), string(asJSON(t, all))); d != "" {
			t.Errorf("read by the bucket's subject, and found by the token, it is another (-latest +all):\n%s", d)
		}
		short, err := l.Why(t.Context(), "main", "ann", installation.WhyOptions{Limit: 2, Since: time.Now().Add(-4 * time.Hour)})
		if err != nil || len(short.Story) != 2 || short.Hidden+2 != len(r.Story) {
			t.Errorf("%d lines and %d hidden of %d: %v", len(short.Story), short.Hidden, len(r.Story), err)
		}
		// What was said would happen, happens.
		time.Sleep(14 * time.Hour)
		after, _, _ := ask(t, l, "ann")
		last := after.Story[len(after.Story)-1]
		if last.Type != events.TypeEmailSent || last.Step != "reminder" {
			t.Errorf("then %+v", last)
		}
		if _, err := l.Why(t.Context(), "main", "nobody", installation.WhyOptions{}); !errors.Is(err, installation.ErrUnknown) {
			t.Errorf("about nobody: %v", err)
		}
	})
}

func TestWhyShowsOnlyThatACustomerWasErased(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, oneMailInSixteenHours)
		w.Start()
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(2 * time.Hour)
		w.Publish("main", &events.CustomerErased{Customer: events.Customer{ID: "ann"}})
		time.Sleep(time.Hour)
		l := w.Installation()
		_, text, doc := ask(t, l, "ann")
		golden(t, "why-erased.txt", text)
		golden(t, "why-erased.json", doc)
		w.Publish("main", homingtest.Order("ann", "1002")) // comes back
		time.Sleep(time.Minute)
		r, text, _ := ask(t, l, "ann")
		if len(r.Story) != 1 || !strings.Contains(string(text), "ordered 1002") || !strings.Contains(string(text), "nothing from before") {
			t.Errorf("after the customer came back:\n%s", text)
		}
	})
}

func TestExportGivesEverythingThereIs(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, oneMailInSixteenHours)
		w.Start()
		morning(w)
		held, err := w.Installation().Export(t.Context(), "main", "ann")
		if err != nil {
			t.Fatal(err)
		}
		for i := range held.Copies { // they are told apart from what the relay got elsewhere
			c := &held.Copies[i]
			if !strings.HasPrefix(c.HTML, "<!") || !strings.Contains(c.Text, "Ann") {
				t.Errorf("a copy says\n%s\n%s", c.HTML, c.Text)
			}
			c.HTML, c.Text = "(HTML)", "(text)"
		}
		golden(t, "export.json", asJSON(t, held))
	})
}

func TestPendingIsCountedByWorkerAndDay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, oneMailInSixteenHours)
		w.Start()
		morning(w)
		got, err := w.Installation().PendingByDay(t.Context(), 4, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]installation.DayCounts{}
		for _, c := range got {
			counts[c.Worker] = c
		}
		// Two carts' second and last emails, and a first that is held until the next day.
		want := map[string]installation.DayCounts{
			"cart-recovery":  {Store: "main", Worker: "cart-recovery", Days: []int{0, 3, 0, 2}}, // the reminder is held until the next day
			"review-request": {Store: "main", Worker: "review-request", Days: []int{0, 0, 0, 0}, Later: 2},
		}
		for _, name := range programme.WorkerNames() { // nothing of the others
			if want[name].Worker == "" {
				want[name] = installation.DayCounts{Store: "main", Worker: name, Days: []int{0, 0, 0, 0}}
			}
		}
		if d := cmp.Diff(want, counts); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

// A worker is paused, which is on the timeline, while no process marks it in Redis.
func TestReplanGoesOnAfterAPauseWhileNobodyWorks(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(time.Hour)
		w.Stop()
		if _, err := pauses(w).Pause(t.Context(), control.Hold{Worker: "win-back", Reason: control.Paused}); err != nil {
			t.Fatal(err)
		}
		l := w.Installation()
		done, err := l.Replan(t.Context(), "thank-you", []string{"main"}, time.Now().Add(-24*time.Hour), func(installation.Replanned) {})
		if err != nil || len(done) != 1 || done[0].Events != 1 {
			t.Errorf("%+v, %v", done, err)
		}
	})
}

// A worker is switched on after the fact: replan finds what it missed, and does
// not repeat what was sent.
func TestReplanPlansWhatAWorkerMissed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, oneMailInSixteenHours+"workers: {review-request: {status: \"off\"}}\n")
		w.Start()
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(24 * time.Hour)
		w.Stop()
		w.Config = homingtest.Config(t, oneMailInSixteenHours)
		w.Config.HTTP.Listen = ""
		w.Start()
		l := w.Installation()
		r, _, _ := ask(t, l, "ann")
		for _, s := range r.Silent {
			if s.Worker == "review-request" && s.Reason != "unplanned" {
				t.Errorf("before: %+v", s)
			}
		}
		since := time.Now().Add(-7 * 24 * time.Hour)
		for _, worker := range []string{"review-request", "thank-you"} {
			done, err := l.Replan(t.Context(), worker, []string{"main"}, since, func(installation.Replanned) {})
			if err != nil {
				t.Fatal(err)
			}
			if want := map[string]int{"review-request": 2}[worker]; len(done) != 1 || done[0].Events != 1 || done[0].Mails != want {
				t.Errorf("%s: %+v, want %d emails of one event", worker, done, want)
			}
		}
		r, _, _ = ask(t, l, "ann")
		var steps []string
		for _, x := range r.Pending {
			steps = append(steps, x.Step+" "+x.Then.Action)
		}
		if d := cmp.Diff([]string{"ask send", "reminder send"}, steps); d != "" {
			t.Errorf("after (-want +got):\n%s", d)
		}
		if n := len(w.Sink.Mails()); n != 1 {
			t.Errorf("%d emails, want the thanks, once", n)
		}
	})
}
