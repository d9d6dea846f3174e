// Package bus is NATS as Homing uses it: the streams and consumers and how they
// are made, the loop that feeds messages to a handler in batches, and the one
// table from a handler's answer to what the stream is told. It knows nothing about
// what the messages mean.
package bus

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
)

// The streams. Each worker has a schedule stream of its own, ScheduleStream.
const (
	Storefront = "STOREFRONT"
	Timeline   = "TIMELINE"
	Rejected   = "REJECTED"
	Offers     = "OFFERS"
	Mails      = "MAILS"
)

// The key-value buckets.
const (
	TemplatesBucket = "templates"
	ControlsBucket  = "controls"
)

// ProductsBucket is the bucket of objects with the product statistics, one for each store.
const ProductsBucket = "products"

// The headers that Homing sets.
const (
	HeaderCustomer = "Homing-Customer" // timeline: the customer's token
	HeaderTouch    = "Homing-Touch"    // schedule and due: the touch id
	HeaderHeld     = "Homing-Held"     // schedule: the sequence of the due message that was put back
	HeaderHeldFor  = "Homing-Held-For" // schedule: the reason for which it was
	HeaderDetail   = "Homing-Detail"   // rejected: which field, what is wrong
	HeaderSubject  = "Homing-Subject"  // rejected: where the message was
	// HeaderTruncated has the size of a rejected payload that was too large for
	// REJECTED as well, and was cut.
	HeaderTruncated = "Homing-Truncated"
)

// ScheduleStream returns the name of a worker's schedule stream.
func ScheduleStream(worker string) string { return "SCHEDULE-" + worker }

// PlanConsumer and DueConsumer return the names of a worker's consumers.
func PlanConsumer(worker string) string { return "plan-" + worker }

// DueConsumer returns the name of the consumer of a worker's due touches.
func DueConsumer(worker string) string { return "due-" + worker }

// IntakeConsumer is the name of the consumer of raw events.
const IntakeConsumer = "intake"

// EraseConsumer is the name of the consumer of erasures.
const EraseConsumer = "erase"

// AckWait is how long a message may be in flight without a sign of life. The loop
// gives one at a third of it.
const AckWait = 30 * time.Second

// duplicates is how long a stream recognises a Nats-Msg-Id. It spares the
// timeline a second fact after a lost ack; nothing is wrong without it.
const duplicates = 2 * time.Minute

// Limits are the settings of the streams that the configuration decides.
type Limits struct {
	Replicas           int
	StorefrontMaxAge   time.Duration // 0: for ever
	StorefrontMaxBytes int64         // 0: no limit
	TimelineMaxAge     time.Duration
	TimelineMaxBytes   int64
	RejectedMaxAge     time.Duration
	RejectedMaxBytes   int64
	MailsMaxAge        time.Duration // 0: no copies are kept
	InMemory           bool          // nothing is kept on disk: for tests of long times
}

// Worker is what the streams must know about a worker.
type Worker struct {
	Name     string
	Triggers []events.Type
	Horizon  time.Duration // how far back a new worker looks
	ByHand   bool          // no event leads to its touches: it has no consumer that plans
}

// leastMailsAge is when what was kept is gone once no copies are to be kept.
const leastMailsAge = time.Hour

func noLimit(n int64) int64 {
	if n == 0 {
		return -1
	}
	return n
}

// streams lists every stream that the workers need.
func streams(l Limits, ws []Worker, n Partitions) []jetstream.StreamConfig {
	out := []jetstream.StreamConfig{{
		Name: Storefront, Subjects: []string{"storefront.>"},
		Description: "what storefronts say happened",
		Discard:     jetstream.DiscardNew, MaxAge: l.StorefrontMaxAge, MaxBytes: noLimit(l.StorefrontMaxBytes),
	}, {
		Name: Rejected, Subjects: []string{"rejected.>", "warned.>"},
		Description: "events that could not be understood, with the reason, and warnings about others",
		Discard:     jetstream.DiscardOld, MaxAge: l.RejectedMaxAge, MaxBytes: noLimit(l.RejectedMaxBytes),
	}, {
		// No limit of age or size: it must never be forgotten that a code was taken.
		Name: Offers, Subjects: []string{"offers.>"},
		Description: "codes that shops loaded, and which of them were taken",
		Discard:     jetstream.DiscardNew, MaxBytes: -1, MaxMsgsPerSubject: 1, DiscardNewPerSubject: true,
	}, {
		Name: Mails, Subjects: []string{"mails.>"},
		Description: "copies of what emails showed, for a while",
		Discard:     jetstream.DiscardOld, MaxAge: cmp.Or(l.MailsMaxAge, leastMailsAge), MaxBytes: -1,
	}}
	for p := range n.Count() {
		// After STOREFRONT, which is what a storefront that begins waits for.
		out = slices.Insert(out, 1+p, timelineStream(l, n, p))
	}
	for _, w := range ws {
		for p := range n.Count() {
			out = append(out, scheduleStream(w.Name, n, p))
		}
	}
	for i := range out {
		out[i].Storage = jetstream.FileStorage
		if l.InMemory {
			out[i].Storage = jetstream.MemoryStorage
		}
		out[i].Replicas = max(1, l.Replicas)
		out[i].Duplicates = duplicates
		out[i].AllowDirect = true
		if out[i].MaxMsgsPerSubject == 0 {
			out[i].MaxMsgsPerSubject = -1
		}
	}
	return out
}

// timelineStream is a partition's part of the timeline. All of them share its limit.
func timelineStream(l Limits, n Partitions, p int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: n.Timeline(p), Subjects: n.timelineSubjects(p),
		Description: "what happened and what was done about it; the source of every projection",
		Discard:     jetstream.DiscardNew, MaxAge: l.TimelineMaxAge, MaxBytes: noLimit(l.TimelineMaxBytes / int64(n.Count())),
	}
}

// scheduleStream has no limit of age, size or count: each would silently drop
// pending schedules, as nats-server takes no stream that has schedules and refuses
// what is new instead ("message scheduling cannot use discard new"). It must never be
// mirrored: a mirror empties it.
func scheduleStream(worker string, n Partitions, p int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              n.Schedule(worker, p),
		Description:       "touches of " + worker + ": pending, and due",
		Subjects:          []string{n.Under("schedule", p) + ".*.*." + worker + ".>", n.Under("due", p) + "." + worker + ".>"},
		Retention:         jetstream.WorkQueuePolicy,
		MaxBytes:          -1,
		MaxMsgsPerSubject: 1,
		AllowMsgSchedules: true, AllowMsgTTL: true, AllowAtomicPublish: true,
	}
}

// consumer is a durable consumer and the stream it reads.
type consumer struct {
	stream string
	config jetstream.ConsumerConfig
	worker string // whose; "" for intake and erasures
	due    bool   // it has touches that fell due
}

// mostUntaken is how many events intake may have and not have acknowledged, in all
// processes. Where there are several partitions, those of one that is away are among
// them, and the others' events pass as long as there is room.
func mostUntaken(n Partitions) int {
	if n.Count() == 1 {
		return 20_000
	}
	return 200_000
}

func consumers(ws []Worker, now time.Time, n Partitions) []consumer {
	out := []consumer{{stream: Storefront, config: jetstream.ConsumerConfig{
		Durable: IntakeConsumer, Description: "validates and folds what storefronts say", MaxAckPending: mostUntaken(n),
	}}}
	for p := range n.Count() {
		out = append(out, consumer{stream: n.Timeline(p), config: jetstream.ConsumerConfig{
			Durable: n.Erase(p), Description: "deletes what is pending for who was erased",
			FilterSubjects: []string{fmt.Sprintf("timeline.*.*.%s", events.TypeCustomerErased)}, MaxAckPending: 1_000,
		}})
	}
	for _, w := range ws {
		for p := range n.Count() {
			if !w.ByHand {
				out = append(out, consumer{n.Timeline(p), planConsumer(w, now, n.Plan(w.Name, p)), w.Name, false})
			}
			out = append(out, consumer{n.Schedule(w.Name, p), jetstream.ConsumerConfig{
				Durable: n.Due(w.Name, p), Description: "delivers touches of " + w.Name,
				FilterSubjects: []string{n.Under("due", p) + "." + w.Name + ".>"}, MaxAckPending: 20_000,
			}, w.Name, true})
		}
	}
	for i := range out {
		out[i].config.AckPolicy = jetstream.AckExplicitPolicy
		out[i].config.AckWait = AckWait
		out[i].config.MaxDeliver = -1 // attempts are not counted: what fails for good says so
	}
	return out
}

func planConsumer(w Worker, now time.Time, name string) jetstream.ConsumerConfig {
	since := now.Add(-w.Horizon)
	plan := jetstream.ConsumerConfig{
		Durable: name, Description: "plans touches of " + w.Name, MaxAckPending: 20_000,
		DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since,
	}
	for _, t := range w.Triggers {
		plan.FilterSubjects = append(plan.FilterSubjects, fmt.Sprintf("timeline.*.*.%s", t))
	}
	return plan
}
