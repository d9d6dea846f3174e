package homingtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// A worker goes by a channel instead of by email, with the words of its template, and the
// other workers by email. The caps count both, and each has its own no.
func TestAWorkerGoesByAChannel(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "whsec")
	if err := os.WriteFile(secret, []byte(homingtest.EndpointSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, `
channels: {sms: {url: "`+homingtest.EndpointURL+`", secret_file: "`+secret+`", fields: [first_name]}}
pacing: {frequency: [{limit: 1, window: 2d}]}
workers:
  thank-you: {channel: sms}
  review-request: {after_order: 1d, reminder_after: 0s}
`)
		e := homingtest.NewEndpoint(t)
		w.ChannelDial = e.Dial
		w.Start("intake", "thank-you", "review-request")
		time.Sleep(9 * time.Hour) // no quiet hours
		for _, id := range []string{"ann", "bob"} {
			o := homingtest.Order(id, id)
			o.Customer.Locale = "de"
			w.Publish("main", o)
			time.Sleep(time.Minute)
		}
		w.Publish("main", &events.CustomerUnsubscribed{Customer: events.Customer{ID: "bob"}, Scope: "channel-sms"})
		time.Sleep(2 * 24 * time.Hour)
		got := e.Received()
		if len(got) != 1 {
			t.Fatalf("%d requests", len(got))
		}
		who, _ := got[0].Data["customer"].(map[string]any)
		text, _ := got[0].Data["text"].(string)
		if len(who) != 2 || who["id"] != "ann" || who["first_name"] != "Ann" || got[0].Data["language"] != "de" || !strings.Contains(text, "Deine Bestellung Nr. ann") {
			t.Errorf("%v", got[0].Data)
		}
		want := map[string]string{
			"thank-you.ann":      "webhook.sent sent",
			"thank-you.bob":      "webhook.dropped unsubscribed",
			"review-request.ann": "email.held frequency_cap", // the message by the channel took the place
			"review-request.bob": "email.sent sent",
		}
		for _, f := range w.Facts() {
			b := f.Data.(events.Fact).Body()
			key := b.Worker + "." + b.Occasion
			if is := string(f.Type) + " " + b.Reason; is != want[key] {
				t.Errorf("%s: %s, want %s", key, is, want[key])
			}
			delete(want, key)
		}
		if len(want) > 0 {
			t.Errorf("nothing of %v", want)
		}
	})
}
