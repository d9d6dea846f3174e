package examine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/control"
	"homing/pkg/doctor"
	"homing/pkg/programme"
)

func (x *examiner) streams(context.Context) []doctor.Finding {
	var items []doctor.Item
	for _, i := range x.items() {
		item := doctor.Item{Kind: i.Kind, Name: i.Name, Missing: i.Missing()}
		if i.Err != nil && !item.Missing {
			item.Err = words(bus.Explain(i.Err))
		}
		for _, d := range i.Differ {
			item.Differ = append(item.Differ, doctor.Difference(d))
		}
		item.Offline, item.Behind = copies(i)
		items = append(items, item)
	}
	return doctor.JudgeStreams(items)
}

// copies are the servers whose copies of an item are away, or behind.
func copies(i bus.Item) (offline, behind []string) {
	var c *jetstream.ClusterInfo
	switch {
	case i.Stream != nil:
		c = i.Stream.Cluster
	case i.Consumer != nil:
		c = i.Consumer.Cluster
	}
	if c == nil {
		return nil, nil
	}
	for _, p := range c.Replicas {
		switch {
		case p.Offline:
			offline = append(offline, p.Name)
		case !p.Current:
			behind = append(behind, p.Name)
		}
	}
	return offline, behind
}

// natsClocks compares our clock with those of the servers that lead streams, which is
// what decides when something falls due.
func (x *examiner) natsClocks() (out []doctor.Clock) {
	least := map[string]time.Duration{}
	for _, i := range x.items() {
		if i.Stream == nil || i.Stream.TimeStamp.IsZero() {
			continue
		}
		whose := "NATS"
		if c := i.Stream.Cluster; c != nil && c.Name != "" && c.Leader != "" { // one server alone leads, too
			whose = "nats-server " + c.Leader
		}
		ahead := clock.Ahead(i.Asked, i.Answered, i.Stream.TimeStamp)
		if known, is := least[whose]; !is || ahead.Abs() < known.Abs() {
			least[whose] = ahead
		}
	}
	for whose, ahead := range least {
		out = append(out, doctor.Clock{Whose: whose, Ahead: ahead})
	}
	slices.SortFunc(out, func(a, b doctor.Clock) int { return strings.Compare(a.Whose, b.Whose) })
	return out
}

func waiting(c *jetstream.ConsumerInfo) uint64 { return c.NumPending + uint64(c.NumAckPending) }

// lag looks twice at what waits for each consumer.
func (x *examiner) lag(ctx context.Context) []doctor.Finding {
	items := x.items()
	all, _ := x.processes()
	var roles []string
	for _, p := range all {
		roles = append(roles, p.Roles...)
	}
	held := x.holds(ctx)
	var first time.Time
	for _, i := range items {
		if i.Consumer != nil && i.Answered.After(first) {
			first = i.Answered
		}
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(first.Add(x.o.Between))):
	}
	of := x.queues()
	var queues []doctor.Queue
	for _, i := range items {
		if i.Consumer == nil {
			continue // the check of the streams says so
		}
		q := doctor.Queue{Consumer: i.Name, Role: cmp.Or(of[i.Name].Worker, "intake"), Waiting: waiting(i.Consumer)}
		c, err := x.o.JS.Consumer(ctx, i.Of, i.Name)
		if err != nil {
			return []doctor.Finding{doctor.Unknown(doctor.Lag, "consumer "+i.Name, words(err))}
		}
		now := c.CachedInfo()
		q.Later, q.Between, q.Pulls = waiting(now), time.Since(i.Answered), now.NumWaiting
		if of[i.Name].Due {
			q.Held = held[q.Role]
		}
		queues = append(queues, q)
	}
	return doctor.JudgeLag(queues, roles)
}

// queues are what consumers are, by their names.
func (x *examiner) queues() map[string]bus.Queue {
	_, all := bus.Queues(x.o.Workers, bus.PartitionsOf(x.o.JS))
	out := map[string]bus.Queue{}
	for _, q := range all {
		out[q.Consumer] = q
	}
	return out
}

// holds are the reasons why workers send nothing; what cannot be read holds nobody here.
func (x *examiner) holds(ctx context.Context) map[string]string {
	out := map[string]string{}
	c := control.New(control.Options{JS: x.o.JS, Stores: programme.StoreNames(x.o.Config), Now: time.Now})
	if c.Read(ctx) != nil {
		return out
	}
	for _, h := range c.Holds() {
		out[h.Worker] = h.Reason
	}
	return out
}
