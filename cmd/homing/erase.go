package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/events"
	"homing/pkg/installation"
	"homing/pkg/why"
)

const eraseHelp = `Erases one person: all that is kept under any of their ids, and as a guest. It shows who
that is, asks, and publishes customer.erased for each id, as the shop itself may;
docs/privacy.md says what is deleted when.

` + whoHelp + `
If several persons answer, none is erased: name one by the token.`

func (p *program) eraseCommand() *cobra.Command {
	var timeout time.Duration
	var store string
	var yes bool
	cmd := &cobra.Command{
		Use: "erase <id, address, order or token>", Short: "Erase a person, after showing who that is", Long: eraseHelp, Args: cobra.ExactArgs(1),
		Example: "  homing erase jo@example.com --store main\n  homing erase C-1007 --yes --output json",
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, args []string) error {
			return p.erase(ctx, l, store, args[0], yes)
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	p.whoFlags(cmd, &timeout, &store)
	return cmd
}

// erasing is the document of `homing erase --output json`.
type erasing struct {
	Store    string      `json:"store"`
	Customer string      `json:"customer"`
	Token    string      `json:"token"`
	Person   *why.Who    `json:"person"`
	Events   []published `json:"events"` // empty: they are erased already
}

func (p *program) erase(ctx context.Context, l *opened, store, who string, yes bool) error {
	f, others, err := l.Only(ctx, store, who)
	if err != nil {
		return err
	}
	if f.Email != "" {
		return errors.New("no customer has this address. What is kept of it is whether email to it came back or was reported as spam; that stays, under a keyed hash")
	}
	r, err := l.WhyOf(ctx, f, who, installation.WhyOptions{Limit: 1})
	if err != nil {
		return err
	}
	doc := erasing{Store: r.Store, Customer: r.Customer, Token: r.Token, Person: r.Person, Events: []published{}}
	es := f.Erasures(time.Now())
	if len(es) > 0 {
		if err := p.showWhoGoes(r, others); err != nil {
			return err
		}
		if !yes && !p.confirmed("It cannot be undone. Type yes to go on: ") {
			return errors.New("nothing was erased")
		}
	}
	for _, e := range es {
		body, err := events.Encode(e)
		if err != nil {
			return err
		}
		subject := events.Subject(e.Store, e.Type)
		ack, err := publish(ctx, l.js, subject, events.MessageID(e), body)
		if err != nil {
			return fmt.Errorf("%w\nrun the command again; to erase twice does no harm", err)
		}
		doc.Events = append(doc.Events, published{e.Type, e.ID, e.Time, subject, ack.Stream, ack.Sequence, ack.Duplicate})
	}
	if p.asJSON() {
		return writeJSON(p.out, doc)
	}
	if len(es) == 0 {
		_, err = fmt.Fprintf(p.out, "They were erased on %s already.\n", r.Erased.Format(shortTime+" MST"))
		return err
	}
	_, err = fmt.Fprintf(p.out, "Published %s of customer.erased. What is pending goes within seconds, what is on the streams in the night;\n`%s why %s --store %s` shows when it is done.\n",
		plural(len(es), "event"), p.name, r.Token, r.Store)
	return err
}

// showWhoGoes says on the error output, so that the document stays alone on the
// other, who is about to be erased.
func (p *program) showWhoGoes(r why.Report, others []installation.Found) error {
	var b strings.Builder
	fmt.Fprintf(&b, "This erases one person of store %s:\n", r.Store)
	for _, x := range r.Person.IDs {
		fmt.Fprintf(&b, "  %s (token %s)\n", x.ID, x.Token)
	}
	for _, a := range r.Person.Addresses {
		fmt.Fprintf(&b, "  %s\n", a.Email)
	}
	if r.Profile != nil {
		fmt.Fprintf(&b, "They have %s; %s pending.\n", plural(r.Profile.Orders, "order"), plural(len(r.Pending), "email"))
	}
	for _, o := range others {
		m := o.Match()
		fmt.Fprintf(&b, "Not erased: %s, as %s.\n", m.Name(), strings.Join(m.Is, ", "))
	}
	_, err := fmt.Fprint(p.err, printable(b.String()))
	return err
}
