package rehearsal_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/programme"
	"homing/pkg/rehearsal"
)

// tiny is a shop that a test has time for.
func tiny() rehearsal.Synthetic {
	s := rehearsal.SyntheticShop(1)
	s.Orders, s.Lines, s.Customers, s.Products, s.Days = 300, 1500, 60, 60, 240
	return s
}

// told is all that a rehearsal tells, as JSON.
func told(t *testing.T, r *rehearsal.Rehearsal) string {
	t.Helper()
	result, err := r.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report := result.Report()
	if report.Stories, err = result.Stories(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestTheSameHistoryGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	one := told(t, rehearsed(t, tiny(), 1))
	for _, cores := range []int{2, 7} {
		if other := told(t, rehearsed(t, tiny(), cores)); other != one {
			t.Errorf("with %d cores something else is told:\n%s", cores, firstDifference(one, other))
		}
	}
	if !strings.Contains(one, `"emails": `) || strings.Contains(one, `"emails": 0,`+"\n"+` "marketing"`) {
		t.Errorf("nothing was sent:\n%.600s", one)
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return "- " + x[i] + "\n+ " + y[i]
		}
	}
	return "one is longer"
}

// What happens later changes nothing of what was before: statistics of a night rest on what
// had happened by then.
func TestWhatComesLaterChangesNothingBefore(t *testing.T) {
	t.Parallel()
	shop := tiny()
	half := shop.From.AddDate(0, 0, shop.Days/2)
	reasons := map[string]int{}
	outcomes := func(keep func(e *events.Event) bool) []string {
		c, err := config.Parse("test", []byte(segmented), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := rehearsal.New(rehearsal.Options{Config: c, Secret: "a secret that only tests use, 32+ bytes"})
		if err != nil {
			t.Fatal(err)
		}
		err = shop.Each(func(e events.Event) error {
			if !keep(&e) {
				return nil
			}
			body, err := events.Encode(e)
			if err != nil {
				return err
			}
			return r.Add("main", e.Type, body)
		})
		if err != nil {
			t.Fatal(err)
		}
		result, err := r.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, o := range result.Outcomes {
			if o.At.Before(half) {
				reasons[o.Worker+" "+o.Reason]++
				out = append(out, o.At.Format(time.RFC3339Nano)+" "+o.Touch()+" "+o.Action+" "+o.Reason+" "+o.Detail)
			}
		}
		return out
	}
	n := 0
	all := outcomes(func(*events.Event) bool { return true })
	altered := outcomes(func(e *events.Event) bool {
		if n++; !e.Time.Before(half) {
			if d, ok := e.Data.(*events.OrderPlaced); ok {
				d.Order.Items[0].Quantity += 40 // and every third event never happens
			}
			return n%3 != 0
		}
		return true
	})
	if strings.Join(all, "\n") != strings.Join(altered, "\n") {
		t.Errorf("%d outcomes, then %d:\n%s", len(all), len(altered), firstDifference(strings.Join(all, "\n"), strings.Join(altered, "\n")))
	}
	if len(all) < 50 {
		t.Errorf("only %d outcomes in the first half", len(all))
	}
	for _, some := range []string{"thank-you sent", "thank-you not_in_segment", "replenishment not_in_segment", "review-request sent", "review-request not_in_segment"} {
		if reasons[some] == 0 {
			t.Errorf("no %s among %v", some, reasons)
		}
	}
}

// segmented is a store whose workers are for some segments.
const segmented = `
http: {public_url: "https://mail.shop.example"}
segments: {vip: 'group in ["champion", "loyal"] and m >= 2', worthy: 'clv in ["high", "mid"] or churn == "low"'}
stores: {main: {name: Shop, url: "https://shop.example", from: hello@shop.example, postal_address: 1 High Street, time_zone: Europe/London, currency: GBP}}
workers:
  thank-you: {segments: [vip, new]}
  review-request: {not_segments: [vip]}
  replenishment: {segments: [worthy]}
`

func TestWhatHomingSaidItselfIsLeftOut(t *testing.T) {
	t.Parallel()
	c := config.Example()
	r, err := rehearsal.New(rehearsal.Options{Config: &c})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Add("main", events.TypeEmailSent, []byte(`{}`)); err != nil {
		t.Errorf("a fact: %v", err)
	}
	lapsed := events.Event{ID: "l", Source: "/homing/calendar", Type: events.TypeCustomerLapsed, Store: "main", Time: time.Now().UTC(),
		Data: &events.CustomerLapsed{Customer: events.Customer{ID: "ann"}}}
	body, err := events.Encode(lapsed)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Add("main", lapsed.Type, body); err != nil {
		t.Errorf("what the calendar said: %v", err)
	}
	if r.Len() != 0 || r.Own != 2 {
		t.Errorf("%d events, %d left out; want none and 2", r.Len(), r.Own)
	}
}

// What goes by a channel has the facts of a channel, as it has live, and is told so.
func TestWhatGoesByAChannelHasItsFacts(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("whsec_"+base64.StdEncoding.EncodeToString([]byte("a secret that only tests use"))+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("test", []byte(segmented+`  win-back: {channel: letters}
channels: {sms: {url: "http+insecure://127.0.0.1:8090/", secret_file: "`+secret+`"}, letters: {url: "http+insecure://127.0.0.1:8091/", secret_file: "`+secret+`", consent: email}}
`), nil, programme.WorkerNames())
	if err != nil {
		t.Fatal(err)
	}
	r, err := rehearsal.New(rehearsal.Options{Config: c, Secret: "a secret that only tests use, 32+ bytes"})
	if err != nil {
		t.Fatal(err)
	}
	err = tiny().Each(func(e events.Event) error {
		body, err := events.Encode(e)
		if err != nil {
			return err
		}
		return r.Add("main", e.Type, body)
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := r.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]int{}
	for _, o := range result.Outcomes {
		by[o.Entity+" "+o.Channel]++
		if (o.Worker == "win-back") != (o.Entity == "webhook") || (o.Channel == "letters") != (o.Entity == "webhook") {
			t.Fatalf("%+v", o)
		}
	}
	if len(by) != 2 || by["webhook letters"] == 0 || by["email "] == 0 {
		t.Errorf("%v", by)
	}
	if _, err := result.Stories(t.Context(), 10); err != nil {
		t.Error(err)
	}
}
