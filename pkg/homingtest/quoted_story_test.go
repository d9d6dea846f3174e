package homingtest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/statistics"
)

// quotedCarts has the second email about a cart at once, which quotes a review.
const quotedCarts = `
pacing: {frequency: [], look_ahead: 0s, quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {status: "off"}
  review-request: {status: "off"}
  replenishment: {status: "off"}
  win-back: {status: "off"}
  cart-recovery:
    idle: 0s
    steps:
      - {template: cart-recovery/second, after: 1h}
`

// What Bea said of the tea is shown to Ann, who left some in her cart, and to nobody once
// Bea was erased: after the next night her words are nowhere.
func TestAReviewIsQuotedUntilItsAuthorIsErased(t *testing.T) {
	const h = time.Hour
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &mall{w: homingtest.New(t, dir, quotedCarts)}
		s.w.Start()
		s.opened = time.Now().UTC().Truncate(time.Millisecond)
		bea := shopper("bea")
		bea.FirstName, bea.LastName = "Bea", "Archer"
		s.at(-99*h, &events.OrderPlaced{Customer: bea, Order: events.Order{ID: "bea-1", Items: goods("tea"), Total: pounds(1)}})
		s.at(-48*h, &events.ReviewSubmitted{Customer: bea, Review: events.Review{ProductID: "tea", Rating: 5, Text: "Tastes of the first morning in spring.", QuoteConsent: true}})
		time.Sleep(time.Minute)
		if err := statistics.Ask(t.Context(), s.w.JS.Conn(), "main"); err != nil {
			t.Fatal(err)
		}
		s.leaves(time.Minute, "ann", "pot tea")
		s.leaves(time.Minute, "bea", "tea")
		s.until(2 * h)
		if mails := s.mails(t, "ann"); len(mails) != 1 || !strings.Contains(strings.ReplaceAll(mails[0], "\r\n", "\n"), "“Tastes of the first morning in spring.”\n★★★★★ Bea, about The tea\n") {
			t.Errorf("Ann got %q", mails)
		}
		if mails := s.mails(t, "bea"); len(mails) != 1 || strings.Contains(mails[0], "spring") {
			t.Errorf("Bea got %q", mails)
		}
		s.at(3*h, &events.CustomerErased{Customer: events.Customer{ID: "bea", Email: "bea@example.com"}})
		s.until(28 * h)
		s.leaves(28*h, "cid", "tea")
		s.until(30 * h)
		if mails := s.mails(t, "cid"); len(mails) != 1 || strings.Contains(mails[0], "spring") {
			t.Errorf("Cid got %q", mails)
		}
		for _, m := range mentions(t, s.w, "first morning in spring") {
			if !strings.HasPrefix(m, "MAILS ") { // the copy of what Ann was shown
				t.Error(m)
			}
		}
	})
}
