package rehearsal

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// CompareText writes a comparison for a person, and with markdown as a comment of a pull
// request.
func CompareText(w io.Writer, c *Comparison, from, to time.Time, markdown bool) error {
	var b strings.Builder
	p := sheet{&b, markdown}
	span := from.Format(day) + " to " + to.Format(day)
	if !c.Differs() {
		p.say("**Nobody would get different mail** in the rehearsal of %s: %s emails, as before.", span, number(c.Emails))
		_, err := io.WriteString(w, b.String())
		return err
	}
	if c.People > 0 {
		p.say("**%s would get different mail** in the rehearsal of %s: %s emails, before %s; %s are the same.",
			plural(c.People, "customer"), span, number(c.Emails), number(c.Before), number(c.Same))
	} else {
		p.say("**Emails look different.** In the rehearsal of %s all %s leave as before.", span, number(c.Emails))
	}
	p.templates(c)
	rows := [][]string{{"worker", "before", "after", "new", "gone", "at another time", "other template", "customers"}}
	for _, x := range c.Workers {
		rows = append(rows, []string{x.Worker, number(x.Before), number(x.After), number(x.New), number(x.Gone), number(x.Moved), number(x.Other), number(x.People)})
	}
	if len(c.Workers) > 0 {
		p.table("By worker", rows)
	}
	if len(c.Reasons) > 0 {
		rows = [][]string{{"worker", "email", "otherwise", "times"}}
		for _, x := range c.Reasons {
			rows = append(rows, []string{x.Worker, x.Change, x.Instead, number(x.Count)})
		}
		p.table("Why", rows)
	}
	if len(c.Customers) > 0 {
		p.customers(c)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// templates lists the emails that look different.
func (s sheet) templates(c *Comparison) {
	if len(c.Templates) == 0 {
		return
	}
	rows := [][]string{{"email", "template", "language", "emails", "customers", "subject"}}
	for _, x := range c.Templates {
		rows = append(rows, []string{x.Worker + "/" + x.Step, x.Template, x.Language, number(x.Emails), number(x.People), x.subject()})
	}
	s.table("Emails that look different", rows)
	for _, x := range c.Templates {
		if x.Diff == "" {
			continue
		}
		if s.markdown {
			fmt.Fprintf(s.b, "\n<details><summary>%s/%s %s</summary>\n\n````diff\n%s````\n\n</details>\n", x.Worker, x.Step, x.Language, x.Diff)
			continue
		}
		fmt.Fprintf(s.b, "\n%s/%s %s\n%s", x.Worker, x.Step, x.Language, x.Diff)
	}
}

// subject says what becomes of the subject.
func (c *TemplateChange) subject() string {
	switch {
	case c.Before == nil:
		return c.After.Subject + " (new)"
	case c.Before.Subject == c.After.Subject:
		return c.After.Subject
	}
	return c.Before.Subject + " → " + c.After.Subject
}

// sheet writes text, or markdown.
type sheet struct {
	b        *strings.Builder
	markdown bool
}

func (s sheet) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !s.markdown {
		text = strings.ReplaceAll(text, "**", "")
	}
	s.b.WriteString(text + "\n")
}

func (s sheet) table(head string, rows [][]string) {
	if !s.markdown {
		p := printer{s.b}
		p.head(head)
		p.table(rows)
		return
	}
	fmt.Fprintf(s.b, "\n### %s\n\n", head)
	for i, r := range rows {
		cells := make([]string, len(r))
		for j, c := range r {
			cells[j] = strings.ReplaceAll(c, "|", `\|`)
		}
		fmt.Fprintf(s.b, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			s.b.WriteString(strings.Repeat("|---", len(r)) + "|\n")
		}
	}
}

func (s sheet) customers(c *Comparison) {
	rows := [][]string{{"customer", "email", "before", "after"}}
	for _, p := range c.Customers {
		for i, x := range p.Emails {
			name := p.Customer
			if i > 0 {
				name = ""
			}
			rows = append(rows, []string{name, x.Worker + "/" + x.Step, side(x.Before, x.Was), side(x.After, x.Is)})
		}
	}
	head := "Customers"
	if c.More > 0 {
		head = fmt.Sprintf("The first %s of %s customers", number(len(c.Customers)), number(c.People))
	}
	if s.markdown {
		fmt.Fprintf(s.b, "\n<details><summary>%s</summary>\n", head)
		s.table("Side by side", rows)
		s.b.WriteString("\n</details>\n")
		return
	}
	s.table(head, rows)
}

func side(at time.Time, what string) string {
	if at.IsZero() {
		return what
	}
	return at.Format("2006-01-02 15:04") + " " + what
}
