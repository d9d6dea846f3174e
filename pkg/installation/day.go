package installation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/pkg/timeline"
)

// Outcomes are the facts of a day. A touch may be held several times.
type Outcomes struct {
	Sent      int `json:"sent"`
	Held      int `json:"held"`
	Dropped   int `json:"dropped"`
	Uncertain int `json:"uncertain"`
}

// Detail is what became of a worker's emails on a day, in more detail.
type Detail struct {
	Hours   [24]int       `json:"sent_by_hour"` // on the clocks of each store
	Reasons []ReasonCount `json:"by_reason"`    // the most frequent first
	// Clicked is how many emails, of whatever day, had a link that somebody followed; where
	// clicks are not noted it is 0.
	Clicked int `json:"clicked"`

	clicks map[string]bool // touches that were clicked
}

// ReasonCount is how often emails were held, not sent or uncertain for a reason.
type ReasonCount struct {
	Outcome string `json:"outcome"` // "held", "dropped", "uncertain"
	Reason  string `json:"reason"`
	Count   int    `json:"count"`
}

func (d *Detail) count(outcome, reason string) {
	for i := range d.Reasons {
		if r := &d.Reasons[i]; r.Outcome == outcome && r.Reason == reason {
			r.Count++
			return
		}
	}
	d.Reasons = append(d.Reasons, ReasonCount{outcome, reason, 1})
}

// outcomes are the facts that a day is counted by.
var outcomes = events.OutcomeTypes()

// of is where an outcome is counted.
func (o *Outcomes) of(action string) *int {
	switch action {
	case events.ActionSent:
		return &o.Sent
	case events.ActionHeld:
		return &o.Held
	case events.ActionDropped:
		return &o.Dropped
	}
	return &o.Uncertain
}

// tellApart is up to how many facts are read to count them by worker: the server
// counts a store's without reading them, in no time, but does not know whose they
// are. Reading this many takes half a second.
const tellApart = 50_000

// readToday counts the facts since each store's midnight, and tells the workers' apart if
// they are not too many.
func (s *Status) readToday(ctx context.Context, c *config.Config, js jetstream.JetStream, scale clock.Scale) error {
	all := 0
	there := map[string][]events.Type{} // what there is of each store
	for _, store := range programme.StoreNames(c) {
		zone, err := localtime.Load(c.Stores[store].TimeZone)
		if err != nil {
			return fmt.Errorf("stores.%s.time_zone: %w", store, err)
		}
		day := StoreStatus{Store: store, Since: localtime.DayStart(scale.Now().In(zone))}
		types := outcomes
		if c.Stores[store].Clicks.Track {
			types = append(slices.Clip(outcomes), events.TypeEmailClicked)
		}
		for _, t := range types {
			n, err := factsSince(ctx, js, store, scale.Real(day.Since), t)
			if err != nil {
				return fmt.Errorf("counting %s of store %s: %w", t, store, err)
			}
			if n > 0 {
				there[store] = append(there[store], t)
			}
			if all += n; t != events.TypeEmailClicked {
				*day.Today.of(t.Action()) += n
			}
		}
		s.Stores = append(s.Stores, day)
	}
	if all > tellApart {
		return nil
	}
	return s.tellToday(ctx, js, scale, there)
}

// tellToday tells the workers' facts of the day apart, of which there are some types in each
// store.
func (s *Status) tellToday(ctx context.Context, js jetstream.JetStream, scale clock.Scale, there map[string][]events.Type) error {
	by := map[string]*WorkerStatus{}
	for i := range s.Workers {
		s.Workers[i].Today, s.Workers[i].Detail = new(Outcomes), &Detail{Reasons: []ReasonCount{}, clicks: map[string]bool{}}
		by[s.Workers[i].Worker] = &s.Workers[i]
	}
	for i := range s.Stores {
		day := &s.Stores[i]
		var told Outcomes
		for _, t := range there[day.Store] { // one by one, or the server reads all that happened
			err := timeline.New(js).ReadTypesSince(ctx, day.Store, []events.Type{t}, scale.Real(day.Since), "", func(batch []customer.Entry) error {
				for _, e := range batch {
					if e.Event.Time.Before(day.Since) { // it was told today, and happened before
						continue
					}
					if _, ok := e.Event.Data.(events.Fact); ok {
						*told.of(e.Event.Type.Action())++
					}
					tellOf(by, e.Event, day.Since.Location())
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		day.Today = told
	}
	for _, w := range s.Workers {
		w.Detail.Clicked = len(w.Detail.clicks)
		slices.SortFunc(w.Detail.Reasons, func(a, b ReasonCount) int {
			return cmp.Or(b.Count-a.Count, strings.Compare(a.Outcome, b.Outcome), strings.Compare(a.Reason, b.Reason))
		})
	}
	return nil
}

// tellOf counts what an event says of a worker's emails.
func tellOf(by map[string]*WorkerStatus, e events.Event, zone *time.Location) {
	switch d := e.Data.(type) {
	case *events.EmailClicked:
		if w := by[d.Worker]; w != nil && !d.Machine {
			w.Detail.clicks[e.Store+" "+d.Touch] = true
		}
	case events.Fact:
		w := by[d.Body().Worker]
		if w == nil {
			return
		}
		action := e.Type.Action()
		*w.Today.of(action)++
		if action == events.ActionSent {
			w.Detail.Hours[e.Time.In(zone).Hour()]++
		} else {
			w.Detail.count(action, d.Body().Reason)
		}
	}
}

// factsSince has the server count the facts of a type, which looks at no message.
func factsSince(ctx context.Context, js jetstream.JetStream, store string, since time.Time, t events.Type) (n int, err error) {
	for _, stream := range bus.PartitionsOf(js).Timelines() {
		c, err := js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
			FilterSubject: timeline.OfType(store, t), DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since,
			AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: 10 * time.Second, MemoryStorage: true, Replicas: 1,
		})
		if err != nil {
			return 0, err
		}
		i := c.CachedInfo()
		n += int(i.NumPending)
		if err := js.DeleteConsumer(ctx, stream, i.Name); err != nil {
			return 0, err
		}
	}
	return n, nil
}
