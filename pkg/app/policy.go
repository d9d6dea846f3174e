package app

import (
	"fmt"
	"time"

	"homing/pkg/config"
	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/touch"
)

// storePolicy is what a store's configuration says to the gate, whichever worker
// asks. a.identity may be nil where nothing is judged.
func (a *App) storePolicy(c config.Store, zone *time.Location) gate.Policy {
	p := gate.Policy{
		Consent: c.Consent.Policy, Recipients: a.o.Config.RecipientsAllow, PerDay: c.Pacing.PerDay, Zone: zone,
		Holdout: gate.Holdout{Share: a.o.Config.Holdout.Fraction(), Number: a.identity.Draw},
	}
	for _, w := range c.Pacing.Frequency {
		p.Frequency = append(p.Frequency, gate.Window{Limit: w.Limit, Length: w.Window})
	}
	return p
}

// setOwnPacing lays over a store's policy what the worker has of its own.
func (s *shop) setOwnPacing() error {
	p, q := s.config.Pacing, &s.policy.Quiet
	q.From, q.To, q.Spread = s.settings.QuietHours.Over(p.QuietHours.From, p.QuietHours.To, p.QuietHours.Spread)
	days := p.SendDays
	if len(s.settings.SendDays) > 0 {
		days = s.settings.SendDays
	}
	q.Days = nil
	for _, d := range days {
		q.Days = append(q.Days, time.Weekday(d))
	}
	s.policy.Holdout.Worker = float64(s.settings.Holdout)
	return s.checkSendsAt()
}

// punctual is a worker whose mail leaves at a time of day, and is too late on
// the next.
type punctual interface {
	SendsAt() (at localtime.Clock, onlyThatDay bool)
}

// checkSendsAt finds a time of day at which no mail would ever leave.
func (s *shop) checkSendsAt() error {
	w, ok := s.worker.(punctual)
	if !ok || s.settings.Class != touch.Marketing {
		return nil
	}
	q := s.policy.Quiet
	if at, only := w.SendsAt(); only && q.Holds(at) {
		return fmt.Errorf("send_at: %s is within the quiet hours from %s to %s, and when they end the day may be over; "+
			"choose another time, or give the worker quiet_hours of its own", at, q.From, q.To)
	}
	return nil
}
