package app

import (
	"fmt"
	"time"

	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/pkg/touch"
)

// storePolicy is what a store's configuration says to the gate, whichever worker
// asks. identity may be nil where nothing is judged.
func storePolicy(all *config.Config, c config.Store, zone *time.Location, identity *customer.Identity) gate.Policy {
	p := gate.Policy{
		Consent: c.Consent.Policy, Recipients: all.RecipientsAllow, PerDay: c.Pacing.PerDay, Zone: zone,
		Holdout: gate.Holdout{Share: all.Holdout.Fraction(), Number: identity.Draw},
	}
	for _, w := range c.Pacing.Frequency {
		p.Frequency = append(p.Frequency, gate.Window{Limit: w.Limit, Length: w.Window})
	}
	return p
}

// setOwnPacing lays over a store's policy what the worker has of its own.
func setOwnPacing(w *programme.Worker, p config.Pacing) error {
	q := &w.Policy.Quiet
	q.From, q.To, q.Spread = w.Settings.QuietHours.Over(p.QuietHours.From, p.QuietHours.To, p.QuietHours.Spread)
	days := p.SendDays
	if len(w.Settings.SendDays) > 0 {
		days = w.Settings.SendDays
	}
	q.Days = nil
	for _, d := range days {
		q.Days = append(q.Days, time.Weekday(d))
	}
	w.Policy.Holdout.Worker = float64(w.Settings.Holdout)
	return checkSendsAt(w)
}

// punctual is a worker whose mail leaves at a time of day, and is too late on
// the next.
type punctual interface {
	SendsAt() (at localtime.Clock, onlyThatDay bool)
}

// checkSendsAt finds a time of day at which no mail would ever leave.
func checkSendsAt(w *programme.Worker) error {
	of, ok := w.Worker.(punctual)
	if !ok || w.Settings.Class != touch.Marketing {
		return nil
	}
	q := w.Policy.Quiet
	if at, only := of.SendsAt(); only && q.Holds(at) {
		return fmt.Errorf("send_at: %s is within the quiet hours from %s to %s, and when they end the day may be over; "+
			"choose another time, or give the worker quiet_hours of its own", at, q.From, q.To)
	}
	return nil
}
