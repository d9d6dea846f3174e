package installation

import (
	"homing/pkg/config"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/pkg/touch"
)

// A Rule is what a worker does in a store, in words.
type Rule struct {
	Emails   string // what people call them: "thank-you emails"
	About    string
	Steps    []RuleStep
	Settings []config.Setting
	Tracked  bool // clicks on its emails are noted
}

// RuleStep is one of its emails.
type RuleStep struct {
	Name, Template string // Template: "" where any in a folder may be sent
	Class          touch.Class
	Late           string // how late it is still worth sending: "3 days"
}

// Rule returns what a worker does in a store; false: there is no such worker or store.
func (i *Installation) Rule(worker, store string) (r Rule, ok bool) {
	s := i.stores[store]
	if s == nil || s.Worker(worker) == nil {
		return r, false
	}
	w := s.Worker(worker)
	r = Rule{Emails: programme.EmailsOf(worker), Tracked: i.o.Config.Stores[store].Clicks.Track}
	r.About, r.Settings = i.o.Config.Stores[store].Workers[worker].Explain(worker)
	for _, x := range w.Emails() {
		r.Steps = append(r.Steps, RuleStep{x.Name, x.Template, x.Class, localtime.InWords(x.Expires)})
	}
	return r, true
}
