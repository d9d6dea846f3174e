package app

import (
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/announcement"
	"homing/pkg/bus"
	"homing/pkg/click"
	"homing/pkg/connect"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/redischeck"
	"homing/pkg/throughput"
	"homing/pkg/timeline"
)

// asyncPending bounds the publishes of one process that wait for their acks.
const asyncPending = 8192

func (a *App) connect() error {
	var err error
	if a.nc, err = connect.NATS(a.o.Config, strings.Join(a.o.Roles, " "), a.log.Named("nats"), a.o.NATS...); err != nil {
		return err
	}
	if a.js, err = connect.JetStream(a.o.Config, a.nc, jetstream.WithPublishAsyncMaxPending(asyncPending), jetstream.WithPublishAsyncTimeout(bus.AckTimeout)); err != nil {
		return err
	}
	if err := a.newFollower(); err != nil {
		return err
	}
	a.announcements = announcement.NewBoard(announcement.Entries{JS: a.js}, a.o.Scale.Now)
	a.controls, a.waiting = a.newControls(), click.NewWaiting(a.js)
	a.guard = projection.NewGuard(a.o.RedisEmbedded)
	a.lines.From = a.o.RedisDial
	if a.rdb, err = connect.Redis(a.o.Config, a.lines.Dial, a.guard.OnConnect); err != nil {
		return err
	}
	if a.raw, err = connect.Redis(a.o.Config, a.lines.Dial, nil); err != nil {
		return err
	}
	a.place = a.newResident()
	for _, r := range a.routes {
		r.relay.Share(throughput.NewTrouble(a.rdb, r.relay.Addr()))
	}
	projection.Follow(a.rdb)
	a.metrics.timeRedis(a.rdb)
	a.metrics.timeRedis(a.raw)
	redischeck.Watch(a.rdb, a.wasForbidden)
	redischeck.Watch(a.raw, a.wasForbidden)
	a.customers = projection.New(a.rdb, a.guard)
	a.customers.IntroduceTo(a.timeline(), a.identity)
	a.customers.ForgetWith(a.forgetTo)
	a.people = projection.NewPeople(a.customers, a.identity)
	a.folding = a.rebuilder()
	a.exportServers()
	return nil
}

func (a *App) rebuilder() *projection.Rebuilder {
	return projection.NewRebuilder(a.raw, a.guard, a.readTimeline(), projection.RebuildOptions{
		Stores: programme.StoreNames(a.o.Config), Log: a.log.Named("projection"), Look: a.o.CheckRedis, Settle: a.settle,
		Timeline: a.timeline(), Identity: a.identity, Handover: a.handover(),
	})
}

// readTimeline returns the timeline for who reads much of it: what cannot be read
// is logged, and left out.
func (a *App) readTimeline() *timeline.Timeline {
	t := timeline.New(a.js)
	t.Skipped = func(sequence uint64, err error) {
		a.log.Error("an entry of the timeline cannot be read and is left out", zap.Uint64("sequence", sequence), zap.Error(err))
	}
	return t
}
