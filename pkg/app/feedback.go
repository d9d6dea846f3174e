package app

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/feedback"
	"homing/pkg/inbound"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/returnpath"
)

// serveFeedback takes what comes back to return paths, from now on.
func (a *App) serveFeedback() (*inbound.Server, error) {
	listen := a.o.FeedbackListen
	if listen == nil {
		listen = net.Listen
	}
	address, lmtp := a.o.Config.Feedback.Address()
	l, err := listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("feedback.listen: %w", err)
	}
	stores := programme.StoreNames(a.o.Config)
	loops := map[string]bool{}
	for _, s := range a.o.Config.Stores {
		if s.SMTP.ReturnPath != "" {
			loops[inbound.ComplaintsOf(s.SMTP.ReturnPath)] = true
		}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	log := a.log.Named("feedback")
	log.Info("reports", zap.String("address", l.Addr().String()), zap.Bool("lmtp", lmtp))
	t := a.o.Config.Feedback.TLS
	return inbound.Serve(l, inbound.Options{
		LMTP: lmtp, Domain: host, TLS: inbound.Offer(t.CertFile, t.KeyFile), Log: log, Ready: a.admitted.Load,
		Read:       func(address string) (returnpath.Email, error) { return a.returns.Read(address, stores) },
		Complaints: func(address string) bool { return loops[strings.ToLower(address)] },
		Record:     a.reported, Keep: a.keepReport,
		Took: func(what string) { a.metrics.reports.WithLabelValues("mail", what).Inc() },
	})
}

// reported records what a report says about an email, and returns it in one word; "" if
// it says nothing that is understood.
func (a *App) reported(ctx context.Context, e returnpath.Email, r feedback.Report) (string, error) {
	what, err := a.reportedAll(ctx, []about{{e, r}})
	if err != nil {
		return "", err
	}
	return what[0], nil
}

// about is what a report says about an email.
type about struct {
	email  returnpath.Email
	report feedback.Report
}

// reportedAll does that for several, with one read of all customers and one way through
// fold, timeline and mark.
func (a *App) reportedAll(ctx context.Context, all []about) ([]string, error) {
	if !a.nc.IsConnected() { // before the fold, so that what is put off is not half done
		return nil, errors.New("not connected to NATS")
	}
	keys := make([]customer.Key, 0, 2*len(all))
	for _, x := range all {
		keys = append(keys, x.email.Customer, a.identity.AddressKey(x.email.Customer.Store, x.email.Address))
	}
	records, err := a.customers.Unhurried().Load(ctx, keys)
	if err != nil {
		return nil, err
	}
	now := a.o.Scale.Now().UTC().Truncate(time.Millisecond)
	out := make([]string, len(all))
	var entries []customer.Entry
	for i, x := range all {
		r := report{email: x.email, mailbox: records[2*i+1], now: now}
		for _, k := range records[2*i].Customer.Claims {
			if x.email.Is(k.Touch) {
				r.claim = k
			}
		}
		more, what, err := a.follows(ctx, r, x.report, records[2*i])
		if err != nil {
			return nil, err
		}
		out[i], entries = what, append(entries, more...)
	}
	return out, a.intake().Take(ctx, entries)
}

// follows is what follows from a report.
func (a *App) follows(ctx context.Context, x report, r feedback.Report, of customer.Record) ([]customer.Entry, string, error) {
	means, what := r.Means(), r.Kind.String()
	switch {
	case r.Kind == feedback.Automatic: // that somebody has the address
		return nil, what, nil
	case r.Kind == feedback.Complaint, r.Kind == feedback.Unsubscribe:
	case r.Kind == feedback.Delivery && means != feedback.Unsaid:
		what = means.String()
	default:
		return nil, "", nil
	}
	entries, err := a.settled(ctx, x.claim, of)
	if err != nil {
		return nil, "", err
	}
	switch {
	case r.Kind == feedback.Complaint:
		entries = x.suppress(entries, customer.Complained, &events.AddressComplained{})
	case r.Kind == feedback.Unsubscribe:
		at := x.now
		if !r.At.IsZero() {
			at = a.o.Scale.Business(r.At)
		}
		entries = append(entries, x.left(at, of))
	case means == feedback.Hard:
		entries = x.suppress(entries, customer.Bounced, &events.AddressBounced{})
	case means == feedback.Soft, means == feedback.Doubtful:
		if x.claim.State == customer.Open {
			return nil, "", errors.New("the email is not recorded yet")
		}
		entries = x.doubt(entries)
	case means == feedback.NotTheirs:
		w := r.Recipients[slices.IndexFunc(r.Recipients, func(x feedback.Recipient) bool { return x.Means == means })]
		a.log.Warn("an email came back, and neither its address nor its recipient is the reason; have ops look at SPF, DKIM, blocklists and the content",
			zap.String("store", x.email.Customer.Store), zap.String("status", w.Status), zap.String("words", w.Words))
	}
	return entries, what, nil
}

// settled is what a report says about an email of which nobody knew whether it had left:
// it had. Its fact is on the timeline, and is told again as sent.
func (a *App) settled(ctx context.Context, k customer.Claim, r customer.Record) ([]customer.Entry, error) {
	if k.State != customer.Uncertain {
		return nil, nil
	}
	of, _, err := a.timeline().Get(ctx, r.Timeline())
	if err != nil {
		return nil, err
	}
	for _, e := range of {
		f, ok := e.Event.Data.(*events.EmailUncertain)
		if !ok || customer.ClaimKey(f.Touch) != k.Touch {
			continue
		}
		body := *f.Body()
		body.Reason, body.Detail = string(reason.Sent), "a report about it came back, so the relay had it"
		e.Event.ID, e.Event.Type, e.Event.Data = body.Touch+"."+events.ActionSent, events.TypeEmailSent, events.NewFact(events.TypeEmailSent, body)
		return []customer.Entry{{Key: e.Key, Event: e.Event}}, nil
	}
	return nil, nil // the timeline has a limit, and it is gone
}

// report is what comes back about one email.
type report struct {
	email   returnpath.Email
	claim   customer.Claim // the zero Claim: it left too long ago
	mailbox customer.Record
	now     time.Time
}

// suppress adds that the address is to get no more email, unless that was recorded since
// the email left: then it is the same report again, or one more that changes nothing.
func (x report) suppress(to []customer.Entry, k customer.NoteKind, d events.Data) []customer.Entry {
	if last := x.mailbox.Customer.LastNoted(k); !last.IsZero() && last.UnixMilli() >= x.claim.At {
		return to
	}
	return append(to, x.entry(d, x.now))
}

// doubt adds that one email to the address came back: at the time at which it left, so
// that the same report again is the same note.
func (x report) doubt(to []customer.Entry) []customer.Entry {
	if x.claim.At == 0 {
		return to
	}
	return append(to, x.entry(&events.AddressBounced{Permanent: new(bool)}, time.UnixMilli(x.claim.At).UTC()))
}

// left is that the customer left by a link of the provider's own: at the time that the
// provider says, so that the same report again changes nothing, nor what was said since.
func (x report) left(at time.Time, of customer.Record) customer.Entry {
	if at.After(x.now) {
		at = x.now
	}
	if sent := time.UnixMilli(x.claim.At); at.Before(sent) {
		at = sent
	}
	e := x.entry(&events.CustomerUnsubscribed{Customer: events.Customer{ID: of.Customer.ID.Value}, Scope: events.ScopeAll}, at.UTC().Truncate(time.Millisecond))
	e.Key = x.email.Customer
	return e
}

func (x report) entry(d events.Data, at time.Time) customer.Entry {
	touch := x.email.Touch()
	return customer.Entry{Key: x.mailbox.Key, Event: events.Event{
		ID: fmt.Sprintf("report.%s.%s.%d", x.email.Customer.Token, hex.EncodeToString(touch[:]), at.UnixMilli()), Source: "/homing/feedback",
		Type: d.Type(), Store: x.email.Customer.Store, Time: at, Data: d,
	}}
}

// keepReport keeps what came by mail and cannot be read on REJECTED.
func (a *App) keepReport(ctx context.Context, e returnpath.Email, begins []byte) error {
	return a.keepUnknown(ctx, e.Customer, "came back to the return path of an email, and is not a report that Homing can read", begins)
}

// keepUnknown keeps what cannot be read, with the token of the customer whose email it is
// about, by which an erasure finds it. Of nobody's email it is in no store.
func (a *App) keepUnknown(ctx context.Context, about customer.Key, why string, begins []byte) error {
	store := cmp.Or(about.Store, "unknown")
	return a.keepForPerson(ctx, forPerson{store: store, reason: string(events.ReasonUnknownReport), from: "feedback." + store, detail: why, customer: about.Token, data: begins})
}

// FeedbackAddr returns where reports are taken; empty if they are not.
func (a *App) FeedbackAddr() string {
	if a.feedback == nil {
		return ""
	}
	return a.feedback.Addr()
}
