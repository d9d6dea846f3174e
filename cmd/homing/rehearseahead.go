package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/rehearsal"
	"homing/pkg/templatestore"
	"homing/pkg/touch"
)

// farthest is how far ahead is lived at most: what would be sent later follows from what
// customers do until then.
const farthest = 400 * 24 * time.Hour

// runAhead lives ahead from where the running installation is.
func (p *program) runAhead(cmd *cobra.Command, f *rehearseFlags) error {
	d, err := localtime.ParseDuration(f.fromNow)
	switch {
	case err != nil:
		return usagef("--from-now: %w", err)
	case d <= 0 || d > farthest:
		return usagef("--from-now: %s is not a time ahead; it is up to 400d, as 30d", f.fromNow)
	}
	m := &rehearsing{p: p, f: f, bar: meter{p: p, since: time.Now(), last: time.Now()}}
	return p.onInstallation(&f.timeout, func(ctx context.Context, l *opened, _ []string) error {
		m.published = templatestore.New(l.js)
		if err := m.open(ctx, l.config, programme.StoreNames(l.config)...); err != nil {
			return err
		}
		return m.ahead(ctx, l, d)
	})(cmd, nil)
}

// ahead takes over what an installation knows, and lives for so long.
func (m *rehearsing) ahead(ctx context.Context, l *opened, d time.Duration) error {
	at, err := l.HandOver(ctx, heirs(m.each), func(what string, n int) { m.show(what, int64(n), 0) })
	if err != nil {
		return fmt.Errorf("reading the installation: %w", err)
	}
	for _, r := range m.each {
		r.GoOn(rehearsal.Ahead{
			Now: at.Now, Until: at.Now.Add(d), Products: at.Products, Shop: at.Shop, Calendar: at.Calendar, Paused: at.Paused, Recall: l.Recall,
			Unread: rehearsal.Unread{Events: at.Unread, Entries: at.Unplanned},
		})
	}
	return m.live(ctx)
}

// heirs are the rehearsals that take an installation over. Each has customers of its own.
type heirs []*rehearsal.Rehearsal

// TakeTold implements installation.Heir.
func (h heirs) TakeTold(ps []projection.Placed) {
	for _, r := range h {
		r.TakeTold(ps)
	}
}

// TakeWaiting implements installation.Heir.
func (h heirs) TakeWaiting(ts []touch.Touch) {
	for _, r := range h {
		r.TakeWaiting(ts)
	}
}

// TakeLinks implements installation.Heir.
func (h heirs) TakeLinks(mailbox customer.Key, ids []customer.Key) {
	for _, r := range h {
		r.TakeLinks(mailbox, ids)
	}
}

// TakeRecords implements installation.Heir.
func (h heirs) TakeRecords(rs []customer.Record) {
	for i, r := range h {
		if i < len(h)-1 {
			r.TakeRecords(copies(rs))
		} else {
			r.TakeRecords(rs)
		}
	}
}

// copies returns records that share no memory with others.
func copies(rs []customer.Record) []customer.Record {
	out := make([]customer.Record, len(rs))
	for i, r := range rs {
		c, err := r.Customer.Apart()
		if err != nil { // it was decoded before
			panic(err)
		}
		out[i], out[i].Customer = r, c
	}
	return out
}
