package why

import (
	"bytes"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// Line is one thing that happened, or that was done about it.
type Line struct {
	At       time.Time   `json:"at"`
	Sequence uint64      `json:"sequence"` // on the timeline
	Type     events.Type `json:"type"`
	ID       string      `json:"id"`
	Source   string      `json:"source"`
	Text     string      `json:"text"`               // in words
	Customer string      `json:"customer,omitempty"` // the id that it came under, where the person has several

	// Of the facts about emails.
	Touch  string    `json:"touch,omitempty"`
	Worker string    `json:"worker,omitempty"`
	Step   string    `json:"step,omitempty"`
	Class  string    `json:"class,omitempty"`
	By     string    `json:"by,omitempty"` // who asked to send it again
	Reason string    `json:"reason,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

func (t *teller) story() []Line {
	out := make([]Line, 0, len(t.Entries))
	for _, e := range t.Entries {
		l := Line{At: e.Event.Time.UTC(), Sequence: e.Sequence, Type: e.Event.Type, ID: e.Event.ID, Source: e.Event.Source}
		switch d := e.Event.Data.(type) {
		case events.Fact:
			b := d.Body()
			l.Touch, l.Worker, l.Step, l.Class, l.By, l.Reason, l.Detail = b.Touch, b.Worker, b.Step, b.Class, b.By, b.Reason, t.named(b.Reason, b.Detail)
			if b.Until != nil {
				l.Until = b.Until.UTC()
			}
			l.Text = t.fact(e.Event.Type, b, l.Detail)
		case *events.OfferIssued:
			l.Touch, l.Worker, l.Text = d.Touch, d.Worker, t.issued(d)
		case *events.EmailClicked:
			l.Touch, l.Worker, l.Step, l.Text = d.Touch, d.Worker, d.Step, byMachine("followed a link to "+d.URL, d.Machine)
		case *events.EmailOpened:
			l.Touch, l.Worker, l.Step, l.Text = d.Touch, d.Worker, d.Step, byMachine("the pictures of the email were loaded", d.Machine)
		default:
			l.Text = t.joined(e)
			if l.Text == "" {
				l.Text = t.happened(e.Event)
			}
		}
		if e.Event.Historical {
			l.Text += " (came by an import)"
		}
		if l.Customer = t.under(e); l.Customer != "" && e.Key != t.Key {
			l.Text += " (" + t.as(l.Customer) + ")"
		}
		out = append(out, l)
	}
	return out
}

func byMachine(text string, machine bool) string {
	if machine {
		return text + " (a program, as far as can be told)"
	}
	return text
}

// shorten leaves out what is older than was asked for, and says how much.
func (t *teller) shorten(all []Line) ([]Line, int) {
	from := 0
	for from < len(all) && all[from].At.Before(t.Since) {
		from++
	}
	if t.Limit > 0 {
		from = max(from, len(all)-t.Limit)
	}
	return all[from:], from
}

// since leaves out what the customer had erased, under whichever id.
func (t *teller) since(all []customer.Entry) []customer.Entry {
	erased := map[customer.Key]int64{}
	for _, r := range t.Person.Members {
		erased[r.Key] = r.Customer.Erased.At
	}
	last := t.Person.Customer.Erased.At
	return slices.DeleteFunc(slices.Clone(all), func(e customer.Entry) bool {
		at := max(last, erased[e.Key])
		return at != 0 && e.Event.Time.UnixMilli() <= at
	})
}

// once returns the entries in time order without copies: an event that was taken
// in again is there twice with the same content, and a fact that was written again
// is there twice under its id, the first time complete.
func once(all []customer.Entry) []customer.Entry {
	all = slices.Clone(all)
	slices.SortFunc(all, customer.CompareEntries)
	type name struct {
		of         events.Type
		source, id string
	}
	seen := map[name][][]byte{}
	out := all[:0]
	for _, e := range all {
		n := name{e.Event.Type, e.Event.Source, e.Event.ID}
		said := e.Event
		said.Place, said.Received = 0, time.Time{} // each copy has its own
		body, err := events.Encode(said)
		told, before := seen[n]
		_, fact := e.Event.Data.(events.Fact)
		if before && fact || err == nil && slices.ContainsFunc(told, func(o []byte) bool { return bytes.Equal(o, body) }) {
			continue
		}
		seen[n] = append(told, body)
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b customer.Entry) int { return a.Event.Time.Compare(b.Event.Time) })
	return out
}
