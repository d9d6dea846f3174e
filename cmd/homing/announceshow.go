package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"homing/pkg/announcement"
	"homing/pkg/reason"
)

// announced is an announcement as `--output json` shows it.
type announced struct {
	announcement.Definition
	State     string     `json:"state"`
	Problem   string     `json:"problem,omitempty"`
	Sent      time.Time  `json:"sent"`
	Begins    time.Time  `json:"planning_begins"`
	Paused    *time.Time `json:"paused,omitempty"`
	Cancelled *time.Time `json:"cancelled,omitempty"`
	Planned   *time.Time `json:"planned_at,omitempty"`
	Done      *time.Time `json:"done,omitempty"`

	announcement.Counts
	Pending  *pendingCount          `json:"pending,omitempty"`  // of status: counted by NATS
	Outcomes *announcement.Outcomes `json:"outcomes,omitempty"` // exact: once it is done, or with --exact
}

// pendingCount is what is pending of an announcement.
type pendingCount struct {
	Scheduled int  `json:"scheduled"`      // on the schedule: not due yet, held, or set aside
	Held      *int `json:"held,omitempty"` // of these, held or set aside; exact
	Due       int  `json:"due"`            // fell due, and is not decided yet

	HeldFor map[reason.Reason]int `json:"held_for,omitempty"` // held, by reason
}

func announcedOf(a *announcement.Announcement) *announced {
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	return &announced{Definition: a.Definition, State: a.State(), Problem: a.Problem, Sent: a.Sent, Begins: a.Begins(),
		Paused: at(a.Paused), Cancelled: at(a.Cancelled), Planned: at(a.Planned), Done: at(a.Done), Counts: a.Walk.Counts, Outcomes: a.Outcomes}
}

// exactAtMost is the largest number of customers of which status reads every one without
// being asked to.
const exactAtMost = 50_000

// showAnnouncement shows one announcement.
func (p *program) showAnnouncement(ctx context.Context, l *opened, a *announcement.Announcement, exact bool) error {
	out := announcedOf(a)
	scheduled, due, err := l.AnnouncementPending(ctx, &a.Definition)
	if err != nil {
		return err
	}
	out.Pending = &pendingCount{Scheduled: scheduled, Due: due}
	if began := a.Walk.Customers > 0; out.Outcomes == nil && (exact || began && a.Walk.Customers <= exactAtMost) {
		if err := p.countExactly(ctx, l, a, out); err != nil {
			return err
		}
	}
	if p.asJSON() {
		return writeJSON(p.out, out)
	}
	_, err = fmt.Fprint(p.out, announcementText(a, out))
	return err
}

// countExactly counts what became of each email so far, and what is held.
func (p *program) countExactly(ctx context.Context, l *opened, a *announcement.Announcement, out *announced) error {
	held, err := l.AnnouncementHeld(ctx, &a.Definition)
	if err != nil {
		return err
	}
	n := 0
	for _, of := range held {
		n += of
	}
	out.Pending.Held, out.Pending.HeldFor = &n, held
	g := meter{p: p, since: time.Now(), last: time.Now()}
	defer g.finish()
	out.Outcomes, err = l.Outcomes(ctx, a, func(n int) {
		g.show("counting", int64(n), 0, func() string { return number(n) + " customers read" })
	})
	return err
}

// announcementText is what a person is told.
func announcementText(a *announcement.Announcement, x *announced) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s (%s, store %s): %s", a.ID, a.Template, a.Store, x.State)
	if x.Problem != "" {
		line("  waits: %s", x.Problem)
	}
	if x.State == announcement.Scheduled {
		line("  whom it goes to is decided at %s", x.Begins.UTC().Format(atMinute))
		return b.String()
	}
	line("  customers  %s", number(x.Customers))
	line("  audience   %s", number(x.Audience))
	line("  planned    %s", number(x.Counts.Planned))
	for _, r := range sortedReasons(x.Left) {
		line("    left out %s, %s", number(x.Left[r]), r)
	}
	if p := x.Pending; p != nil {
		held := ""
		if p.Held != nil {
			held = fmt.Sprintf(" (%s held)", number(*p.Held))
		}
		line("  pending    %s on the schedule%s, %s due", number(p.Scheduled), held, number(p.Due))
		for _, r := range sortedReasons(p.HeldFor) {
			line("    held     %s, %s", number(p.HeldFor[r]), cmp.Or(string(r), "for a reason that an older version did not note"))
		}
		if x.Outcomes == nil && !a.Planned.IsZero() {
			line("  decided    %s, about; --exact counts how", number(x.Decided(p.Scheduled, p.Due)))
		}
	}
	if o := x.Outcomes; o != nil {
		outcomesText(o, line)
	}
	return b.String()
}

// outcomesText says what became of the emails. The holdout is what the others are compared
// with, so it is apart from what was dropped.
func outcomesText(o *announcement.Outcomes, line func(format string, args ...any)) {
	line("  sent       %s", number(o.Sent))
	for _, subject := range slices.Sorted(maps.Keys(o.Subjects)) {
		line("    subject  %s, %s", number(o.Subjects[subject]), subject)
	}
	if o.Uncertain > 0 {
		line("  uncertain  %s", number(o.Uncertain))
	}
	if n := o.Dropped[reason.Holdout]; n > 0 {
		line("  held out   %s", number(n))
	}
	dropped := 0
	for why, n := range o.Dropped {
		if why != reason.Holdout {
			dropped += n
		}
	}
	line("  dropped    %s", number(dropped))
	for _, r := range sortedReasons(o.Dropped) {
		if r != reason.Holdout {
			line("    because  %s, %s", number(o.Dropped[r]), r)
		}
	}
}

// listAnnouncements lists those of a store, or of all of them.
func (p *program) listAnnouncements(ctx context.Context, l *opened, store string) error {
	all, err := l.Announcements().All(ctx)
	if err != nil {
		return err
	}
	out := []*announced{}
	rows := [][]string{{"STORE", "ID", "TEMPLATE", "STATE", "AT", "PLANNED", "SENT"}}
	for _, a := range all {
		if store != "" && a.Store != store {
			continue
		}
		out = append(out, announcedOf(a))
		at, sent := "at once", "-"
		if !a.At.IsZero() {
			at = a.At.String()
		}
		if a.Outcomes != nil {
			sent = number(a.Outcomes.Sent)
		}
		rows = append(rows, []string{a.Store, a.ID, a.Template, a.State(), at, number(a.Walk.Planned), sent})
	}
	switch {
	case p.asJSON():
		return writeJSON(p.out, out)
	case len(out) == 0:
		_, err := fmt.Fprintln(p.out, "There are no announcements.")
		return err
	}
	return table(p.out, rows)
}
