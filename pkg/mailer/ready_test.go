package mailer

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// During a pause one email is told that it may try, and the others wait for it; not for
// long, if it does not come.
func TestOneEmailIsToldThatItMayTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := true
		f := &fake{answer: func(_ int, verb string) string {
			if verb == "MAIL" && full {
				return "450 4.7.1 too much"
			}
			return ""
		}}
		r := f.relay(t, nil)
		ready := func(rcpt string, want bool) {
			t.Helper()
			err := r.Ready(rcpt, false)
			if (err == nil) != want || err != nil && !errors.Is(err, ErrRelayDown) {
				t.Errorf("%s may try: %v, want %v", rcpt, err, want)
			}
		}
		for range 3 { // outside a pause anybody may
			ready("a@customer.example", true)
			ready("b@customer.example", true)
		}
		if _, err := to(t, r, "a@customer.example", false); err != nil {
			t.Fatal(err)
		}
		ready("a@customer.example", false)
		time.Sleep(2 * time.Second)
		ready("a@customer.example", true)
		ready("b@customer.example", false)
		ready("a@customer.example", true)
		if _, err := to(t, r, "b@customer.example", false); !errors.Is(err, ErrRelayDown) {
			t.Errorf("another goes first: %v", err)
		}
		time.Sleep(keeps)
		ready("b@customer.example", true)
		full = false
		if out, err := to(t, r, "b@customer.example", false); err != nil || out.State != Accepted {
			t.Errorf("%+v, %v", out, err)
		}
		ready("a@customer.example", true)
		ready("b@customer.example", true)
		_ = r.Close()
	})
}
