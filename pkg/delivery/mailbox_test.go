package delivery_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/touch"
)

// bounced says that email to an address came back, to whichever customer it was.
func (r *rig) bounced(email string) {
	r.t.Helper()
	r.happenedTo(r.ids.AddressKey("main", r.ids.Address("main", email)), &events.AddressBounced{})
}

// A touch tells what the address was when it was planned, so that what is known
// about it is read with the customer. What counts is the address as it is now.
func TestTheCurrentAddressCounts(t *testing.T) {
	for _, c := range []struct {
		name, told, bounced, want string
	}{
		{"the old one bounced", "ann@example.com", "ann@example.com", "sent"},
		{"the new one bounced", "ann@example.com", "new@example.com", "bounced"},
		{"nobody told, and it bounced", "", "new@example.com", "bounced"},
		{"nobody told", "", "other@example.com", "sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				r.known("ann")
				later := time.Now().Add(time.Minute).UTC()
				due := touch.Touch{Worker: worker, Step: "offer", Customer: r.key("ann"), Occasion: "a", Due: later, Wake: later}
				if c.told != "" {
					due.Address = r.ids.Address("main", c.told)
				}
				r.put(due)
				r.happened("ann", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "new@example.com"}})
				r.bounced(c.bounced)
				r.start()
				time.Sleep(time.Hour)
				if d := cmp.Diff(map[string]string{"a": c.want}, r.outcomes()); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
			})
		})
	}
}

// Another customer of the same address has their email come back after the gate
// let this one pass, and before it is claimed.
func TestAnAddressThatIsSuppressedBeforeTheClaimGetsNoEmail(t *testing.T) {
	for _, lost := range []bool{false, true} { // the answer to the claim
		bubble(t, &series{}, func(r *rig) {
			r.known("ann")
			r.touch("ann", "offer", "a", time.Minute, nil)
			told := false
			r.fault = func(op string) error {
				switch {
				case op == "save" && !told:
					told = true
					r.bounced("ann@example.com")
				case op == "saved" && lost:
					lost = false
					return errFault
				}
				return nil
			}
			r.start()
			time.Sleep(time.Hour)
			if d := cmp.Diff(map[string]string{"a": "bounced"}, r.outcomes()); d != "" {
				t.Errorf("outcomes (-want +got):\n%s", d)
			}
			if n := len(r.sink.Mails()); n != 0 || !told {
				t.Errorf("%d emails were sent, told: %v", n, told)
			}
		})
	}
}
