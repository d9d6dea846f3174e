package render

import (
	"slices"
	"time"

	"homing/events"
)

// A Digest is how a shop's week went, for its own people. Amounts of two currencies are
// never added up: a figure is of one, and says which.
type Digest struct {
	From     time.Time `yaml:"from"`     // the first day of the week, and the last, in the store's zone
	To       time.Time `yaml:"to"`       //
	At       time.Time `yaml:"at"`       // when it was counted; zero: nothing was yet
	Figures  []Figure  `yaml:"figures"`  // what there is in each week; at most 8 are shown
	Findings []Finding `yaml:"findings"` // what is worth knowing, the most important first; at most 3 are shown
	Charts   []Chart   `yaml:"charts"`   // at most 3 are shown
	URL      string    `yaml:"url"`      // the page of the console with all numbers; may be empty
}

// A Figure is a number of the week, next to what it was on average in the four weeks before.
type Figure struct {
	Kind   string       `yaml:"kind"`   // orders, new (buyers), emails or revenue
	Count  int          `yaml:"count"`  // of what is counted
	Before int          `yaml:"before"` // its average
	Amount events.Money `yaml:"amount"` // of money, in place of Count
	Usual  events.Money `yaml:"usual"`  // its average
	Known  bool         `yaml:"known"`  // there are four weeks before
}

// A Finding is one thing that is worth knowing. Which of its fields say something follows
// from its kind.
type Finding struct {
	Kind       string    `yaml:"kind"`       // lift_more, lift_less, lift_alike, lift_early, fell, refused, rejected, orders_fell, orders_rose, repeat or early
	Name       string    `yaml:"name"`       // of a worker or a reason; empty: all marketing
	Count      int       `yaml:"count"`      // of this week
	Before     int       `yaml:"before"`     // a week, on average of the four weeks before
	Share      int       `yaml:"share"`      // tenths of a per cent, as are all of these: of people who were emailed and ordered, or of customers who came back
	Other      int       `yaml:"other"`      // of people who were held out and ordered
	Difference int       `yaml:"difference"` // of the two, in tenths of a percentage point
	Low        int       `yaml:"low"`        // between Low and High it is, with a confidence of 95 %
	High       int       `yaml:"high"`       //
	People     int       `yaml:"people"`     // who were emailed, or are counted
	Held       int       `yaml:"held"`       // who were held out
	Days       int       `yaml:"days"`       // over how many days it is counted
	Since      time.Time `yaml:"since"`      // from when on
	New        bool      `yaml:"new"`        // it was not known a week ago
}

// A Chart is a picture that is a part of the email, and what it shows in numbers.
type Chart struct {
	Kind   string       `yaml:"kind"`   // revenue, orders, emails or lift
	ID     string       `yaml:"id"`     // of the picture: the HTML shows cid:<ID>
	Width  int          `yaml:"width"`  // at which it is shown, in pixels
	Name   string       `yaml:"name"`   // of the worker; empty: all marketing
	Weeks  int          `yaml:"weeks"`  // how many it shows
	Last   int          `yaml:"last"`   // the last of them; of a lift in tenths of a percentage point
	Most   int          `yaml:"most"`   // the highest
	Amount events.Money `yaml:"amount"` // Last, of money
	Peak   events.Money `yaml:"peak"`   // Most, of money
	Low    int          `yaml:"low"`    // of a lift: tenths of a percentage point
	High   int          `yaml:"high"`   //
}

const (
	maxFigures  = 8
	maxFindings = 3
	maxCharts   = 3
)

func (d *Digest) clone() *Digest {
	if d == nil {
		return nil
	}
	c := *d
	c.Figures, c.Findings, c.Charts = slices.Clone(d.Figures), slices.Clone(d.Findings), slices.Clone(d.Charts)
	return &c
}

// clean removes what could do harm or spoil the email, and shows what changes nothing in
// the caller's data.
func (d *Digest) clean() {
	d.URL = webURL(d.URL)
	d.Figures = slices.Clone(d.Figures[:min(len(d.Figures), maxFigures)])
	d.Findings = slices.Clone(d.Findings[:min(len(d.Findings), maxFindings)])
	charts := d.Charts
	d.Charts = nil
	for i := range d.Figures {
		f := &d.Figures[i]
		f.Kind, f.Count, f.Before = line(f.Kind, maxID), max(f.Count, 0), max(f.Before, 0)
		f.Amount, f.Usual = knownMoney(f.Amount), knownMoney(f.Usual)
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		f.Kind, f.Name = line(f.Kind, maxID), line(f.Name, maxID)
		f.Count, f.Before, f.People, f.Held, f.Days = max(f.Count, 0), max(f.Before, 0), max(f.People, 0), max(f.Held, 0), max(f.Days, 0)
	}
	for _, c := range charts {
		if !pictureID(c.ID) || len(d.Charts) == maxCharts {
			continue
		}
		c.Kind, c.Name = line(c.Kind, maxID), line(c.Name, maxID)
		c.Width, c.Weeks, c.Amount, c.Peak = min(max(c.Width, 1), 600), max(c.Weeks, 0), knownMoney(c.Amount), knownMoney(c.Peak)
		d.Charts = append(d.Charts, c)
	}
}

// pictureID reports whether an id is like name@domain, of a-z, 0-9, dots and hyphens.
func pictureID(id string) bool {
	at := 0
	for i := range len(id) {
		switch c := id[i]; {
		case c == '@':
			at++
		case (c < 'a' || c > 'z') && !digit(c) && c != '.' && c != '-':
			return false
		}
	}
	return at == 1 && len(id) <= 150
}
