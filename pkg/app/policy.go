package app

import (
	"fmt"
	"time"

	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/touch"
)

// storePolicy is what a store's configuration says to the gate, whichever worker
// asks. identity may be nil where nothing is judged.
func storePolicy(all *config.Config, c config.Store, zone *time.Location, identity *customer.Identity) gate.Policy {
	return gate.Policy{Installation: all.Installation, Sections: c.Sections, Pacing: c.Pacing.Pacing, Zone: zone, Draw: identity.Draw}
}

// checkSendsAt finds a time of day at which no mail would ever leave.
func checkSendsAt(w *programme.Worker) error {
	q := w.Policy.QuietHours
	if w.SendsAt != nil && w.Settings.Class == touch.Marketing && q.Holds(*w.SendsAt) {
		return fmt.Errorf("send_at: %s is within the quiet hours from %s to %s, and when they end the day may be over; "+
			"choose another time, or give the worker quiet_hours of its own", w.SendsAt, q.From, q.To)
	}
	return nil
}
