package why

import "time"

// A Row is a line of two columns.
type Row struct{ Name, Text string }

// Words are a report as a person reads it, for who lays it out otherwise than Text.
type Words struct {
	Erased   string // the customer was erased: this is all
	Person   []Row  // who they are, if they have more than one id or address
	Crowded  string // what follows from too many ids at one address
	Standing []Row
	Silent   []Row // the workers with nothing pending
	Rejected []Row
}

// Words returns the report in words.
func (r Report) Words() Words { return newPrinter(r).words() }

// Then says what would become of a pending email: now, and when it is looked at.
func (r Report) Then(t Touch) []string { return newPrinter(r).then(t) }

// In returns the zone in which the report's times are told.
func (r Report) In() *time.Location { return newPrinter(r).zone }

func (p *printer) words() Words {
	if p.Profile == nil {
		return Words{Erased: p.erased()}
	}
	w := Words{Person: p.person(), Standing: p.standing(), Silent: p.silent(), Rejected: p.rejected()}
	if p.Person != nil && p.Person.Crowded {
		w.Crowded = "More ids named the address than one person has: marketing email does not go there."
	}
	return w
}

func (p *printer) erased() string {
	return "Customer " + p.Customer + " of store " + p.Store + " was erased on " + p.Erased.UTC().Format(layout+" MST") + "."
}
