package installation

import (
	"context"
	"os"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/place"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/timeline"
)

// Resident returns what knows whether an installation lives here. o has who it is: hosts
// and what is to be asked are of the configuration and the servers.
func Resident(c *config.Config, js jetstream.JetStream, rdb redis.UniversalClient, o place.Options) *place.Resident {
	t := timeline.New(js)
	o.JS, o.Redis, o.Hosts = js, rdb, connect.Hosts(c)
	o.Newest = func(ctx context.Context) (time.Time, error) { return newestTold(ctx, t) }
	o.Familiar = func(ctx context.Context) (bool, error) {
		return projection.Familiar(ctx, rdb, t, programme.StoreNames(c))
	}
	return place.NewResident(o)
}

// newestTold returns when the newest entry of the timeline is from, apart from what tells
// why nothing is sent: that may be about a process that asks.
func newestTold(ctx context.Context, t *timeline.Timeline) (at time.Time, err error) {
	var of []events.Type
	for _, r := range events.Rows() {
		if r.Type != events.TypeWorkerHeld && r.Type != events.TypeWorkerResumed {
			of = append(of, r.Type)
		}
	}
	newest, err := t.Newest(ctx, of)
	for _, e := range newest {
		if e.Event.Time.After(at) {
			at = e.Event.Time
		}
	}
	return at, err
}

// Home is where an installation was found, and what it has.
type Home struct {
	place.Found
	Newest time.Time // entry of the timeline, apart from holds; zero: it is empty
}

// Home looks where this installation is, and who lived there. It changes nothing.
func (i *Installation) Home(ctx context.Context) (h Home, err error) {
	if h.Found, err = i.resident().Look(ctx); err == nil {
		h.Newest, err = newestTold(ctx, i.timeline)
	}
	return h, err
}

// Adopt makes this installation one of its own, which somebody takes. doubt is until when
// emails that fell due may have been sent elsewhere; zero: none were.
func (i *Installation) Adopt(ctx context.Context, h Home, by string, doubt time.Time) (place.Place, error) {
	return i.resident().Adopt(ctx, h.Found, by, doubt)
}

func (i *Installation) resident() *place.Resident {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return Resident(i.o.Config, i.o.JS, i.rdb, place.Options{Embedded: i.o.RedisDial != nil, Host: host})
}

// Waiting counts the emails that are scheduled, and those that fell due and are not
// decided yet.
func (i *Installation) Waiting(ctx context.Context) (scheduled, due uint64, err error) {
	for _, k := range programme.Kinds {
		w := WorkerStatus{Worker: k.Name}
		if err := w.readQueues(ctx, i.o.JS, i.o.Scale, k.ByHand); err != nil {
			return 0, 0, err
		}
		scheduled, due = scheduled+w.Scheduled, due+w.Due
	}
	return scheduled, due, nil
}
