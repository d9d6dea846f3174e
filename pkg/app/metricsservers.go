package app

import (
	"context"

	"homing/pkg/backlog"
)

// exportServers exports what is known of NATS and Redis.
func (a *App) exportServers() {
	m := a.metrics
	m.gaugeOf("homing_ready", "1 while every role of this process can work, as far as it has noticed; what /readyz says.", nil, func() float64 { return oneIf(a.Ready() == nil) })
	m.gaugeOf("homing_nats_connected", "1 while there is a connection to NATS.", nil, func() float64 { return oneIf(a.nc.IsConnected()) })
	m.counterOf("homing_nats_reconnects_total", "Connections to NATS that replaced another.", nil, func() float64 { return float64(a.nc.Stats().Reconnects) })
	m.gaugeOf("homing_redis_proven", "1 while Redis is known to have all that the timeline says.", nil, func() float64 { return oneIf(a.guard.Ready() == nil) })
	m.gaugeOf("homing_rebuild_buckets", "Buckets of customers that this process is folding the timeline into; 0: none.", nil, func() float64 {
		p, _ := a.folding.Progress()
		return float64(p.Buckets)
	})
	m.gaugeOf("homing_rebuild_entries", "Entries of the timeline that this process has folded in the pass it is at; 0: it is at none.", nil, func() float64 {
		p, _ := a.folding.Progress()
		return float64(p.Entries)
	})
	m.gaugeOf("homing_rebuild_progress_ratio", "How much of the timeline this process has folded in the pass it is at; 1: it is at none.", nil, func() float64 {
		if p, folds := a.folding.Progress(); folds {
			return p.Share()
		}
		return 1
	})
	a.exportBacklog(backlog.New(a.js, busWorkers()))
}

// exportBacklog exports how much the installation has to do: the same from each process.
// NATS is asked when somebody asks us, and not more often than each few seconds.
func (a *App) exportBacklog(b *backlog.Backlog) {
	a.metrics.table(map[string]tableGauge{
		"homing_consumer_messages":   {"Messages that a consumer has still to do, in the whole installation: waiting for a process, or in flight in one.", []string{"stream", "consumer", "state"}},
		"homing_touches_pending":     {"Touches on the schedule whose time has not come, in the whole installation.", []string{"worker"}},
		"homing_uncertain_emails":    {"Facts on the timeline that nobody knows whether an email has left.", nil},
		"homing_stream_messages":     {"Messages in a stream.", []string{"stream"}},
		"homing_stream_bytes":        {"Bytes of a stream.", []string{"stream"}},
		"homing_stream_limit_bytes":  {"Bytes that a stream may have; 0: no limit.", []string{"stream"}},
		"homing_backlog_age_seconds": {"How old the figures about streams and consumers are.", nil},
	}, func(set func(string, float64, ...string)) {
		if !a.started.Load() {
			return // the streams may not be there yet
		}
		f, age := b.Figures(context.Background())
		if f == nil {
			return
		}
		set("homing_backlog_age_seconds", age.Seconds())
		set("homing_uncertain_emails", float64(f.Uncertain))
		for _, s := range f.Streams {
			set("homing_stream_messages", float64(s.Messages), s.Name)
			set("homing_stream_bytes", float64(s.Bytes), s.Name)
			set("homing_stream_limit_bytes", float64(s.MaxBytes), s.Name)
		}
		pending := map[string]uint64{}
		for _, q := range f.Queues {
			set("homing_consumer_messages", float64(q.Waiting), q.Stream, q.Consumer, "waiting")
			set("homing_consumer_messages", float64(q.InFlight), q.Stream, q.Consumer, "in_flight")
			if q.Due {
				pending[q.Worker] += q.Pending
			}
		}
		for worker, n := range pending {
			set("homing_touches_pending", float64(n), worker)
		}
	})
}
