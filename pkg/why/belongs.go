package why

import (
	"strings"
	"time"
)

// Points are a customer's in the rewards programme.
type Points struct {
	Balance   int       `json:"balance"`           // that can be used
	Pending   int       `json:"pending,omitempty"` // of orders that are too new
	Expiring  int       `json:"expiring,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // when those are gone, the next that are
	Tier      string    `json:"tier,omitempty"`
}

// segments are those that the customer is in, by the statistics of the last night; nil: it
// is not known.
func (t *teller) segments() (out []string) {
	if t.Store.Segments == nil || !t.Products.Segmented().Known() {
		return nil
	}
	m, err := t.who.Memberships(t.Now)
	if err != nil {
		return nil
	}
	for _, name := range t.Store.Segments.Names() {
		if m.Has(name) {
			out = append(out, name)
		}
	}
	return out
}

// points are nil of a customer who takes no part in the rewards programme.
func (t *teller) points() *Points {
	ledger := t.who.Input(t.Now).Ledger
	if ledger == nil {
		return nil
	}
	l := ledger()
	if !l.Member {
		return nil
	}
	p := &Points{Balance: l.Balance, Pending: l.Pending, Tier: l.Tier(t.Now).Tier}
	if next := l.Expiring(); len(next) > 0 {
		p.Expiring, p.ExpiresAt = -next[0].Points, next[0].At.UTC()
	}
	return p
}

// belongs says in which segments a customer is, and which points they have.
func (p *printer) belongs() (rows []Row) {
	if s := p.Standing.Segments; len(s) > 0 {
		rows = append(rows, Row{"segments", strings.Join(s, ", ")})
	}
	x := p.Standing.Points
	if x == nil {
		return rows
	}
	text := count(x.Balance, "point")
	if x.Pending > 0 {
		text += ", and " + count(x.Pending, "point") + " of orders that are too new"
	}
	if x.Expiring > 0 {
		text += "; " + count(x.Expiring, "point") + " will expire on " + p.at(x.ExpiresAt)
	}
	if x.Tier != "" {
		text += "; tier " + x.Tier
	}
	return append(rows, Row{"rewards", text})
}
