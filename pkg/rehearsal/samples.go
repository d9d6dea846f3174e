package rehearsal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/channel"
)

// A Composer composes the emails of a store as they are when they leave.
type Composer interface {
	Compose(c channel.Content) (channel.Message, error)
	// Language returns the one that an email of a template has for a customer's.
	Language(template, customer string) string
	// Examples are the emails of made-up data that comes with a template, in a language,
	// by name.
	Examples(template, language string) map[string]channel.Copy
}

// A Sample is an email of the rehearsal, as it would look.
type Sample struct {
	Store    string    `json:"store"`
	Worker   string    `json:"worker"`
	Step     string    `json:"step"`
	Template string    `json:"template"` // with its variant
	Language string    `json:"language"`
	Emails   int       `json:"emails"` // that were sent from this template in this language
	Customer string    `json:"customer"`
	At       time.Time `json:"at"`
	Rendered
}

// Rendered is what an email shows.
type Rendered struct {
	Subject   string `json:"subject"`
	Preheader string `json:"preheader"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
}

func rendered(c channel.Copy) Rendered { return Rendered{c.Subject, c.Preheader, c.Text, c.HTML} }

// look is what emails have in common that look alike.
type look struct{ store, worker, step, template, language string }

// base is the name of its template, without the variant.
func (l look) base() string {
	name, _, _ := strings.Cut(l.template, "#")
	return name
}

// example is the first email of a look, with all that it was made of.
type example struct {
	at      time.Time
	person  int32
	content channel.Content
}

// keep keeps the content of an email that was sent, if it is the first of its look.
func (l *ledger) keep(store string, o *Outcome) {
	c := &l.last
	if c.ID != o.Touch() || c.Customer == nil {
		return
	}
	o.Language = l.word(c.Customer.Language())
	k := look{store, o.Worker, o.Step, o.Template, o.Language}
	if _, known := l.examples[k]; known {
		return
	}
	if l.examples == nil {
		l.examples = map[look]example{}
	}
	x := *c
	who, err := c.Customer.Apart() // who goes on living
	if err != nil {
		l.failed = fmt.Errorf("touch %s: %w", c.ID, err)
		return
	}
	if x.Customer = &who; c.Offer != nil {
		offer := *c.Offer
		x.Offer = &offer
	}
	l.examples[k] = example{o.At, o.Person, x}
}

// word returns a text that is kept once, however often it comes.
func (l *ledger) word(s string) string {
	if l.words == nil {
		l.words = map[string]string{}
	}
	kept, known := l.words[s]
	if !known {
		kept = strings.Clone(s)
		l.words[kept] = kept
	}
	return kept
}

// sightOf is an example, and how many emails look like it.
type sightOf struct {
	example
	look
	emails, people int
	who            int32 // the last of these people
}

// sights returns the looks that the emails of a rehearsal had, with an example of each, by
// store, worker, step, language and template.
func (r *Result) sights(composers map[string]Composer) []*sightOf {
	by, known := map[look]*sightOf{}, map[look]look{}
	// resolved is a look in the language that the email has.
	resolved := func(raw look) look {
		k, ok := known[raw]
		if !ok {
			k = raw
			if c := composers[k.store]; c != nil {
				k.language = c.Language(k.base(), k.language)
			}
			known[raw] = k
		}
		return k
	}
	for _, s := range r.e.shards {
		for raw, x := range s.ledger.examples {
			k := resolved(raw)
			was := by[k]
			if was == nil {
				by[k] = &sightOf{example: x, look: k, who: -2}
			} else if cmp.Or(x.at.Compare(was.at), compareNames(r.h.who.name, x.person, was.person), cmp.Compare(x.content.ID, was.content.ID)) < 0 {
				was.example = x
			}
		}
	}
	for i := range r.Outcomes { // by person
		o := &r.Outcomes[i]
		if o.Action != events.ActionSent {
			continue
		}
		if x := by[resolved(look{r.storeOf(o.Person), o.Worker, o.Step, o.Template, o.Language})]; x != nil {
			if x.emails++; x.who != o.Person {
				x.people, x.who = x.people+1, o.Person
			}
		}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b *sightOf) int {
		return cmp.Or(cmp.Compare(a.store, b.store), cmp.Compare(a.worker, b.worker), cmp.Compare(a.step, b.step),
			cmp.Compare(a.language, b.language), cmp.Compare(b.emails, a.emails), cmp.Compare(a.template, b.template))
	})
}

// Samples composes one email of each worker, step and language that was sent: of those
// with several wordings, the most frequent one.
func (r *Result) Samples(composers map[string]Composer) ([]Sample, error) {
	out := []Sample{}
	for _, x := range r.sights(composers) {
		if n := len(out); n > 0 && out[n-1].Store == x.store && out[n-1].Worker == x.worker && out[n-1].Step == x.step && out[n-1].Language == x.language {
			continue
		}
		shown, err := compose(composers[x.store], x.content)
		if err != nil {
			return nil, err
		}
		out = append(out, Sample{x.store, x.worker, x.step, x.template, x.language, x.emails, r.Person(x.person), x.at.UTC(), *shown})
	}
	return out, nil
}

// compose composes an email again.
func compose(with Composer, c channel.Content) (*Rendered, error) {
	m, err := with.Compose(c)
	if err != nil {
		return nil, fmt.Errorf("the sample of %s: %w", c.Step.Template, err)
	}
	defer m.Release()
	out := rendered(m.Words().Copy)
	return &out, nil
}
