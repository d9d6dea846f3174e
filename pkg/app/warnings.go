package app

import (
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/render"
)

// linkRules says where the emails of each store may lead, as its templates have it.
type linkRules struct{ a *App }

// MayLink implements intake.Links.
func (l linkRules) MayLink(store, url string) bool {
	return render.MayLink(&l.a.stores[store].View, url)
}

// MayShow implements intake.Links.
func (l linkRules) MayShow(store, url string) bool {
	return render.MayShow(&l.a.stores[store].View, url)
}

// newWarnings returns what tells the shop of events that were taken in, but not as it
// meant them. The log of a developer's own installation says what is wrong; that of
// any other does not quote what customers said.
func (a *App) newWarnings() *bus.Warnings {
	for _, store := range programme.StoreNames(a.o.Config) {
		for _, r := range events.WarningReasons() {
			a.metrics.warned.WithLabelValues(store, string(r))
		}
	}
	log := a.log.Named("intake")
	return bus.NewWarnings(a.js, func(x bus.Warning, leftOut int) {
		fields := []zap.Field{zap.String("store", x.Store), zap.String("type", x.Type), zap.String("reason", x.Reason), zap.String("field", x.Field)}
		if a.o.TellDetails {
			fields = append(fields, zap.String("detail", x.Detail))
		}
		if leftOut > 0 {
			fields = append(fields, zap.Int("and_more_of_the_kind", leftOut))
		}
		log.Warn("an event was taken in, but not as the shop meant it; `homing rejected list --warnings` shows such events", fields...)
	}, log)
}

// warn counts the warnings about an event, and has them published.
func (a *App) warn(e customer.Entry) {
	x := e.Event
	for _, w := range x.Warnings {
		a.metrics.warned.WithLabelValues(x.Store, string(w.Reason)).Inc()
		a.warnings.Warn(bus.Warning{
			Store: x.Store, Reason: string(w.Reason), Field: w.Field, Detail: w.Detail,
			Event: x.ID, Source: x.Source, Type: string(x.Type), Place: x.Place, Customer: e.Key.Token,
		})
	}
}
