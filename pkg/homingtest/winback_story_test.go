package homingtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

// quickReturns is an episode of 30 hours, so that the smaller offer runs out before the bigger one, without caps and quiet hours.
const quickReturns = `
pacing: {frequency: [], look_ahead: 0s, quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {status: "off"}
  review-request: {status: "off"}
  replenishment: {status: "off"}
  win-back:
    steps:
      - {template: win-back/miss-you, after: 0s, expires: 1h}
      - {template: win-back/offer, after: 2h, expires: 1h, offer: {percent: 10, valid: 1h, code: static, value: MISSYOU10}}
      - {template: win-back/last-call, after: 30h, expires: 1h, offer: {percent: 20, valid: 3d, code: static, value: LASTCALL20}}
`

func (m *mall) lapses(after time.Duration, name string) {
	m.at(after, &events.CustomerLapsed{Customer: shopper(name)})
}

// A day on which customers are missed.
func TestCustomersWhoStayAway(t *testing.T) {
	const h, m = time.Hour, time.Minute
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &mall{w: homingtest.New(t, dir, quickReturns)}
		hal := 0
		s.w.Sink.Answer = func(command, to string) string {
			if command == "." && to == "hal@example.com" {
				if hal++; hal == 2 {
					return "554 5.6.0 not this one"
				}
			}
			return ""
		}
		s.w.Start()
		s.opened = time.Now().UTC().Truncate(time.Millisecond)
		for _, name := range []string{"ann", "bob", "cid", "eli", "fay", "hal"} {
			s.orders(-4800*h, name, "", "tea")
		}
		s.orders(0, "cid", "", "pot") // at the instant of the lapse
		present := events.Order{ID: "ivy-1", Items: goods("ring"), Total: pounds(1)}
		s.at(-4800*h, &events.OrderPlaced{Customer: events.Customer{ID: "ivy", Email: "friend@example.com"}, Order: present})
		s.at(-4799*h, &events.CustomerUpdated{Customer: shopper("ivy")})
		time.Sleep(time.Second)
		for _, name := range []string{"ann", "bob", "cid", "eli", "fay", "gus", "hal", "ivy"} {
			s.lapses(0, name)
		}
		s.until(20 * m)
		s.orders(-240*h, "eli", "", "pot") // came in late
		s.until(30 * m)
		s.lapses(30*m, "eli") // of another last order; the absence is the same
		s.until(h)
		s.lapses(h, "bob") // told again, and nothing moves
		s.at(h, &events.CustomerUnsubscribed{Customer: events.Customer{ID: "fay"}, Scope: "win-back"})
		s.until(3 * h)
		s.orders(3*h, "bob", "", "pot")
		s.until(32 * h)
		s.lapses(32*h, "ann") // asleep
		s.until(34 * h)

		want := map[string][]string{
			"ann": {"miss-you 0h00 sent", "offer 2h00 sent", "last-call 30h00 sent"},
			"bob": {"miss-you 0h00 sent", "offer 2h00 sent", "last-call 30h00 purchased"},
			"eli": {"miss-you 0h00 sent", "miss-you 0h30 bundled", "offer 2h00 purchased", "offer 2h00 sent", "last-call 30h00 purchased", "last-call 30h00 sent"},
			"fay": {"miss-you 0h00 sent", "offer 2h00 unsubscribed", "last-call 30h00 unsubscribed"},
			"gus": {"miss-you 0h00 sent", "offer 2h00 sent", "last-call 30h00 sent"},
			"hal": {"miss-you 0h00 sent", "offer 2h00 rejected_by_server", "last-call 30h00 sent"},
			"ivy": {"miss-you 0h00 sent", "offer 2h00 sent", "last-call 30h00 sent"},
		}
		if d := diff.Diff(want, s.lapsed()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		showsLastOrder(t, s)
		for name, offers := range map[string][]string{
			"ann": {"", "MISSYOU10", "LASTCALL20"}, "gus": {"", "MISSYOU10", "LASTCALL20"}, "hal": {"", "MISSYOU10"},
		} {
			mails := s.mails(t, name)
			if len(mails) != len(offers) {
				t.Errorf("%s got %d emails", name, len(mails))
				continue
			}
			for i, code := range offers {
				if got := offered(mails[i]); got != code {
					t.Errorf("email %d to %s offers %q, want %q", i+1, name, got, code)
				}
			}
			for i, mail := range mails {
				if asks := strings.Contains(mail, homingtest.PublicURL+"/a/"); asks != (i == len(mails)-1) {
					t.Errorf("email %d of %d to %s: asks why they left: %v\n%s", i+1, len(mails), name, asks, mail)
				}
			}
		}
	})
}

// What the first two emails of an absence show, of the last order that went to the account's own address.
func showsLastOrder(t *testing.T, s *mall) {
	t.Helper()
	for name, want := range map[string][]string{"ann": {"tea", "tea"}, "eli": {"tea", "pot"}, "gus": {"", ""}, "ivy": {"", ""}} {
		for i, mail := range s.mails(t, name)[:2] {
			_, list, shown := strings.Cut(mail, "What you chose last time")
			if shown != (want[i] != "") || !strings.Contains(list, want[i]) {
				t.Errorf("email %d to %s: want %q as the last order, got\n%s", i+1, name, want[i], mail)
			}
		}
	}
}

// offered returns which of the two codes an email shows.
func offered(mail string) string {
	var out []string
	for _, code := range []string{"MISSYOU10", "LASTCALL20"} {
		if strings.Contains(mail, code) {
			out = append(out, code)
		}
	}
	return strings.Join(out, " ")
}

// lapsed lists what became of win-back's touches by customer.
func (m *mall) lapsed() map[string][]string {
	names := map[string]string{}
	for _, mail := range m.w.Sink.Mails() {
		names[mail.MessageID], _, _ = strings.Cut(mail.To, "@")
	}
	tokens := map[string]string{}
	for _, f := range m.w.Facts() {
		if b := f.Data.(events.Fact).Body(); names[b.MessageID] != "" {
			tokens[b.Customer] = names[b.MessageID]
		}
	}
	out := map[string][]string{}
	for _, f := range m.w.Facts() {
		b := f.Data.(events.Fact).Body()
		if b.Worker != "win-back" || f.Type == events.TypeEmailHeld {
			continue
		}
		name := tokens[b.Customer]
		out[name] = append(out[name], fmt.Sprintf("%s %s %s", b.Step, clockTime(f.Time.Sub(m.opened)), b.Reason))
	}
	return sorted(out)
}
