package schedule

import (
	"context"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// plan is a touch that a worker wants, and what of it may be pending.
type plan struct {
	touch.Touch
	tokens  []string // of all ids of the person; none: they have one
	ofOrder bool     // it goes to the address that came with its order
	entry   uint64   // sequence of the entry that it was planned for
	account string   // the address of the person's account
}

// bare reports whether the plan knows a better time, but not what the email displays.
func (p *plan) bare() bool { return p.Snapshot == nil }

// unaddressed reports whether the event that knows what the email displays did not say
// where an email about its order goes. One before it may have.
func (p *plan) unaddressed() bool { return p.ofOrder && p.Snapshot != nil && p.Snapshot.To == "" }

// carry brings plans and what is pending together. Of a person with several ids a touch
// may be pending under any of them: it is planned under that one, so that one occasion
// has one touch. A bare plan displays what the pending touch does; one for which none is
// pending is left out: it has its outcome, or the event that knows is yet to be planned,
// and knows the time.
func carry(ctx context.Context, b Board, plans []plan) ([]carried, error) {
	plans = withoutRepeated(plans)
	var ask []touch.Touch
	for i := range plans {
		if p := &plans[i]; p.bare() || p.unaddressed() || len(p.tokens) > 1 {
			ask = append(ask, p.names()...)
		}
	}
	by := map[named]touch.Touch{}
	places := map[named]place{}
	if len(ask) > 0 {
		err := b.latest(ctx, ask, func(t touch.Touch, seq uint64, due bool) {
			name := nameOf(&t)
			by[name] = t // of one in both places the newer: they come by sequence
			if at := places[name]; due {
				places[name] = place{at.scheduled, seq}
			} else {
				places[name] = place{seq, 0}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	out := make([]carried, 0, len(plans))
	for i := range plans {
		p := &plans[i]
		bare := p.bare()
		if len(by) > 0 {
			for _, t := range p.names() {
				if was, ok := by[nameOf(&t)]; ok {
					p.take(was)
					break
				}
			}
		}
		if !p.bare() {
			out = append(out, carried{p.Touch, bare, places[nameOf(&p.Touch)], p.entry, p.account})
		}
	}
	return out, nil
}

// carried is a touch to be put. One that displays what was pending replaces nothing
// else: what another process put since then knows more.
type carried struct {
	touch.Touch
	bare    bool
	place   place  // of a bare plan: of what it replaces
	entry   uint64 // sequence of the entry that it was planned for
	account string // the address of the person's account
}

// place is where a pending touch was when it was read, by sequences; 0: it was not there.
type place struct {
	scheduled uint64
	due       uint64 // if it fell due since it was scheduled
}

// expect has the message of a bare plan refused if what it replaces was replaced since.
func (p *carried) expect(s *Schedule, m *nats.Msg) {
	if subject := s.dueSubject(p.Touch); p.place.due != 0 && m.Subject == subject {
		// What is on the schedule is newer, and is not purged.
		delete(m.Header, jetstream.SchedulerHeader)
		delete(m.Header, jetstream.ScheduleNextHeader)
		expect(m, subject, p.place.due)
		return
	}
	expect(m, s.subject(p.Touch), p.place.scheduled)
}

// elsewhere reports whether the email goes to the address of an order that isn't the
// account's.
func (p *carried) elsewhere() bool {
	return p.Snapshot.To != "" && !customer.SameAddress(p.Snapshot.To, p.account)
}

// once leaves out what would be put twice: of one touch a plan that knows what it
// displays, and else the last one. Jobs of a round read a person at one moment, so
// their times are the same.
func once(all []carried) []carried {
	if len(all) < 2 {
		return all
	}
	last := make(map[named]int, len(all))
	for i := range all {
		name := nameOf(&all[i].Touch)
		if was, ok := last[name]; !ok || all[was].bare || !all[i].bare {
			last[name] = i
		}
	}
	out := all[:0]
	for i := range all {
		if last[nameOf(&all[i].Touch)] == i {
			out = append(out, all[i])
		}
	}
	return out
}

// withoutRepeated leaves out bare plans of touches that a plan of the same round knows
// all of: they have the same time, and would display what is pending since before.
func withoutRepeated(plans []plan) []plan {
	bare := 0
	for i := range plans {
		if plans[i].bare() {
			bare++
		}
	}
	if bare == 0 || bare == len(plans) {
		return plans
	}
	told := map[named]bool{}
	for i := range plans {
		if p := &plans[i]; !p.bare() {
			told[nameOf(&p.Touch)] = true
		}
	}
	return slices.DeleteFunc(plans, func(p plan) bool {
		return p.bare() && slices.ContainsFunc(p.names(), func(t touch.Touch) bool { return told[nameOf(&t)] })
	})
}

// names returns the touch as it is called under each id of the person; its own first.
func (p *plan) names() []touch.Touch {
	out := []touch.Touch{p.Touch}
	for _, token := range p.tokens {
		if token != p.Customer.Token {
			out = append(out, p.Under(token))
		}
	}
	return out
}

// take takes over what the pending touch knows, and the plan does not.
func (p *plan) take(was touch.Touch) {
	p.Customer = was.Customer
	switch {
	case p.bare():
		p.Snapshot, p.Tries, p.Caused = was.Snapshot, was.Tries, was.Caused
	case p.unaddressed():
		p.Snapshot.To = was.Snapshot.To
	}
}
