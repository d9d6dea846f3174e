package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/kept"
)

// keeping is what keeps copies of emails; its zero value keeps none.
type keeping struct {
	keeper *kept.Keeper
	end    context.CancelFunc
	done   chan struct{}
}

// startKeeping begins to keep copies of what is sent, if that is wanted and this process
// sends anything.
func (a *App) startKeeping() {
	if a.o.Config.RetainMails == 0 || len(a.workers()) == 0 {
		return
	}
	k := kept.NewKeeper(a.js, a.log.Named("kept"))
	ctx, end := context.WithCancel(context.Background())
	a.keeping = keeping{k, end, make(chan struct{})}
	for name, count := range map[string]func() uint64{"kept": k.Kept, "lost": k.Lost} {
		a.metrics.counterOf("homing_email_copies_total", "Copies of emails, by what became of them.", prometheus.Labels{"outcome": name},
			func() float64 { return float64(count()) })
	}
	go func() { k.Run(ctx); close(a.keeping.done) }()
}

// stopKeeping stores what was taken so far, in a moment.
func (a *App) stopKeeping() {
	if a.keeping.keeper == nil {
		return
	}
	a.keeping.end()
	select {
	case <-a.keeping.done:
	case <-time.After(goodbye):
	}
}

// keep has a copy kept of what an email showed; nil: none are kept.
func (a *App) keep() func(customer.Key, events.Event, channel.Copy) {
	if a.keeping.keeper == nil {
		return nil
	}
	return func(k customer.Key, f events.Event, c channel.Copy) {
		b := f.Data.(events.Fact).Body()
		a.keeping.keeper.Keep(k, kept.Copy{
			Touch: b.Touch, Sent: f.Time, Uncertain: f.Type.Action() == events.ActionUncertain, To: b.To, MessageID: b.MessageID,
			Template: b.Template, TemplateVersion: b.TemplateVersion, Language: b.Language, SubjectArm: b.SubjectArm,
			Subject: c.Subject, Preheader: c.Preheader, HTML: c.HTML, Text: c.Text,
		})
	}
}
