package why

import (
	"cmp"
	"slices"
	"time"

	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Touch is an email that may still come.
type Touch struct {
	ID       string      `json:"touch"`
	Worker   string      `json:"worker"`
	Step     string      `json:"step"`
	Occasion string      `json:"occasion"`
	About    string      `json:"about,omitempty"` // "order 10042"
	By       string      `json:"by,omitempty"`    // who asked to send it again
	Class    touch.Class `json:"class,omitempty"`
	To       string      `json:"to,omitempty"`        // the address of the order, where somebody else answers to it
	Due      time.Time   `json:"due"`                 // when the worker first wanted it
	Wake     time.Time   `json:"wake"`                // when it is looked at
	FellDue  bool        `json:"fell_due,omitempty"`  // it is being looked at
	ToldLate bool        `json:"told_late,omitempty"` // it was told more than an hour late, and waits ten minutes for what may undo it
	Tries    int         `json:"tries,omitempty"`     // how often the relay asked to come again
	Now      Verdict     `json:"now"`                 // if it were looked at now
	Then     *Verdict    `json:"then,omitempty"`      // when it is looked at, if nothing changes but what the others change; absent if that is now
	End      *Outcome    `json:"end,omitempty"`       // how it ends after that, if it is held then
}

func (t *teller) pending(p Pending, then *foreseen) Touch {
	x := p.Touch
	out := Touch{ID: x.ID(), Worker: x.Worker, Step: x.Step, Occasion: x.Occasion, About: subject(x), Due: x.Due.UTC(), Wake: x.Wake.UTC(),
		FellDue: p.Due, ToldLate: x.Late, Tries: x.Tries}
	if x.Again != nil {
		out.By = x.Again.By
	}
	w := t.Store.Worker(x.Worker)
	if w == nil {
		out.Now = Verdict{Action: "hold", Detail: "this configuration has no worker of that name"}
		return out
	}
	step, _ := w.Step(x)
	out.Class = step.Class
	if p := t.judgedBy(x); p.Recipient != nil {
		out.To = p.To
	}
	out.Now = t.judge(w, x, t.Now)
	if then == nil || out.Now.Action == "settled" || out.Now.Action == "sending" {
		return out
	}
	if !p.Due && x.Wake.After(t.Now) {
		out.Then = &then.first
	}
	out.End = then.end
	return out
}

// subject says what a touch is about, as people name it.
func subject(x touch.Touch) string {
	x = x.About()
	switch s := x.Snapshot; {
	case s != nil && s.Cart != "":
		return "cart " + s.Cart
	case s != nil && s.Subscription != nil:
		return "subscription " + s.Subscription.ID
	case s != nil && s.Order != "" && len(s.Items) == 1 && hashed(x.Occasion): // a product of an order
		return cmp.Or(s.Items[0].Name, s.Items[0].ProductID) + " of order " + s.Order
	case s != nil && s.Order != "":
		return "order " + s.Order
	case hashed(x.Occasion):
		return ""
	}
	return x.Occasion
}

// judge says what would become of a touch that is looked at at some time, with
// the customer and the configuration as they are.
func (t *teller) judge(w *programme.Worker, x touch.Touch, at time.Time) Verdict {
	if k, ok := x.ClaimIn(&t.Person.Customer); ok {
		return settled(k)
	}
	holds := t.Holds[w.Name]
	if w.Settings.Status == workers.Paused {
		return Verdict{Action: "hold", Reason: string(reason.Paused), Detail: "by the configuration"}
	}
	for _, h := range holds {
		if h.whole() {
			return Verdict{Action: "hold", Reason: h.Reason, Detail: h.Detail}
		}
	}
	if t.Occasions != nil {
		if v := t.Occasions(x); v.Action == touch.Drop {
			return verdictOf(v)
		} else if v.Action == touch.Hold {
			return Verdict{Action: "hold", Reason: string(v.Reason), Detail: v.Detail}
		}
	}
	c := t.judgedBy(x).Case(w, x, at)
	v := gate.Judge(c)
	if v.Action == touch.Send && t.Store.LookAhead > 0 && c.Scarce() {
		v = c.Yield(w.PriorityOf(x), t.rivals(w, x, at), t.Store.LookAhead)
	}
	if v.Action == touch.Send && len(holds) > 0 {
		return Verdict{Action: "hold", Reason: holds[0].Reason, Detail: "if it needs that: " + holds[0].Detail}
	}
	out := verdictOf(v)
	out.Detail = t.named(out.Reason, out.Detail)
	return out
}

// whole reports whether nothing of the worker leaves while the hold is in force;
// others are of one template or one list of codes.
func (h Hold) whole() bool {
	return h.Reason != string(reason.TemplateError) && h.Reason != string(reason.NoOfferCode)
}

// rivals are the other pending emails that would pass by the time at which this
// one looks for them, as delivery sees them.
func (t *teller) rivals(w *programme.Worker, x touch.Touch, at time.Time) []gate.Rival {
	var out []gate.Rival
	above := t.Store.Above(w, x)
	for _, p := range t.Pending {
		o := t.Store.Worker(p.Touch.Worker)
		if p.Touch.ID() == x.ID() || !slices.Contains(above, o) || t.paused(o) {
			continue
		}
		if r, ok := t.judgedBy(p.Touch).Rival(p.Touch, at); ok {
			out = append(out, r)
		}
	}
	return out
}

// paused reports whether an operator holds a worker.
func (t *teller) paused(w *programme.Worker) bool {
	return slices.ContainsFunc(t.Holds[w.Name], func(h Hold) bool { return h.Reason == string(reason.Paused) })
}
