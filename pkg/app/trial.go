package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/gate"
	"homing/pkg/mailer"
	"homing/pkg/programme"
	"homing/pkg/render"
)

// ErrNotAllowed says that a trial may not go to an address.
var ErrNotAllowed = errors.New("recipients_allow does not have this address")

// Trials sends emails to those who write them, through the relays that customers'
// emails leave by. Nothing is recorded, and no gate is asked: only recipients_allow says
// who may get one.
type Trials struct {
	c      *config.Config
	routes map[string]route
	any    bool            // to anybody
	also   gate.Recipients // apart from recipients_allow: of the console
}

// OpenTrials reads the keys and makes the relays of all stores. With any, emails may
// also go to addresses that recipients_allow does not have.
func OpenTrials(c *config.Config, any bool, log *zap.Logger) (*Trials, error) {
	routes, err := openRoutes(c, nil, relayWatch{}, log)
	if err != nil {
		return nil, err
	}
	return &Trials{c: c, routes: routes, any: any}, nil
}

// Send sends one email to an address; store may be "" where there is one store. It
// returns when the relay has taken it.
func (t *Trials) Send(ctx context.Context, store, to string, m render.Mail) error {
	a, err := netmail.ParseAddress(to)
	if err != nil || a.Address != strings.TrimSpace(to) {
		return fmt.Errorf("%q is not an email address", to)
	}
	switch {
	case t.any || t.c.RecipientsAllow.Have(a.Address) || t.also.Have(a.Address):
	case t.c.Console.URL != "":
		return fmt.Errorf("%w, nor has console.tests_to: those who run Homing can add it to one of them", ErrNotAllowed)
	default:
		return fmt.Errorf("%w: add it to the configuration, or start the studio with --send-to-anybody", ErrNotAllowed)
	}
	if names := programme.StoreNames(t.c); store == "" && len(names) > 0 {
		store = names[0]
	}
	r, ok := t.routes[store]
	if !ok {
		return fmt.Errorf("there is no store %q", store)
	}
	built, err := mailer.Build(mailer.Mail{
		From: t.c.Stores[store].From, To: a.Address, Subject: "[Test] " + m.Subject, HTML: m.HTML, Text: m.Text, MessageID: trialID(t.c.Stores[store].From), DKIM: r.dkim, Urgent: true,
	})
	if err != nil {
		return err
	}
	defer built.Release()
	conn, err := r.relay.AcquireFor(ctx, built)
	if err != nil {
		return fmt.Errorf("the relay %s: %w", r.relay.Addr(), err)
	}
	defer conn.Release()
	if out := conn.Send(ctx, built, noLease{}); out.State != mailer.Accepted {
		return fmt.Errorf("the relay did not take it: %d %s", out.Code, out.Words())
	}
	return nil
}

// Close closes the connections to the relays.
func (t *Trials) Close() error {
	var err error
	for _, r := range t.routes {
		err = errors.Join(err, r.relay.Close())
	}
	return err
}

// trialID returns a Message-ID of its own for each trial.
func trialID(from string) string {
	_, domain, _ := strings.Cut(strings.TrimRight(from, "> "), "@")
	return "trial-" + strings.ToLower(rand.Text()) + "@" + domain
}

// noLease is of an email that nobody else could send.
type noLease struct{}

func (noLease) BeforeDot() error    { return nil }
func (noLease) Deadline() time.Time { return time.Time{} }
