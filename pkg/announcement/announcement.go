// Package announcement is what people have Homing say to many customers at once: what it
// is, to whom it goes and when; how it is put on the schedule; and how far it is. All of
// that is one entry of the bucket `controls`, which is changed by compare-and-set, so
// that commands and processes need nobody between them. What becomes of each touch is
// decided when it falls due, by the gate, as of any other.
package announcement

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/segment"
	"homing/pkg/touch"
)

// Worker is the name of the worker whose occasions announcements are.
const Worker = "announcements"

// A Definition is what somebody wants to be sent, as their file has it.
type Definition struct {
	ID       string `yaml:"id" json:"id"` // a name that is used once: it is the occasion of the touches
	Store    string `yaml:"store" json:"store"`
	Template string `yaml:"template" json:"template"` // "announcements/newsletter"

	// Whom it is for: customers that all of these take in. None: all customers.
	Countries []string `yaml:"countries" json:"countries,omitempty"` // ISO 3166-1: GB
	Languages []string `yaml:"languages" json:"languages,omitempty"` // "de" takes in de-AT
	// Names of segments of the store: customers in any of the first, and in none of the
	// second.
	Segments    []string `yaml:"segments" json:"segments,omitempty"`
	NotSegments []string `yaml:"not_segments" json:"not_segments,omitempty"`
	Who         string   `yaml:"who" json:"who,omitempty"` // an expression, as a segment has one

	At   When   `yaml:"at" json:"at,omitzero"`      // on the clocks of each recipient; the zero When: now
	Zone string `yaml:"zone" json:"zone,omitempty"` // on the clocks there, for all at once; empty: the recipient's

	Expires  time.Duration `yaml:"expires" json:"expires,omitempty"`   // how late it is still worth sending; 0: as the worker has it
	Priority *int          `yaml:"priority" json:"priority,omitempty"` // 0 to 100; nil: the worker's
	Holdout  gate.Share    `yaml:"holdout" json:"holdout,omitempty"`   // who do not get it, drawn for it alone
}

// Step returns the step of the worker that it is sent as.
func (d *Definition) Step() string { return strings.TrimPrefix(d.Template, Worker+"/") }

// Segmented reports whether it is for some segments only, so that it must be known who is
// in which.
func (d *Definition) Segmented() bool { return len(d.Segments)+len(d.NotSegments) > 0 || d.Who != "" }

var (
	countryForm  = regexp.MustCompile(`^[A-Z]{2}$`)
	languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// longest is how late anything may be worth sending.
const longest = 30 * 24 * time.Hour

// Validate reports what is wrong, each problem by its key.
func (d *Definition) Validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case d.ID == "":
		fail("id: is missing; give it a name that is used once, such as spring-sale-2027")
	case touch.Token(d.ID) != d.ID:
		fail("id: %q is not a name; use 1 to 32 of a-z, 0-9 and -", d.ID)
	}
	if d.Store == "" {
		fail("store: is missing; name the store of the configuration whose customers it is for")
	}
	switch step, in := strings.CutPrefix(d.Template, Worker+"/"); {
	case d.Template == "":
		fail("template: is missing; write for example %s/newsletter", Worker)
	case !in || touch.Token(step) != step:
		fail("template: %q is not in the folder %s; write for example %s/newsletter", d.Template, Worker, Worker)
	}
	for i, c := range d.Countries {
		if !countryForm.MatchString(c) {
			fail("countries[%d]: %q is not a country; write two capital letters, for example GB", i, c)
		}
	}
	for i, l := range d.Languages {
		if !languageForm.MatchString(l) {
			fail("languages[%d]: %q is not a language; write for example de, or de-AT for one country", i, l)
		}
	}
	if d.Who != "" {
		if _, err := segment.Parse(d.Who); err != nil {
			fail("who: %w", err)
		}
	}
	if d.Zone != "" {
		if _, err := localtime.Load(d.Zone); err != nil {
			fail("zone: %w; leave it out to send at the same time of day everywhere", err)
		}
		if d.At.IsZero() {
			fail("zone: says nothing without at; write at, or leave both out to send now")
		}
	}
	if d.Expires < 0 || d.Expires > longest {
		fail("expires: %s is not between 0s and %s", localtime.FormatDuration(d.Expires), localtime.FormatDuration(longest))
	}
	if p := d.Priority; p != nil && (*p < 0 || *p > 100) {
		fail("priority: %d is not between 0 and 100", *p)
	}
	if d.Holdout >= 1 {
		fail("holdout: %s would leave nobody", d.Holdout)
	}
	return errors.Join(errs...)
}

// When is a date and a time of day, on no clocks in particular.
type When struct {
	Date  localtime.Date
	Clock localtime.Clock
}

// whenForm is how it is written.
const whenForm = "2006-01-02 15:04"

// IsZero reports whether no time is named.
func (w When) IsZero() bool { return w == When{} }

// In returns the instant on the clocks of a zone.
func (w When) In(z *time.Location) time.Time { return w.Date.At(w.Clock, z) }

// String returns it as it is written: 2027-03-01 09:00.
func (w When) String() string { return w.Date.String() + " " + w.Clock.String() }

// MarshalText returns what String returns.
func (w When) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads "2027-03-01 09:00".
func (w *When) UnmarshalText(text []byte) error {
	t, err := time.Parse(whenForm, string(text))
	if err != nil {
		return fmt.Errorf("%q is not a date and a time of day; write for example 2027-03-01 09:00", text)
	}
	w.Date, w.Clock = localtime.DateOf(t), localtime.ClockOf(t)
	return nil
}

// Earliest and Latest return when its first and its last recipients may be due. now is when
// one without a time is sent.
func (d *Definition) Earliest(now time.Time) time.Time { return d.in(now, 14*time.Hour) }

// Latest is the counterpart of Earliest.
func (d *Definition) Latest(now time.Time) time.Time { return d.in(now, -12*time.Hour) }

// in is the instant where clocks are so far ahead of UTC, unless all get it at once.
func (d *Definition) in(now time.Time, ahead time.Duration) time.Time {
	if d.At.IsZero() {
		return now
	}
	if d.Zone != "" {
		if z, err := localtime.Load(d.Zone); err == nil {
			return d.At.In(z)
		}
	}
	return d.At.In(time.FixedZone("", int(ahead/time.Second)))
}

// due returns when a customer whose clocks are in a zone should get it, and the zone whose
// time of day that is; empty: it is an instant.
func (d *Definition) due(sent time.Time, own *time.Location) (time.Time, string) {
	if d.At.IsZero() {
		return sent, ""
	}
	if d.Zone == "" {
		return d.At.In(own), own.String()
	}
	z, err := localtime.Load(d.Zone)
	if err != nil { // it was there when it was sent
		z = own
	}
	return d.At.In(z), z.String()
}
