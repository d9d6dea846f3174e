package installation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/kept"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/pkg/touch"
	"homing/pkg/why"
)

// ErrNoCopy says that there is no copy of an email, and why.
var ErrNoCopy = errors.New("there is no copy of it")

// Shown returns the copies of what a touch's emails showed, the oldest first: one that
// left twice has two. Without any its error wraps ErrNoCopy. store may be "": any.
func (i *Installation) Shown(ctx context.Context, store, touchID string) ([]kept.Copy, error) {
	_, _, token, _, err := touch.ParseID(touchID)
	if err != nil {
		return nil, err
	}
	stores := []string{store}
	if store == "" {
		stores = programme.StoreNames(i.o.Config)
	}
	for _, s := range stores {
		k, ok := customer.KeyOfToken(s, token)
		if !ok {
			return nil, fmt.Errorf("%w: %q has no customer's token", touch.ErrID, touchID)
		}
		if found, err := kept.Find(ctx, i.o.JS, k, touchID); err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, i.noCopy(ctx, store, token, touchID)
}

// left are the types of facts about what left, perhaps.
var left = events.OutcomeTypes(events.ActionSent, events.ActionUncertain)

// noCopy says why there is no copy of an email: what became of the touch tells.
func (i *Installation) noCopy(ctx context.Context, store, token, touchID string) error {
	r, err := i.Why(ctx, store, token, WhyOptions{All: true})
	if errors.Is(err, ErrUnknown) {
		return fmt.Errorf("%w: nothing is known about the customer %s", ErrNoCopy, token)
	}
	if err != nil {
		return err
	}
	retain := i.o.Config.RetainMails
	for _, line := range r.Story {
		if line.Touch != touchID || !slices.Contains(left, line.Type) {
			continue
		}
		age := i.o.Scale.Now().Sub(line.At)
		when := line.At.UTC().Format("2006-01-02 15:04 MST")
		switch {
		case retain == 0:
			return fmt.Errorf("%w: it left on %s, and none are kept (retain_mails: 0s)", ErrNoCopy, when)
		case age > retain:
			return fmt.Errorf("%w any more: it left on %s, and copies are kept for %s (retain_mails)", ErrNoCopy, when, localtime.FormatDuration(retain))
		}
		return fmt.Errorf("%w: it left on %s, before copies were kept, or when one could not be stored (homing_email_copies_total), or it was deleted for an erasure", ErrNoCopy, when)
	}
	if !r.Erased.IsZero() {
		return fmt.Errorf("%w: the customer was erased", ErrNoCopy)
	}
	return fmt.Errorf("%w: no such email left; `homing why %s` tells what became of it", ErrNoCopy, token)
}

// copies returns the copies of all emails that a person got, or that went to a mailbox of
// theirs.
func (i *Installation) copies(ctx context.Context, keys []customer.Key) ([]why.ExportCopy, error) {
	out, seen := []why.ExportCopy{}, map[string]bool{}
	for _, k := range keys {
		all, err := kept.All(ctx, i.o.JS, k)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			if id := c.Touch + c.Sent.String(); !seen[id] {
				seen[id] = true
				out = append(out, why.ExportCopy{Touch: c.Touch, Sent: c.Sent, Subject: c.Subject, Preheader: c.Preheader, HTML: c.HTML, Text: c.Text})
			}
		}
	}
	return out, nil
}
