package why

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"homing/events"
	"homing/pkg/localtime"
	"homing/pkg/reason"
)

// Text writes a report for a person, and those of others who answer to what was
// asked for, too.
func Text(w io.Writer, r Report) error {
	var b strings.Builder
	matches(&b, r.Matches)
	for _, x := range append([]Report{r}, r.Others...) {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(textOf(x))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func textOf(r Report) string {
	p := newPrinter(r)
	if r.Profile == nil {
		p.line("%s", p.erased())
		p.line("Nothing else is shown. Emails that were planned end as erased.")
		return p.b.String()
	}
	p.head()
	w := p.words()
	p.section("PERSON", w.Person)
	if len(w.Person) > 0 && w.Crowded != "" {
		p.line("  %s", w.Crowded)
	}
	p.section("STANDING", w.Standing)
	p.story()
	p.pending()
	p.section("NOTHING PENDING FROM", w.Silent)
	p.section("REJECTED", w.Rejected)
	return p.b.String()
}

// section writes a section, if it has anything.
func (p *printer) section(title string, rows []Row) {
	if len(rows) > 0 {
		p.line("\n%s", title)
		p.columns("  ", rows)
	}
}

func newPrinter(r Report) *printer {
	p := &printer{Report: r, zone: time.UTC}
	if z, err := localtime.Load(r.Zone); err == nil {
		p.zone = z
	}
	return p
}

type printer struct {
	Report
	zone *time.Location
	b    strings.Builder
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *printer) at(t time.Time) string { return t.In(p.zone).Format(layout) }

// columns writes rows of two columns, the first as wide as it must be.
func (p *printer) columns(indent string, rows []Row) {
	t := tabwriter.NewWriter(&p.b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "%s%s\t%s\n", indent, r.Name, r.Text) // into a string
	}
	_ = t.Flush()
}

func (p *printer) head() {
	var who strings.Builder
	who.WriteString(p.Customer)
	for _, s := range []string{p.Profile.Name, p.Profile.Email} {
		if s != "" {
			who.WriteString(" · " + s)
		}
	}
	p.line("Customer %s of store %s (token %s)", who.String(), p.Store, p.Token)
	p.line("Times are in %s, the %s's time zone. Now it is %s there.", p.Zone, p.ZoneOf, p.at(p.Now))
	if p.Profile.Became != "" {
		p.line("They turned out to be customer %s, under whom everything goes on.", p.Profile.Became)
	}
	if !p.Erased.IsZero() {
		p.line("They were erased on %s; nothing from before is kept. They have come back since.", p.at(p.Erased))
	}
	for _, n := range p.Notes {
		p.line("Note: %s.", n)
	}
}

// person says who the customer is, if they have more than one id or address.
func (p *printer) person() (rows []Row) {
	w := p.Person
	if w == nil || len(w.IDs) < 2 && len(w.Addresses) < 2 && !w.Crowded {
		return nil
	}
	for _, x := range w.IDs {
		rows = append(rows, Row{x.ID, p.id(x)})
	}
	for _, a := range w.Addresses {
		text := map[string]string{useAccount: "address of an account", useEarlier: "address of an account, earlier", useOrder: "address of orders and the like alone"}[a.Use]
		text += ", since " + p.at(a.First)
		if len(w.IDs) > 1 {
			text += ", by " + strings.Join(a.Of, ", ")
		}
		rows = append(rows, Row{a.Email, text})
	}
	if len(w.IDs) > 1 {
		rows = append(rows, Row{"control groups", "drawn by token " + w.Group})
	}
	return rows
}

func (p *printer) id(x ID) string {
	parts := []string{"token " + x.Token}
	if x.Guest {
		parts = append(parts, "a guest")
	}
	if x.Email != "" {
		parts = append(parts, x.Email)
	}
	if x.Into != "" {
		parts = append(parts, "merged into "+x.Into)
	}
	if !x.Since.IsZero() {
		parts = append(parts, "since "+p.at(x.Since))
	}
	if !x.Erased.IsZero() {
		parts = append(parts, "erased on "+p.at(x.Erased))
	}
	return strings.Join(parts, ", ")
}

// rejected lists the events that named them and were not taken in.
func (p *printer) rejected() (rows []Row) {
	for _, r := range p.Rejected {
		rows = append(rows, Row{p.at(r.At), r.Text()})
	}
	return rows
}

func (p *printer) standing() []Row {
	s := p.Standing
	rows := []Row{{"marketing", may(s.Marketing)}, {"transactional", may(s.Transactional)}, {"consent", p.consent()}}
	for _, stop := range s.Stops {
		text := stop.Scope + ", on " + p.at(stop.At)
		if stop.Lifted {
			text += "; lifted since"
		}
		rows = append(rows, Row{"unsubscribed", text})
	}
	if !s.Unconfirmed.IsZero() {
		rows = append(rows, Row{"asked", "for email, on " + p.at(s.Unconfirmed) + "; waiting for confirmation"})
	}
	if !s.PausedUntil.IsZero() {
		rows = append(rows, Row{"pause", "no marketing until " + p.at(s.PausedUntil) + ", as they chose"})
	}
	if s.AtMost != "" {
		rows = append(rows, Row{"chose", "at most " + s.AtMost})
	}
	if !s.Bounced.IsZero() {
		rows = append(rows, Row{"bounced", "an address of theirs, on " + p.at(s.Bounced)})
	}
	if !s.Asleep.IsZero() {
		rows = append(rows, Row{"asleep", "no sign of life since the last email of a series, " + p.at(s.Asleep)})
	}
	for _, k := range s.Caps {
		rows = append(rows, Row{"emails", p.cap(k)})
	}
	orders := count(p.Profile.Orders, "order")
	if !p.Profile.LastOrder.IsZero() {
		orders += ", the last on " + p.at(p.Profile.LastOrder)
	}
	rows = append(rows, Row{"orders", orders + p.Profile.Expected.text()})
	for _, o := range p.Offers {
		rows = append(rows, Row{"offer", p.offer(o)})
	}
	return append(rows, p.belongs()...)
}

// text says how many orders are expected; of nil, nothing.
func (e *Expected) text() string {
	switch {
	case e == nil:
		return ""
	case e.Orders < 0.1:
		return "; hardly any more expected in the next year"
	}
	return fmt.Sprintf("; about %.1f more expected in the next year", e.Orders)
}

// may says whether a class of email may be sent at all.
func may(v Verdict) string {
	if v.Action == "send" {
		return "may be sent"
	}
	return "is not sent" + because(v.Reason, v.Detail)
}

func (p *printer) consent() string {
	s := p.Standing
	text := s.Consent
	switch {
	case s.Consent == "" || s.Consent == events.ConsentUnknown:
		text = "not known"
	case !s.ConsentAt.IsZero():
		text += " on " + p.at(s.ConsentAt)
	}
	return text + "; the shop's policy is " + s.Policy
}

func (p *printer) cap(k Cap) string {
	s := fmt.Sprintf("%d of %d in %s", k.Used, k.Limit, k.Window)
	if !k.RoomAt.IsZero() {
		s += ", room again " + p.at(k.RoomAt)
	}
	const most = 4
	var names []string
	for _, m := range k.Mails[:min(len(k.Mails), most)] {
		names = append(names, strings.TrimSpace(m.Name+" "+p.at(m.At)))
	}
	if more := len(k.Mails) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	if len(names) > 0 {
		s += ": " + strings.Join(names, ", ")
	}
	return s
}

func (p *printer) offer(o Offer) string {
	s := o.Code + ", "
	if o.Amount != nil {
		s += money(*o.Amount)
	} else {
		s += fmt.Sprintf("%d %%", o.Percent)
	}
	s += ", given " + p.at(o.At)
	if !o.Expires.IsZero() {
		s += ", good until " + p.at(o.Expires)
	}
	switch {
	case !o.Redeemed.IsZero():
		return s + "; redeemed " + p.at(o.Redeemed)
	case !o.Expires.IsZero() && !o.Expires.After(p.Now):
		return s + "; not redeemed"
	}
	return s + "; not redeemed yet"
}

func (p *printer) story() {
	p.line("\nSTORY")
	switch {
	case p.Hidden > 0 && p.Older:
		p.line("  … %s not shown (--limit, --since), and older entries: --all reads them too", count(p.Hidden, "line"))
	case p.Hidden > 0:
		p.line("  … %s not shown (--limit, --since)", count(p.Hidden, "line"))
	case p.Older:
		p.line("  … older entries: --all reads them too")
	case len(p.Story) == 0:
		p.line("  nothing")
	}
	var rows []Row
	for _, l := range p.Story {
		rows = append(rows, Row{p.at(l.At), l.Text})
	}
	p.columns("  ", rows)
}

func (p *printer) pending() {
	p.line("\nPENDING")
	if len(p.Pending) == 0 {
		p.line("  no email is planned")
	}
	for _, t := range p.Pending {
		head := t.Worker + "/" + t.Step
		if t.About != "" {
			head += " for " + t.About
		}
		if t.By != "" {
			head += ", which " + t.By + " asked to send again"
		}
		if t.To != "" {
			head += " to " + t.To
		}
		switch {
		case t.FellDue:
			head += ": due " + p.at(t.Due) + ", and being looked at"
		case t.Wake.Equal(t.Due):
			head += ": due " + p.at(t.Due)
		case t.ToldLate:
			head += ": due " + p.at(t.Due) + ", looked at " + p.at(t.Wake) + ", since it was told more than an hour late: what undoes it may be next"
		default:
			head += ": due " + p.at(t.Due) + ", looked at again " + p.at(t.Wake)
		}
		p.line("  %s", head)
		for _, l := range p.then(t) {
			p.line("    %s", l)
		}
	}
}

// then says what would become of a pending email.
func (p *printer) then(t Touch) []string {
	switch {
	case t.Then == nil:
		return []string{"now it would be " + p.verdict(t.Now) + p.end(t.End)}
	case *t.Then == t.Now:
		return []string{"now or then it would be " + p.verdict(t.Now) + p.end(t.End)}
	}
	out := []string{"then, if nothing changes, it is " + p.verdict(*t.Then) + p.end(t.End)}
	if t.Now.Reason != string(reason.NotYet) { // that it is too early, everybody sees
		out = append([]string{"now it would be " + p.verdict(t.Now)}, out...)
	}
	return out
}

// end says how an email ends that is held before.
func (p *printer) end(o *Outcome) string {
	switch {
	case o == nil:
		return ""
	case o.Action == "send":
		return "; it is sent " + p.at(o.At)
	}
	return "; it is dropped " + p.at(o.At) + because(o.Reason, o.Detail)
}

func (p *printer) verdict(v Verdict) string {
	switch v.Action {
	case "send":
		return "sent"
	case "hold":
		if v.Until.IsZero() {
			return "held" + because(v.Reason, v.Detail)
		}
		return "held until " + p.at(v.Until) + because(v.Reason, v.Detail)
	case "drop":
		return "dropped" + because(v.Reason, v.Detail)
	case "sending":
		return "left alone: " + v.Detail
	}
	return "left alone: it ended as " + v.Reason
}

func (p *printer) silent() (rows []Row) {
	for _, s := range p.Silent {
		text := s.Text
		switch s.Reason {
		case silentOff, silentDone, silentLate, silentUnplanned, silentNothing, silentNoEvent:
		default:
			text = s.Reason + ": " + text
		}
		if s.Blocked != nil {
			text += ". And none of its emails would be sent now" + because(s.Blocked.Reason, s.Blocked.Detail)
		}
		rows = append(rows, Row{s.Worker, text})
	}
	return rows
}
