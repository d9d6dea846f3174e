package delivery

import (
	"context"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

const (
	// patience is how long a touch waits in flight for its turn: longer waits are for
	// the schedule.
	patience = 3 * time.Second
	// mostAside is how many touches of a worker do so at a time. It is less than the
	// loop has in flight, so that others get by.
	mostAside = 128
	// soonest is for how long a touch is held at least: less is not worth its writes.
	soonest = time.Second
)

// permit is the stage that waits until the message may go out. Where others would
// wait with it, for a domain or a class that has no room now, it steps aside: in
// flight if its turn comes within seconds, on the schedule if not. It comes before
// anything is spent on the message: no code is taken for one that has to wait. And no
// permit is for one that the channel would not try.
func (d *Delivery) permit(ctx context.Context, a *attempt) Decision {
	if a.permitted {
		return Decision{}
	}
	if !d.mayTry(a) {
		return setAside(parked, a.down())
	}
	urgent := a.step.Class == touch.Transactional
	if err := a.route.Channel.Ready(a.to, urgent); err != nil {
		return d.down(ctx, a, err)
	}
	_, domain, _ := strings.Cut(a.to, "@")
	now := d.o.Scale.Now()
	// With too many aside, it takes a turn behind the others again.
	had := a.letPass || a.touch.Wake.After(a.touch.Due) && !d.memory.crowded()
	again, why, err := a.route.Rate.Wait(ctx, strings.ToLower(domain), urgent, had)
	switch {
	case err != nil:
		return waitFor(err)
	case again == 0:
		a.permitted, a.leased = true, now
		return Decision{}
	case again <= patience && ctx.Err() == nil && d.stepAside(a):
		return waitFor(bus.Soon(again))
	}
	until := d.o.Scale.Now().Add(max(again, soonest))
	return holdWhileWorthIt(a, until, d.body(a, reason.Throughput, why))
}

// stepAside has a touch wait in flight and let others pass, if not too many do.
func (d *Delivery) stepAside(a *attempt) (stepped bool) {
	if d.memory.crowded() {
		return false
	}
	d.memory.note(a.id, func(m *memo) { m.aside = true })
	return true
}

// givingBack is how long giving a permit back may take: what is not given back is lost to
// the day, and no more.
const givingBack = time.Second

// unpermit gives back the permit of a message that nobody was given: else those that wait
// for a relay that is down use up a day of its warm-up.
func (d *Delivery) unpermit(ctx context.Context, a *attempt) {
	if !a.permitted || a.answered {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), givingBack)
	defer cancel()
	if err := a.route.Rate.GiveBack(ctx, a.leased); err != nil {
		d.o.Log.Debug("a permit is lost", zap.String("touch", a.id), zap.Error(err))
	}
}
