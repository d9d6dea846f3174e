package app

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"homing/pkg/bulletin"
	"homing/pkg/config"
	"homing/pkg/console"
	"homing/pkg/figures"
	"homing/pkg/installation"
	"homing/pkg/programme"
	"homing/pkg/rejected"
	"homing/pkg/render"
	"homing/pkg/running"
	"homing/pkg/studio"
	"homing/pkg/support"
	"homing/pkg/templatestore"
	"homing/pkg/triage"
	"homing/templates"
)

// RoleConsole is the role that serves the web app for those who write the emails.
const RoleConsole = "console"

// serveConsole opens the console. While a server is away its pages say so.
func (a *App) serveConsole() (*studio.Studio, error) {
	c := a.o.Config.Console
	access, err := a.consoleAccess(c)
	if err != nil {
		return nil, err
	}
	if a.known, err = a.openCustomers(); err != nil {
		return nil, err
	}
	versions := templatestore.New(a.js)
	o := studio.Options{
		Carried: templates.Files, Versions: versions, Load: a.tryTemplates,
		Published: func(ctx context.Context) error {
			return installation.TellPublished(ctx, a.timeline(), versions, programme.StoreNames(a.o.Config))
		},
		Customers: a.known, Sections: ConsoleSections(a.known, a.itself(), a.o.Config), Sender: &Trials{c: a.o.Config, routes: a.routes, also: c.TestsTo}, Access: access, Addr: c.Listen, URL: c.URL, MailURL: c.MailURL, Log: a.log,
		Served: func(code int) { a.metrics.console.WithLabelValues(strconv.Itoa(code)).Inc() },
		Guard:  func(h http.Handler) http.Handler { return a.whenAdmitted(h, notReady) },
	}
	for _, id := range programme.StoreNames(a.o.Config) {
		o.Stores = append(o.Stores, studio.Store{ID: id, View: a.stores[id].View})
	}
	s, err := studio.Start(o)
	if err != nil {
		return nil, fmt.Errorf("console.listen: %w", err)
	}
	return s, nil
}

// ConsoleSections are the sections of the console besides the emails.
func ConsoleSections(known *Customers, r Running, c *config.Config) []studio.Section {
	stores := programme.StoreNames(c)
	nights := NewNights(r.JS)
	r.At, r.Log, r.nights = known.at, known.log, nights
	of := running.Sections(r)
	of = slices.Insert(of, 1, support.Section(Cases{known}, stores))                                                                                                                                  // after Today
	of = slices.Insert(of, 3, figures.Section(consoleNights{nights, c, known.at, r.Scale, new(digestsMade), known.log}, stores, r.Scale.Now), bulletin.Section(Announcements{known, nights}, stores)) // after Workers
	return slices.Insert(of, len(of)-1, triage.Section(Rejected{rejected.New(r.JS), known.log}, stores))                                                                                              // before System
}

func (a *App) itself() Running {
	return Running{Config: a.o.Config, JS: a.js, Scale: a.o.Scale, Build: a.about.Build, RedisDial: a.o.RedisDial}
}

// tryTemplates loads templates as loadTemplates does, and has each thing that is wrong
// with them in its error.
func (a *App) tryTemplates(fsys fs.FS) (*render.Set, error) {
	load := a.o.Load
	if load == nil {
		load = templatestore.Load
	}
	set, err := load(fsys)
	if err != nil {
		return nil, err
	}
	return set, programme.Check(a.o.Config, a.stores, set)
}

// consoleAccess is who may use the console.
func (a *App) consoleAccess(c config.Console) (*console.Access, error) {
	proxies, err := c.Proxy.Networks()
	if err != nil {
		return nil, err
	}
	o := console.Options{
		Header: c.Proxy.Header, Proxies: proxies, OthersView: c.Proxy.Others == config.RoleViewer, Secure: strings.HasPrefix(c.URL, "https://"),
		Showed: func(good bool) {
			result := "refused"
			if good {
				result = "accepted"
			}
			a.metrics.signIns.WithLabelValues(result).Inc()
		},
	}
	if c.OIDC.Issuer != "" {
		if o.OIDC, err = a.consoleOIDC(c); err != nil {
			return nil, err
		}
	}
	o.Failed = func(err error) { a.log.Named("console").Warn("somebody could not sign in", zap.Error(err)) }
	o.Did = func(what, by string) { a.log.Named("console").Info(what, zap.String("by", by)) }
	o.SignedOut = a.tellSignedOut
	for _, p := range c.People {
		o.People = append(o.People, console.Person{Name: p.Name, Editor: p.Role == config.RoleEditor, Token: p.Token.Reveal(), ProxyUser: p.ProxyUser})
	}
	a.access = console.New(o)
	return a.access, nil
}

// ConsoleAddr returns where the console is served; empty if it is not.
func (a *App) ConsoleAddr() string {
	if a.console == nil {
		return ""
	}
	return a.console.Addr()
}
