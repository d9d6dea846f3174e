// Package optin asks the person who reads a mailbox whether they want email, before any is
// sent: double opt-in.
//
// Triggers: every event about a customer that says that they asked for email and does not
// say that they proved that the address is theirs (consent "requested"; with
// consent.double_opt_in, intake makes that of "subscribed"). Step: confirm, at once, with
// a link that is good for seven days. Consent begins when its page is confirmed, and the
// email is the only one until then.
//
// Nobody can be bombed with it: a mailbox is asked at most once in 24 hours and three
// times in 30 days, whichever ids its owner has or had, and nobody is asked twice because
// of one request: its occasion is the hour of the consent's own time, or, of a consent
// without a time, which shops repeat in every event, always the same. Somebody who was
// subscribed already is not asked. Of the rules of the gate those of transactional email apply: an
// erasure, a bounce, a complaint and a no to everything stop it; and so does an address
// that many customers have.
package optin

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "double-opt-in"

// Confirm is the step.
const Confirm = "confirm"

const (
	expires = 48 * time.Hour // a question about something long past is one more email that nobody expects

	// hour is how close two requests are one.
	hour = time.Hour
	// everTold is the occasion of consents without a time.
	everTold = "once"
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{workers.Settings{Status: workers.Live, Priority: 100, Class: touch.Transactional}}
}

func (c Config) validate() error {
	err := c.Settings.Validate()
	if c.Class == touch.Marketing {
		err = errors.Join(err, fmt.Errorf("class: this email asks for consent, and cannot need it; leave it %s", touch.Transactional))
	}
	return err
}

// Kind makes double-opt-in workers.
var Kind = workers.Kind{
	Name:        Name,
	Emails:      "requests to confirm an address",
	Triggers:    workers.ConsentTriggers(),
	Horizon:     expires,
	DoubleOptIn: true,
	Concerns: func(e events.Event) bool {
		k := workers.ConsentOf(e)
		return k != nil && k.Email == events.ConsentRequested
	},
	Overlooks: func(_ events.Type, data []byte) bool { return !bytes.Contains(data, []byte(events.ConsentRequested)) },
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		steps := []touch.Step{{Name: Confirm, Template: Name + "/" + Confirm, Class: touch.Transactional, Expires: expires, Asks: true}}
		return workers.Worker{Settings: c.Settings, Steps: steps, Plan: plan, Wanted: wanted, Compose: compose}
	}),
}

// plan asks whether what was requested is wanted.
func plan(in workers.Input) []touch.Touch {
	k := workers.ConsentOf(in.Event)
	if _, waits := in.Customer.Unconfirmed(); !waits || k == nil {
		return nil
	}
	t := touch.Touch{Worker: Name, Step: Confirm, Occasion: everTold, Due: in.Event.Time, Snapshot: &touch.Snapshot{}}
	if k.At != nil {
		if t.Due = *k.At; t.Due.After(in.Event.Time) {
			t.Due = in.Event.Time
		}
		t.Occasion = occasion(t.Due)
	}
	return []touch.Touch{t}
}

// occasion names the hour of a request.
func occasion(at time.Time) string { return at.UTC().Format("2006-01-02t15") }

// wanted asks as long as nobody answered, and not too often.
func wanted(t touch.Touch, in workers.Input) touch.Verdict {
	c := in.Customer
	if _, waits := c.Unconfirmed(); !waits {
		if c.SaidYes() && !c.Unsubscribed(events.ScopeAll) {
			return touch.DropFor(reason.Confirmed, "they have said yes")
		}
		return touch.DropFor(reason.Unsubscribed, "said no since")
	}
	asked := asked(t, in)
	for _, limit := range touch.AskLimits {
		since := in.Now.Add(-limit.Over).UnixMilli()
		n := 0
		for _, at := range asked {
			if at > since {
				n++
			}
		}
		if n >= limit.Most {
			return touch.DropFor(reason.AlreadyAsked, fmt.Sprintf("asked %d times in %s, the most is %d", n, limit.Says, limit.Most))
		}
	}
	return touch.Verdict{}
}

// asked returns when the person was asked before, in ms, as far as it still counts. Claims
// do not say what they are of, so those that there may be are looked for: of each hour,
// under each id whose emails went to the mailbox.
func asked(t touch.Touch, in workers.Input) (out []int64) {
	c := in.Customer
	tokens := slices.Concat(c.Tokens, c.Around, []string{t.Customer.Token})
	for _, o := range c.Others {
		tokens = append(tokens, o.Token)
	}
	slices.Sort(tokens)
	for _, token := range slices.Compact(tokens) {
		u := t.Under(token)
		look := func(occasion string) {
			if u.Occasion = occasion; occasion == t.Occasion {
				return // the same question
			}
			if k, ok := c.Claimed(u.ClaimKey()); ok && k.Spends() {
				out = append(out, k.At)
			}
		}
		look(everTold)
		// An email leaves up to expires after it was asked for.
		for at := in.Now.Add(hour); at.After(in.Now.Add(-touch.AskedFor - expires)); at = at.Add(-hour) {
			look(occasion(at))
		}
	}
	return out
}

func compose(touch.Touch, workers.Input) workers.Wording { return workers.Wording{Confirms: true} }
