package delivery_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// failing has some acts fail, counted from the first on.
func failing(act string, which ...int) func(op string) error {
	n := 0
	return func(op string) error {
		if op != act {
			return nil
		}
		n++
		if slices.Contains(which, n) {
			return errFault
		}
		return nil
	}
}

// either fails where one of the two does.
func either(a, b func(op string) error) func(op string) error {
	return func(op string) error { return errors.Join(a(op), b(op)) }
}

// The claim is written and its answer lost, and Redis is away for some time.
// Nothing went out: however long it takes, the email is sent once, and not called
// uncertain.
func TestAClaimWhoseAnswerWasLostStillSendsOneEmail(t *testing.T) {
	for _, c := range []struct {
		name string
		saw  func(string) error
	}{
		{"the answer alone", failing("saved", 1)},
		{"and its release", either(failing("saved", 1), failing("save", 2))},
		{"and the next claim", either(failing("saved", 1), failing("save", 2, 3, 4, 5))},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				r.known("ann")
				r.touch("ann", "offer", "a", time.Minute, nil)
				r.setFault(c.saw)
				r.start()
				time.Sleep(time.Hour)
				if d := cmp.Diff(map[string]string{"a": "sent"}, r.outcomes()); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
			})
		})
	}
}

// The answer to a claim was lost, and its release too, and when the touch is looked
// at again it has to wait, for a reason of its own or because the worker is paused.
// The process that takes it up then, perhaps another one, must not find a claim under
// which it may have been sent.
func TestATouchThatIsPutAsideLeavesNoClaimBehind(t *testing.T) {
	for _, c := range []struct {
		name   string
		pause  []string // stores
		stores []string
	}{
		{name: "held"},
		{name: "paused", pause: []string{"main"}},
		{name: "paused in one of two stores", pause: []string{"main"}, stores: []string{"second"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			waits := &series{wanted: func(touch.Touch, workers.Input) touch.Verdict {
				if asked++; asked == 2 && c.pause == nil {
					return touch.HoldUntil(time.Now().Add(time.Hour), reason.NotYet, "an earlier one has no outcome")
				}
				return touch.Verdict{}
			}}
			bubble(t, waits, func(r *rig) {
				r.known("ann")
				r.touch("ann", "offer", "a", time.Minute, nil)
				holds := &switches{}
				saved, save := failing("saved", 1), failing("save", 2)
				r.setFault(func(op string) error {
					err := saved(op)
					if err == nil {
						if err = save(op); err != nil {
							holds.paused = c.pause
						}
					}
					return err
				})
				with := func(o *delivery.Options) {
					o.Holds = holds
					for _, s := range c.stores {
						alike(s)(o)
					}
				}
				first := r.start(with)
				time.Sleep(2 * time.Minute)
				if claims := r.customer("ann").Claims; len(claims) != 0 {
					t.Errorf("these claims are left: %v", claims)
				}
				first.stop()
				holds.paused = nil
				r.start(with)
				time.Sleep(3 * time.Hour)
				if d := cmp.Diff(map[string]string{"a": "sent"}, r.outcomes()); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
			})
		})
	}
}

// switches are holds that somebody sets.
type switches struct {
	delivery.Holds
	paused []string
}

func (s *switches) Paused(_, store string) bool {
	return slices.Contains(s.paused, store)
}
func (*switches) Failed(context.Context, string, reason.Reason, string, bool) bool { return false }
func (*switches) Passed(string, reason.Reason, string) bool                        { return false }
func (*switches) Others(reason.Reason, string) bool                                { return false }
func (*switches) Worked(context.Context, string, reason.Reason, string)            {}

// twice is a client that writes a claim again because the answer to the first did
// not come, and something happens in between.
type twice struct {
	delivery.Customers
	between func()
}

func (s *twice) SaveAgainst(ctx context.Context, r *customer.Record, others []*customer.Record, links []customer.Links) (saved, same bool, err error) {
	again := *r
	saved, same, err = s.Customers.SaveAgainst(ctx, r, others, links)
	if s.between == nil || err != nil {
		return saved, same, err
	}
	s.between()
	s.between = nil
	return s.Customers.SaveAgainst(ctx, &again, others, links)
}

func TestAClaimThatIsWrittenTwiceIsJudgedAgain(t *testing.T) {
	ann := events.Customer{ID: "ann"}
	for _, c := range []struct {
		name    string
		between func(r *rig)
		outcome string
		to      []string
	}{
		{"nothing happened", func(*rig) {}, "sent", []string{"ann@example.com"}},
		{"unsubscribed", func(r *rig) { r.happened("ann", &events.CustomerUnsubscribed{Customer: ann}) }, "unsubscribed", nil},
		{"bounced", func(r *rig) { r.bounced("ann@example.com") }, "bounced", nil},
		{"has another address", func(r *rig) {
			r.happened("ann", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "new@example.com"}})
		}, "sent", []string{"new@example.com"}},
		{"has another address, and the old one bounced", func(r *rig) {
			r.bounced("ann@example.com")
			r.happened("ann", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "new@example.com"}})
		}, "sent", []string{"new@example.com"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				r.known("ann")
				r.touch("ann", "offer", "a", time.Minute, nil)
				r.start(func(o *delivery.Options) { o.Customers = &twice{o.Customers, func() { c.between(r) }} })
				time.Sleep(time.Hour)
				var to []string
				for _, m := range r.sink.Mails() {
					to = append(to, m.To)
				}
				if d := cmp.Diff(c.to, to); d != "" {
					t.Errorf("mailed (-want +got):\n%s", d)
				}
				if d := cmp.Diff(map[string]string{"a": c.outcome}, r.outcomes()); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
			})
		})
	}
}
