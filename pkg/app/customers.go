package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/email"
	"homing/pkg/installation"
	"homing/pkg/studio"
)

// Customers shows previews what real customers would get. It reads, and keeps nothing.
type Customers struct {
	at    *installation.Installation
	links string // what links begin with
	log   *zap.Logger
}

// NewCustomers returns the customers of an installation. They end with it.
func NewCustomers(at *installation.Installation, c *config.Config, log *zap.Logger) *Customers {
	return &Customers{at, c.HTTP.PublicURL, log}
}

// Email implements studio.Customers. Links that would do something are none: a preview
// must not unsubscribe anybody.
func (c *Customers) Email(ctx context.Context, store, who, template string) (studio.CustomerEmail, error) {
	content, err := c.at.Content(ctx, store, who, template)
	if several, ok := errors.AsType[*installation.SeveralError](err); ok {
		return studio.CustomerEmail{}, fmt.Errorf("%d customers answer to this; name one by their id", len(several.Found))
	}
	if err != nil {
		return studio.CustomerEmail{}, err
	}
	// Whose data was looked at is known afterwards: by the token, and no address.
	c.log.Info("an email to a customer is looked at", zap.String("store", content.Touch.Customer.Store), zap.String("customer", content.Touch.Customer.Token),
		zap.String("email", template), zap.String("by", studio.VisitorOf(ctx).Name))
	ch := email.New(email.Options{
		Shop:        func() email.Shop { return email.Shop(content.Shop) },
		Store:       c.at.Store(content.Touch.Customer.Store),
		Unsubscribe: func(customer.Key, string) string { return c.links + "/preview" },
		Preferences: func(customer.Key, string) string { return c.links + "/preview" },
		Confirm:     func(customer.Key, string, string, time.Time) string { return c.links + "/preview" },
		Answer: func(_ customer.Key, _ string, a email.Answer) string {
			return c.links + "/preview/" + cmp.Or(a.Choice, fmt.Sprint(a.Scale, "-", a.Score))
		},
	})
	note := content.Note
	if content.Code {
		note += " Its code is chosen when it is sent; here it is " + installation.StandsFor + "."
	}
	return studio.CustomerEmail{Data: ch.Shows(content.Content), Note: note}, nil
}

// openCustomers opens the installation that this process is part of, from outside.
func (a *App) openCustomers() (*Customers, error) {
	at, err := installation.Open(installation.Options{Config: a.o.Config, JS: a.js, Scale: a.o.Scale, RedisDial: a.o.RedisDial})
	if err != nil {
		return nil, err
	}
	return NewCustomers(at, a.o.Config, a.log.Named("console")), nil
}
