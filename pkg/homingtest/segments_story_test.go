package homingtest_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
	"homing/pkg/statistics"
	"homing/pkg/timeline"
)

const forRegulars = `
pacing: {frequency: [], look_ahead: 0s, quiet_hours: {from: "00:00", to: "00:00"}}
audiences: [regulars]
segments:
  regulars: 'orders >= 2 and bought("tea", 365)'
workers:
  thank-you: {after: 1h, segments: [regulars]}
  review-request: {status: "off"}
  replenishment: {status: "off"}
  win-back:
    not_segments: [active]
    steps:
      - {template: win-back/offer, after: 0s, expires: 1h, offer: {percent: 10, valid: 1h, code: static, value: MISSYOU10, segments: [at_risk]}}
`

// Emails, and offers, for the customers of some segments only; and programs are told who comes.
func TestEmailsForASegment(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &mall{w: homingtest.New(t, dir, forRegulars)}
		s.w.Start()
		s.opened = time.Now().UTC().Truncate(time.Millisecond)
		s.orders(0, "ann", "", "tea")
		s.orders(time.Minute, "ann", "", "pot")
		s.w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.Subscribed}}})
		s.orders(0, "bob", "", "tea")
		for i, name := range []string{"cid", "dan", "eva", "fay", "gus"} {
			s.orders(-time.Duration(i+1)*240*time.Hour, name, "", "pot")
		}
		s.until(36 * time.Hour)
		want := map[string][]string{"ann": {"thanks 1h00 sent", "thanks 1h01 sent"}, "bob": {"thanks 1h00 not_in_segment"}}
		got := s.became("thank-you")
		if d := diff.Diff(want, map[string][]string{"ann": got["ann"], "bob": got["bob"]}); d != "" {
			t.Errorf("thanks (-want +got):\n%s", d)
		}

		var came []string
		for _, e := range s.w.Timeline() {
			if d, ok := e.Data.(*events.AudienceEntered); ok {
				came = append(came, d.Audience+" "+d.Customer.ID+" "+e.Time.Format("Mon 15:04"))
			}
		}
		if d := diff.Diff([]string{"regulars ann Sat 05:07"}, came); d != "" {
			t.Errorf("who came (-want +got):\n%s", d)
		}

		ctx := context.Background()
		known := statistics.New(statistics.Options{JS: s.w.JS, Stores: []string{"main"}, Timeline: timeline.New(s.w.JS), Now: time.Now, Log: zap.NewNop()})
		if err := known.Update(ctx, "main"); err != nil {
			t.Fatal(err)
		}
		counts := known.Of("main").Segmented()
		if counts.Buyers != 7 || counts.Counts["regulars"] != 1 || counts.Counts["champion"] != 1 || counts.Counts["new"] != 2 || counts.Counts["lost"] != 1 {
			t.Errorf("%d ordered; %v", counts.Buyers, counts.Counts)
		}
		all, err := s.w.Installation().Segments(ctx, "main", "bob@example.com")
		if err != nil || len(all) != 1 || all[0].Customer != "bob" || !all[0].Computed.Equal(counts.At) {
			t.Fatalf("%v, %+v", err, all)
		}
		for _, m := range all[0].All {
			if m.Member != (m.Segment == "new") {
				t.Errorf("bob in %s: %v, as %s", m.Segment, m.Member, m)
			}
			if m.Segment == "regulars" && m.String() != `orders is 1, bought("tea", 365) is yes` {
				t.Error(m)
			}
		}

		for _, name := range []string{"eva", "fay", "gus"} {
			s.lapses(36*time.Hour, name)
		}
		s.until(38 * time.Hour)
		want = map[string][]string{"eva": {"offer 36h00 not_in_segment"}, "fay": {"offer 36h00 sent"}, "gus": {"offer 36h00 sent"}}
		if d := diff.Diff(want, s.became("win-back")); d != "" {
			t.Errorf("win-back (-want +got):\n%s", d)
		}
		for name, code := range map[string]string{"fay": "MISSYOU10", "gus": ""} {
			if mails := s.mails(t, name); len(mails) != 1 || offered(mails[0]) != code {
				t.Errorf("%s should be offered %q: %q", name, code, mails)
			}
		}
	})
}

// While the segments cannot be read, their workers' emails wait: nobody is taken to be in
// one, or not to be.
func TestEmailsForASegmentWaitWhileItCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := homingtest.New(t, dir, strings.Replace(forRegulars, "after: 1h, segments: [regulars]", "after: 0s, segments: [new]", 1))
		w.Start("intake")
		w.Stop()
		object := "$O." + bus.ProductsBucket + ".M." + base64.URLEncoding.EncodeToString([]byte("main"))
		objects, err := w.JS.Stream(ctx, "OBJ_"+bus.ProductsBucket)
		if err == nil {
			_, err = w.JS.Publish(ctx, object, []byte("not what it should be"))
		}
		if err != nil {
			t.Fatal(err)
		}
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.AfterFunc(20*time.Second, func() {
			if n := len(w.Sink.Mails()) + len(w.Facts()); n != 0 {
				t.Errorf("%d emails or facts before anybody knew", n)
			}
			if err := objects.Purge(ctx, jetstream.WithPurgeSubject(object)); err != nil {
				t.Error(err)
			}
		})
		w.Start()
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != 1 {
			t.Errorf("%d emails, want 1", n)
		}
	})
}
