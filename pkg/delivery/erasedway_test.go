package delivery_test

import (
	"sync/atomic"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/delivery"
)

// An erasure comes while an email is on its way. Before the claim it stops it; once the
// relay has it, nothing of the customer is written back by recording that.
func TestAnErasureOnTheWay(t *testing.T) {
	gone := &events.CustomerErased{Customer: events.Customer{ID: "ann"}}
	for _, c := range []struct {
		at    string
		mails int
	}{{"save", 0}, {"MAIL", 1}, {".", 1}} {
		t.Run(c.at, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				r.known("ann", "bob")
				if c.at == "save" {
					r.during("save", "ann", gone)
				} else {
					told := false
					r.sink.Answer = func(command, _ string) string {
						if command == c.at && !told {
							told = true
							r.happened("ann", gone)
						}
						return ""
					}
				}
				var copies atomic.Int32
				r.start(func(o *delivery.Options) {
					o.Keep = func(_ customer.Key, _ events.Event, c channel.Copy) {
						if copies.Add(1); c.HTML == "" {
							t.Error("an empty copy")
						}
					}
				})
				r.touch("ann", "offer", "l", time.Minute, nil)
				time.Sleep(time.Hour)
				if n := len(r.sink.Mails()); n != c.mails {
					t.Errorf("%d emails, want %d", n, c.mails)
				}
				if n := copies.Load(); n != 0 {
					t.Errorf("%d copies of an email to somebody who was erased", n)
				}
				if x := r.customer("ann"); x.Erased.At == 0 || x.Email.Value != "" || len(x.Orders) > 0 {
					t.Errorf("after the erasure something is known: %+v", x)
				}
				r.touch("ann", "offer", "l2", time.Minute, nil)
				r.touch("bob", "offer", "l", time.Minute, nil)
				time.Sleep(time.Hour)
				if n := len(r.sink.Mails()); n != c.mails+1 {
					t.Errorf("%d emails after it, want bob's and no other", n-c.mails)
				}
				if n := copies.Load(); n != 1 {
					t.Errorf("%d copies, want one of bob's", n)
				}
			})
		})
	}
}
