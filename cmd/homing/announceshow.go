package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"homing/pkg/announcement"
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
	Scheduled int `json:"scheduled"` // on the schedule: not due yet, held, or set aside
	Due       int `json:"due"`       // fell due, and is not decided yet
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

// showAnnouncement shows one announcement.
func (p *program) showAnnouncement(ctx context.Context, l *opened, a *announcement.Announcement, exact bool) error {
	out := announcedOf(a)
	scheduled, due, err := l.AnnouncementPending(ctx, &a.Definition)
	if err != nil {
		return err
	}
	out.Pending = &pendingCount{scheduled, due}
	if exact && out.Outcomes == nil {
		g := meter{p: p, since: time.Now(), last: time.Now()}
		out.Outcomes, err = l.Outcomes(ctx, &a.Definition, func(n int) {
			g.show("counting", int64(n), 0, func() string { return number(n) + " customers read" })
		})
		g.finish()
		if err != nil {
			return err
		}
	}
	if p.asJSON() {
		return writeJSON(p.out, out)
	}
	_, err = fmt.Fprint(p.out, announcementText(a, out))
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
	line("  customers  %s; it is for %s of them", number(x.Customers), number(x.Audience))
	line("  planned    %s", number(x.Counts.Planned))
	for _, r := range sortedReasons(x.Left) {
		line("    left out %s, %s", number(x.Left[r]), r)
	}
	if p := x.Pending; p != nil {
		line("  pending    %s on the schedule, %s due", number(p.Scheduled), number(p.Due))
		if x.Outcomes == nil && !a.Planned.IsZero() {
			line("  decided    %s, about; --exact counts how", number(max(0, x.Counts.Planned-p.Scheduled-p.Due)))
		}
	}
	if o := x.Outcomes; o != nil {
		line("  sent       %s", number(o.Sent))
		if o.Uncertain > 0 {
			line("  uncertain  %s", number(o.Uncertain))
		}
		for _, r := range sortedReasons(o.Dropped) {
			line("    dropped  %s, %s", number(o.Dropped[r]), r)
		}
	}
	return b.String()
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
