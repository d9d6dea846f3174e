package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
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
		Took: func(what string) { a.metrics.reports.WithLabelValues(what).Inc() },
	})
}

// reported records what a report says about an email, and returns it in one word; "" if
// it says nothing that is understood.
func (a *App) reported(ctx context.Context, e returnpath.Email, r feedback.Report) (string, error) {
	if !a.nc.IsConnected() { // before the fold, so that what is put off is not half done
		return "", errors.New("not connected to NATS")
	}
	means := feedback.Unsaid
	if r.Kind == feedback.Delivery {
		if means = r.Means(); means == feedback.Unsaid {
			return "", nil
		}
	}
	mailbox := a.identity.AddressKey(e.Customer.Store, e.Address)
	records, err := a.customers.Unhurried().Load(ctx, []customer.Key{e.Customer, mailbox})
	if err != nil {
		return "", err
	}
	x := report{email: e, mailbox: records[1], now: a.o.Scale.Now().UTC().Truncate(time.Millisecond)}
	for _, k := range records[0].Customer.Claims {
		if e.Is(k.Touch) {
			x.claim = k
		}
	}
	entries, err := a.settled(ctx, x.claim, records[0])
	if err != nil {
		return "", err
	}
	what := feedback.Complaint.String()
	switch {
	case r.Kind == feedback.Complaint:
		entries = x.suppress(entries, customer.Complained, &events.AddressComplained{})
	case means == feedback.Hard:
		entries = x.suppress(entries, customer.Bounced, &events.AddressBounced{})
	case means == feedback.Soft, means == feedback.Doubtful:
		if x.claim.State == customer.Open {
			return "", errors.New("the email is not recorded yet")
		}
		entries = x.doubt(entries)
	case means == feedback.NotTheirs:
		w := r.Recipients[slices.IndexFunc(r.Recipients, func(x feedback.Recipient) bool { return x.Means == means })]
		a.log.Warn("an email came back, and neither its address nor its recipient is the reason; have ops look at SPF, DKIM, blocklists and the content",
			zap.String("store", e.Customer.Store), zap.String("status", w.Status), zap.String("words", w.Words))
	}
	if r.Kind == feedback.Delivery {
		what = means.String()
	}
	return what, a.intake().Take(ctx, entries)
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

func (x report) entry(d events.Data, at time.Time) customer.Entry {
	touch := x.email.Touch()
	return customer.Entry{Key: x.mailbox.Key, Event: events.Event{
		ID: fmt.Sprintf("report.%s.%s.%d", x.email.Customer.Token, hex.EncodeToString(touch[:]), at.UnixMilli()), Source: "/homing/feedback",
		Type: d.Type(), Store: x.email.Customer.Store, Time: at, Data: d,
	}}
}

// keepReport keeps what cannot be read on REJECTED.
func (a *App) keepReport(ctx context.Context, e returnpath.Email, begins []byte) error {
	m := nats.NewMsg("rejected." + e.Customer.Store + "." + string(events.ReasonUnknownReport))
	m.Data = begins
	m.Header.Set(bus.HeaderSubject, "feedback."+e.Customer.Store)
	m.Header.Set(bus.HeaderCustomer, e.Customer.Token)
	m.Header.Set(bus.HeaderDetail, "came back to the return path of an email, and is not a report that Homing can read")
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	_, err := a.js.PublishMsg(ctx, m)
	return err
}

// FeedbackAddr returns where reports are taken; empty if they are not.
func (a *App) FeedbackAddr() string {
	if a.feedback == nil {
		return ""
	}
	return a.feedback.Addr()
}
