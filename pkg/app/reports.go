package app

import (
	"context"
	"net/http"

	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/reports"
)

// reportsPath is where providers report, under the public address.
const reportsPath = "/reports/"

// reportsHandler takes what providers report.
func (a *App) reportsHandler() http.Handler {
	c := a.o.Config.Feedback
	key, _ := c.SendGrid.Key() // the configuration was checked
	return reports.New(reports.Options{
		Path: a.links.Path() + reportsPath, Topics: c.SES.Topics, SendGrid: key, Mailgun: c.Mailgun.SigningKey.Reveal(),
		Postmark: reports.Login{User: c.Postmark.User, Password: c.Postmark.Password.Reveal()},
		Proxies:  a.o.Config.HTTP.Proxies(), Record: a.reportedBy, Keep: a.keepProviders, Log: a.log.Named("reports"),
		Took: func(provider, what string) { a.metrics.reports.WithLabelValues(provider, what).Inc() },
	})
}

// reportedBy records what a provider reports. What is about email of somebody else, who
// sends with the same account, says nothing.
func (a *App) reportedBy(ctx context.Context, said []reports.Said) ([]string, error) {
	stores := programme.StoreNames(a.o.Config)
	out := make([]string, len(said))
	var ours []about
	var at []int
	for i, s := range said {
		e, err := a.returns.ReadCode(s.Code, stores)
		if err != nil {
			out[i] = reports.Foreign
			continue
		}
		ours, at = append(ours, about{e, s.Report}), append(at, i)
	}
	if len(ours) == 0 {
		return out, nil
	}
	what, err := a.reportedAll(ctx, ours)
	if err != nil {
		return nil, err
	}
	for i, w := range what {
		out[at[i]] = w
	}
	return out, nil
}

// keepProviders keeps what a provider reports and cannot be read.
func (a *App) keepProviders(ctx context.Context, provider, code string, begins []byte) error {
	var about customer.Key
	if e, err := a.returns.ReadCode(code, programme.StoreNames(a.o.Config)); err == nil {
		about = e.Customer
	}
	return a.keepUnknown(ctx, about, "was reported by "+provider+", and is not of a form that Homing can read", begins)
}
