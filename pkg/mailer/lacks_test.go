package mailer

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// With 421 a relay closes the connection, no matter whom the email is for: another connection
// takes it.
func TestA421InTheMiddleIsAboutTheConnection(t *testing.T) {
	for mode, ext := range modes {
		for _, verb := range []string{"RCPT", "DATA"} {
			f := &fake{ext: ext}
			f.answer = func(dial int, v string) string {
				if v == verb && dial == 1 {
					return "421 4.3.2 shutting down\r\n" + cut
				}
				return ""
			}
			r := f.relay(t, nil)
			out := sendOne(t, r, nil)
			if mode == "chunking" && verb == "DATA" {
				out.State = Accepted // there is none
			}
			if out.State != Accepted {
				t.Errorf("%s, %s: %+v", mode, verb, out)
			}
			_ = r.Close()
			f.wg.Wait()
			if heard, mails := f.told(); mails != 1 {
				t.Errorf("%s, %s: %d emails: %v", mode, verb, mails, heard)
			}
		}
	}
}

// A relay whose disk is full says so to RCPT, of everybody. That is one pause, and not a
// hold for each email; one mailbox that is full is not the relay.
func TestARelayThatHasNoRoomForAnybody(t *testing.T) {
	for answer, relay := range map[string]bool{
		"452 4.3.1 Insufficient system storage":  true,
		"452 insufficient system storage":        true,
		"421 4.3.2 try again later\r\n" + cut:    true,
		"452 4.2.2 Mailbox full":                 false,
		"452 The recipient's mailbox is too big": false,
		"450 4.2.0 Greylisted":                   false,
	} {
		synctest.Test(t, func(t *testing.T) {
			full := true
			f := &fake{answer: func(_ int, verb string) string {
				if verb == "RCPT" && full {
					return answer
				}
				return ""
			}}
			r := f.relay(t, nil)
			down := 0
			for i := range 50 {
				out, err := to(t, r, fmt.Sprintf("c%d@customer.example", i), false)
				if err != nil || out.Barred {
					down++
				}
			}
			if relay && down != 50-several+1 || !relay && down != 0 {
				t.Errorf("%q: down for %d of 50", strings.TrimSpace(answer), down)
			}
			full = false
			time.Sleep(2 * time.Minute)
			if out, err := to(t, r, "ann@customer.example", false); err != nil || out.State != Accepted {
				t.Errorf("%q: after that %+v, %v", answer, out, err)
			}
			_ = r.Close()
			f.wg.Wait()
		})
	}
}
