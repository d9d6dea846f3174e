package homingtest_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/returnpath"
)

// Every email of a store with smtp.return_path has an envelope sender of its own, and
// it leads to the touch among the customer's claims and to the address that the email
// went to: not to the one that the customer has by the time a bounce comes.
func TestABounceCouldTellWhichEmailCameBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, strings.Replace(plain, "%FREQUENCY%", uncapped, 1)+
			"  review-request: {after_order: 5h, reminder_after: 0s, merge_within: 0s}\nsmtp: {return_path: \"bounces+*@shop.example\"}\n")
		var mu sync.Mutex
		var senders []string
		w.Sink.Answer = func(command, arg string) string {
			mu.Lock()
			defer mu.Unlock()
			if command == "MAIL" {
				senders = append(senders, arg)
			}
			return ""
		}
		w.Start()
		w.Publish("main", &events.CustomerCreated{Customer: by("corp", "alice@corp.example")})
		time.Sleep(time.Minute)
		w.Publish("main", bought(by("corp", "bob@corp.example"), "o-2", "pens"))
		time.Sleep(time.Hour)
		w.Publish("main", bought(by("corp", ""), "o-3", "tea"))
		time.Sleep(7 * time.Hour)

		mails := w.Sink.Mails()
		touches := map[string]events.FactBody{} // by message id
		for _, f := range w.Facts() {
			if f.Type == events.TypeEmailSent {
				b := *f.Data.(events.Fact).Body()
				touches[b.MessageID] = b
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(mails) != 4 || len(senders) != 4 || len(touches) != 4 {
			t.Fatalf("%d emails, senders %v, facts %v; want 4", len(mails), senders, touches)
		}
		returns, err := returnpath.New(w.Config.Secret.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range mails {
			sent := touches[m.MessageID]
			got, err := returns.Read(strings.ToUpper(senders[i]), []string{"other", "main"})
			if err != nil || got.Customer != w.Identity().Key("main", "corp") || got.Address != w.Identity().Address("main", m.To) || !got.Is(customer.ClaimKey(sent.Touch)) {
				t.Errorf("to %s: %s is read as %+v, %v; want touch %s", m.To, senders[i], got, err, sent.Touch)
			}
			if !strings.Contains(m.Raw, "<hello@shop.example>\r\n") || strings.Contains(m.Raw, "bounces+") {
				t.Errorf("the headers have something to do with the return path:\n%.600s", m.Raw)
			}
		}
	})
}
