package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"homing/pkg/installation"
	"homing/pkg/mailview"
	"homing/pkg/studio"
	"homing/pkg/support"
	"homing/pkg/touch"
	"homing/pkg/why"
)

// Cases tells the console's section for support about customers. Whose data somebody looked
// at is in the log: by the token, and no address.
type Cases struct{ *Customers }

// Why implements support.Customers.
func (c Cases) Why(ctx context.Context, store, who string, all bool) (why.Report, error) {
	r, err := c.at.Why(ctx, store, who, installation.WhyOptions{All: all})
	if errors.Is(err, installation.ErrUnknown) {
		err = fmt.Errorf("%w: %w", support.ErrNobody, err)
	}
	if err == nil {
		c.looked(ctx, "a customer is looked at", r.Store, r.Token)
	}
	return r, err
}

// Shown implements support.Customers.
func (c Cases) Shown(ctx context.Context, store, touch string) (support.Email, error) {
	all, err := c.at.Shown(ctx, store, touch)
	if errors.Is(err, installation.ErrNoCopy) {
		err = fmt.Errorf("%w%s", support.ErrNoCopy, strings.TrimPrefix(err.Error(), installation.ErrNoCopy.Error()))
	}
	if err != nil {
		return support.Email{}, err
	}
	c.log.Info("an email of a customer is looked at", zap.String("store", store), zap.String("touch", touch), zap.String("by", studio.VisitorOf(ctx).Name))
	last := all[len(all)-1]
	return support.Email{Subject: last.Subject, HTML: mailview.Unlinked(last.HTML), Text: mailview.UnlinkedText(last.Text),
		Sent: last.Sent, Uncertain: last.Uncertain, Template: last.Template, Version: last.TemplateVersion, Times: len(all)}, nil
}

// Export implements support.Customers.
func (c Cases) Export(ctx context.Context, store, token string) (why.Export, error) {
	e, err := c.at.Export(ctx, store, token)
	if errors.Is(err, installation.ErrUnknown) {
		err = fmt.Errorf("%w: %w", support.ErrNobody, err)
	}
	if err == nil {
		c.looked(ctx, "a customer's data is exported", store, e.Token)
	}
	return e, err
}

// Turn implements support.Customers.
func (c Cases) Turn(ctx context.Context, do support.Action, store, token string) (bool, error) {
	f, _, err := c.at.Only(ctx, store, token)
	if errors.Is(err, installation.ErrUnknown) {
		err = fmt.Errorf("%w: %w", support.ErrNobody, err)
	}
	if err != nil {
		return false, err
	}
	of, what := f.Unsubscribes, "a customer's emails are stopped"
	if do == support.Erase {
		of, what = f.Erasures, "a customer is erased"
	}
	all := of(c.at.Now())
	if len(all) == 0 {
		return false, nil
	}
	if err := c.at.Publish(ctx, all); err != nil {
		return false, err
	}
	c.looked(ctx, what, store, token)
	return true, nil
}

// Again implements support.Customers.
func (c Cases) Again(ctx context.Context, store, token, touchID, press string) (support.Resent, error) {
	a, err := c.again(ctx, store, token, touchID, press)
	if err != nil {
		return support.Resent{}, err
	}
	out := support.Resent{Email: a.Touch.Worker + "/" + a.Touch.Step, Sent: a.Sent}
	if v := a.Verdict; v.Action != touch.Send {
		if out.Kept = string(v.Reason); v.Action == touch.Hold {
			out.Kept += ", until " + v.Until.UTC().Format("2006-01-02 15:04 MST")
		}
		if v.Detail != "" {
			out.Kept += " (" + v.Detail + ")"
		}
	}
	return out, nil
}

// SendAgain implements support.Customers.
func (c Cases) SendAgain(ctx context.Context, store, token, touch, press string) (bool, error) {
	a, err := c.again(ctx, store, token, touch, press)
	if err != nil {
		return false, err
	}
	asked, err := c.at.SendAgain(ctx, a)
	if err == nil && asked {
		c.looked(ctx, "an email is sent to a customer again", store, token)
	}
	return asked, err
}

func (c Cases) again(ctx context.Context, store, token, touch, press string) (installation.Again, error) {
	a, err := c.at.Again(ctx, store, token, touch, press, studio.VisitorOf(ctx).Name)
	switch {
	case errors.Is(err, installation.ErrUnknown):
		err = fmt.Errorf("%w: %w", support.ErrNobody, err)
	case errors.Is(err, installation.ErrNotAgain):
		err = fmt.Errorf("%w%s", support.ErrNotAgain, strings.TrimPrefix(err.Error(), installation.ErrNotAgain.Error()))
	}
	return a, err
}

func (c Cases) looked(ctx context.Context, what, store, token string) {
	c.log.Info(what, zap.String("store", store), zap.String("customer", token), zap.String("by", studio.VisitorOf(ctx).Name))
}
