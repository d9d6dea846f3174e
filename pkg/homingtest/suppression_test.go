package homingtest_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// An address that bounced or complained gets no more email, whichever of the
// store's ids has it, even after Redis lost everything, until who has it explicitly
// asks for email, under any of them; and its entries do not say which address it is.
func TestAnAddressIsSuppressedForEverybodyWhoHasIt(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Sink.Answer = func(command, arg string) string {
			if command == "RCPT" && arg == "gone@example.com" {
				return "550 5.1.1 no such user"
			}
			return ""
		}
		w.Start("intake", "thank-you")
		n := 0
		// ordered says what became of a new customer's order.
		ordered := func(address string, consent *events.Consent) string {
			n++
			o := homingtest.Order(fmt.Sprint("c", n), fmt.Sprint(1000+n))
			o.Customer.Email, o.Customer.Consent = address, consent
			w.Publish("main", o)
			time.Sleep(time.Hour)
			all := outcomes(w)
			return all[len(all)-1]
		}
		expect := func(what, got, want string) {
			if got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		expect("the first to an address that is no more", ordered("gone@example.com", nil), "bounced")
		asked := len(w.Sink.Mails())
		expect("another customer with it", ordered("Gone@example.com", nil), "bounced")

		soft := false
		w.Publish("main", &events.AddressBounced{Email: "full@example.com", Permanent: &soft})
		w.Publish("main", &events.AddressBounced{Email: "late@example.com"})
		w.Publish("main", &events.AddressComplained{Email: "Angry@example.com"})
		time.Sleep(time.Minute)
		expect("a mailbox that was full", ordered("full@example.com", nil), "sent")
		expect("a bounce that was reported later", ordered("late@example.com", nil), "bounced")
		expect("a complaint", ordered("angry@example.com", nil), "complained")
		expect("others", ordered("calm@example.com", nil), "sent")

		w.Stop()
		w.Redis.Mini().FlushAll()
		w.Start("intake", "thank-you")
		expect("a complaint, after a rebuild", ordered("angry@example.com", nil), "complained")
		expect("a bounce of our own, after a rebuild", ordered("gone@example.com", nil), "bounced")
		now := time.Now().UTC()
		expect("a snapshot that says yes", ordered("angry@example.com", &events.Consent{Email: events.Subscribed}), "complained")
		expect("an explicit yes", ordered("angry@example.com", &events.Consent{Email: events.Subscribed, At: &now}), "sent")
		expect("another id of theirs", ordered("angry@example.com", nil), "sent")

		if got := len(w.Sink.Mails()) - asked; got != 4 {
			t.Errorf("%d emails", got)
		}
		types := []events.Type{events.TypeAddressBounced, events.TypeAddressComplained}
		for _, e := range w.Timeline() {
			if d, ok := e.Data.(events.AddressData); ok && (*d.Mailed() != "" || !slices.Contains(types, e.Type)) {
				t.Errorf("the timeline holds %+v", d)
			}
		}
	})
}
