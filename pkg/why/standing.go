package why

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Standing is whether the customer may be emailed, and how much room their caps have.
type Standing struct {
	Marketing     Verdict   `json:"marketing"` // whether anything is against it that does not depend on the one email
	Transactional Verdict   `json:"transactional"`
	Policy        string    `json:"consent_policy,omitempty"`
	Consent       string    `json:"consent,omitempty"`     // what was said last: subscribed, unsubscribed, unknown
	ConsentAt     time.Time `json:"consent_at,omitzero"`   // when the customer said so, if that is known
	Stops         []Stop    `json:"stops,omitempty"`       // what they unsubscribed from
	Bounced       time.Time `json:"bounced_at,omitzero"`   // when a relay last found an address unusable
	Asleep        time.Time `json:"asleep_since,omitzero"` // no sign of life since a last email
	Caps          []Cap     `json:"caps,omitempty"`

	Unconfirmed time.Time `json:"waiting_for_confirmation_since,omitzero"` // they asked for email, and did not confirm it yet
	PausedUntil time.Time `json:"paused_until,omitzero"`                   // the customer wants no marketing before
	AtMost      string    `json:"at_most,omitempty"`                       // the cap that they chose: "1 in 7 d"

	Segments []string `json:"segments,omitempty"` // that they are in
	Points   *Points  `json:"points,omitempty"`   // nil: they take no part in the rewards programme
}

// Stop is one refusal.
type Stop struct {
	Scope  string    `json:"scope"` // all (marketing), everything, or a worker
	At     time.Time `json:"at"`
	Lifted bool      `json:"lifted,omitempty"` // by an explicit consent later than it, or by a choice of that kind of email
}

// Cap is one frequency cap, and how much of it is used.
type Cap struct {
	Limit  int       `json:"limit"`
	Window string    `json:"window"` // "16 h"; "day": the customer's
	Used   int       `json:"used"`
	Free   int       `json:"free"`
	RoomAt time.Time `json:"room_at,omitzero"` // when there is room again, if there is none now
	Mails  []Mail    `json:"mails,omitempty"`  // that use it, newest first
}

// Mail is one that takes a place in a cap.
type Mail struct {
	At   time.Time `json:"at"`
	Name string    `json:"name,omitempty"` // "thank-you/thanks"; empty if the timeline read does not tell
}

// Offer is a code that was bound to the customer.
type Offer struct {
	Code     string        `json:"code"`
	Percent  int           `json:"percent,omitempty"`
	Amount   *events.Money `json:"amount,omitempty"`
	At       time.Time     `json:"at"`
	Expires  time.Time     `json:"expires_at,omitzero"`
	Redeemed time.Time     `json:"redeemed_at,omitzero"`
}

// mayMail asks the rules that concern the customer, not one email, of mail of some
// worker; "" is any.
func (t *teller) mayMail(w *programme.Worker, worker string, class touch.Class) Verdict {
	p := touch.Touch{Worker: worker, Customer: t.Key, Occasion: "any", Due: t.Now, Snapshot: &touch.Snapshot{}}
	c := t.who.Case(w, p, t.Now)
	c.Step, c.Listed = touch.Step{Class: class}, true
	for _, r := range gate.Rules {
		if r.Person {
			if v := r.Judge(c); v.Action != touch.Send {
				return verdictOf(v)
			}
		}
	}
	return Verdict{Action: "send"}
}

func (t *teller) standing() *Standing {
	c := &t.Person.Customer
	s := &Standing{Consent: c.Consent.Value, Segments: t.segments(), Points: t.points()}
	if len(t.Store.Workers) > 0 { // the policies are the store's
		w := t.Store.Workers[0]
		s.Policy = w.Policy.Consent.Policy
		s.Marketing, s.Transactional = t.mayMail(w, "", touch.Marketing), t.mayMail(w, "", touch.Transactional)
		s.Caps = t.caps(w.Policy)
	}
	if c.Opinion.At != 0 {
		s.Consent, s.ConsentAt = c.Opinion.Status, ms(c.Opinion.At)
	}
	s.Stops = stops(c)
	if asked, waits := c.Unconfirmed(); waits {
		s.Unconfirmed = asked
	}
	if until := c.PausedUntil(); until.After(t.Now) {
		s.PausedUntil = until
	}
	if a := c.AtMost(); a.Limit > 0 {
		s.AtMost = atMost(a)
	}
	if c.Bounce.At != 0 {
		s.Bounced = ms(c.Bounce.At)
	}
	if c.Asleep() {
		s.Asleep = ms(c.Sunset)
	}
	return s
}

// atMost is a cap as people read it: "1 in 7 d".
func atMost(a events.AtMost) string { return fmt.Sprintf("%d in %s", a.Limit, gate.Length(a.Length())) }

// stops are the refusals of a customer, by scope.
func stops(c *customer.Customer) (out []Stop) {
	for _, scope := range slices.Sorted(maps.Keys(c.Stops)) {
		if at := c.Stops[scope].At; at != 0 {
			out = append(out, Stop{Scope: scope, At: ms(at), Lifted: !c.Unsubscribed(scope)})
		}
	}
	return out
}

func (t *teller) caps(p gate.Policy) []Cap {
	var out []Cap
	for _, w := range p.Windows(&t.Person.Customer) {
		k := t.cap(w.Limit, gate.Length(w.Length), w.Used(t.Person.Customer.Claims, t.Now, 0))
		if at := w.RoomAt(t.Person.Customer.Claims, t.Now); at.After(t.Now) {
			k.RoomAt = at.UTC()
		}
		out = append(out, k)
	}
	if p.PerDay > 0 {
		today := localtime.DateOf(t.Now.In(t.zone))
		used := gate.Window{Length: 48 * time.Hour}.Used(t.Person.Customer.Claims, t.Now, 0)
		k := t.cap(int(p.PerDay), "day", slices.DeleteFunc(used, func(m customer.Claim) bool { return localtime.DateOf(ms(m.At).In(t.zone)) != today }))
		if k.Free == 0 {
			k.RoomAt = today.End(t.zone).UTC()
		}
		out = append(out, k)
	}
	return out
}

func (t *teller) cap(limit int, window string, used []customer.Claim) Cap {
	k := Cap{Limit: limit, Window: window, Used: len(used), Free: max(0, limit-len(used))}
	for _, m := range used {
		k.Mails = append(k.Mails, Mail{At: ms(m.At), Name: t.names[m.Touch]})
	}
	return k
}

func offers(c *customer.Customer) []Offer {
	var out []Offer
	for _, o := range c.Offers {
		x := Offer{Code: o.Code, Percent: o.Percent, At: ms(o.At), Redeemed: c.Redeemed(o)}
		if !o.Amount.IsZero() {
			x.Amount = &o.Amount
		}
		if o.Expires != 0 {
			x.Expires = ms(o.Expires)
		}
		out = append(out, x)
	}
	return out
}

func ms(at int64) time.Time { return time.UnixMilli(at).UTC() }

// verdictOf writes the gate's words.
func verdictOf(v touch.Verdict) Verdict {
	out := Verdict{Action: "send", Reason: string(v.Reason), Detail: v.Detail}
	switch v.Action {
	case touch.Hold:
		out.Action, out.Until = "hold", v.Until.UTC()
	case touch.Drop:
		out.Action = "drop"
	}
	return out
}

// settled says what became of a touch that was claimed.
func settled(k customer.Claim) Verdict {
	v := Verdict{Action: "settled"}
	switch k.State {
	case customer.Open:
		return Verdict{Action: "sending", Detail: "its email is being sent, or was when its sender stopped"}
	case customer.Sent:
		v.Reason = string(reason.Sent)
	case customer.Uncertain:
		v.Reason = string(reason.Uncertain)
	default:
		v.Reason = k.Why
	}
	return v
}
