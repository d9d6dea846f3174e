package installation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/fingerprint"
	"homing/pkg/place"
	"homing/pkg/programme"
	"homing/pkg/templatestore"
	"homing/pkg/timeline"
)

// Status is the state of an installation: the document of `homing status --output
// json`. It rests on NATS alone.
type Status struct {
	At       time.Time         `json:"at"` // business time
	Workers  []WorkerStatus    `json:"workers"`
	Stores   []StoreStatus     `json:"stores"`
	Intake   uint64            `json:"intake_lag"` // events not taken in yet
	Rejected uint64            `json:"rejected"`
	Reasons  map[string]uint64 `json:"rejected_by_reason"` // how many of the rejected events for which
	Warnings uint64            `json:"warnings"`           // about events that were taken in
	Streams  []StreamStatus    `json:"streams"`
	Secret   SecretStatus      `json:"secret"`
	Place    *place.Place      `json:"place"` // null: none is kept yet
	// Templates are what the processes that render now said of theirs.
	Templates []templatestore.Process `json:"templates"`
}

// SecretStatus says whose secret the installation has, by fingerprints, which tell
// nothing about it.
type SecretStatus struct {
	Kept       string `json:"kept"`       // that of the installation; empty: none yet
	Configured string `json:"configured"` // of the secret in our configuration; empty: it has none
}

// Other reports whether the configuration has another secret than the installation.
func (s SecretStatus) Other() bool {
	return s.Kept != "" && s.Configured != "" && s.Kept != s.Configured
}

func readSecret(ctx context.Context, c *config.Config, js jetstream.JetStream) (s SecretStatus, err error) {
	if c.Secret != "" {
		id, err := customer.NewIdentity(c.Secret.Reveal())
		if err != nil {
			return s, err
		}
		s.Configured = id.Fingerprint()
	}
	s.Kept, err = fingerprint.Read(ctx, js)
	return s, err
}

// WorkerStatus is one worker, over all stores.
type WorkerStatus struct {
	Worker    string            `json:"worker"`
	Stores    map[string]string `json:"stores"` // live, shadow, off, or the reason why nothing leaves
	Holds     []control.Hold    `json:"holds"`
	PlanLag   uint64            `json:"plan_lag"`  // entries of the timeline not planned yet
	Scheduled uint64            `json:"scheduled"` // touches whose time has not come
	Due       uint64            `json:"due"`       // fell due, not decided yet
	OldestDue *time.Time        `json:"oldest_due"`
	Today     *Outcomes         `json:"today"` // null: too many to be told apart
	Detail    *Detail           `json:"today_detail"`
	// Partitions are the parts of the queues, where the streams are split.
	Partitions []QueueStatus `json:"partitions,omitempty"`
}

// QueueStatus is what waits for a worker in one partition.
type QueueStatus struct {
	Partition int        `json:"partition"`
	PlanLag   uint64     `json:"plan_lag"`
	Scheduled uint64     `json:"scheduled"`
	Due       uint64     `json:"due"`
	OldestDue *time.Time `json:"oldest_due"`
}

// StoreStatus is one store's day so far.
type StoreStatus struct {
	Store string    `json:"store"`
	Since time.Time `json:"since"` // midnight in its time zone
	Today Outcomes  `json:"today"`
}

// StreamStatus is a stream and its limit.
type StreamStatus struct {
	Stream   string `json:"stream"`
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
	MaxBytes int64  `json:"max_bytes"` // 0: none
}

// ReadStatus asks NATS for the state of the installation.
func ReadStatus(ctx context.Context, c *config.Config, js jetstream.JetStream, scale clock.Scale) (*Status, error) {
	controls := Controls(c, js, scale)
	if err := controls.Read(ctx); err != nil {
		return nil, err
	}
	s := &Status{At: scale.Now().UTC().Truncate(time.Millisecond)}
	if err := s.readStreams(ctx, js); err != nil {
		return nil, err
	}
	var err error
	if s.Secret, err = readSecret(ctx, c, js); err != nil {
		return nil, err
	}
	if s.Place, err = place.Read(ctx, js); err != nil {
		return nil, err
	}
	all, err := templatestore.Ask(ctx, js.Conn())
	if err != nil {
		return nil, err
	}
	s.Templates = slices.DeleteFunc(all, func(p templatestore.Process) bool { return !p.Renders })
	if s.Intake, err = lag(ctx, js, bus.Storefront, bus.IntakeConsumer); err != nil {
		return nil, err
	}
	for _, k := range programme.Kinds {
		w := WorkerStatus{Worker: k.Name, Stores: map[string]string{}, Holds: []control.Hold{}}
		for _, h := range controls.Holds() {
			if h.Worker == k.Name {
				w.Holds = append(w.Holds, h)
			}
		}
		for _, store := range programme.StoreNames(c) {
			if w.Stores[store], err = standing(c, w, store); err != nil {
				return nil, err
			}
		}
		if err := w.readQueues(ctx, js, scale, k.ByHand); err != nil {
			return nil, err
		}
		s.Workers = append(s.Workers, w)
	}
	return s, s.readToday(ctx, c, js, scale)
}

// standing is the state of a worker in a store, in one word.
func standing(c *config.Config, w WorkerStatus, store string) (string, error) {
	status, err := programme.StatusOf(c, w.Worker, store)
	if err != nil {
		return "", err
	}
	said := string(status)
	for _, h := range w.Holds {
		if said != control.Paused && said != "off" && (h.Store == "" || h.Store == store) {
			said = h.Reason
		}
	}
	return said, nil
}

func (s *Status) readStreams(ctx context.Context, js jetstream.JetStream) error {
	split := bus.PartitionsOf(js)
	names := slices.Concat([]string{bus.Storefront}, split.Timelines(), []string{bus.Rejected, bus.Offers, bus.Mails})
	for _, w := range programme.WorkerNames() {
		names = append(names, split.Schedules(w)...)
	}
	for _, name := range names {
		st, err := js.Stream(ctx, name)
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
		i := st.CachedInfo()
		s.Streams = append(s.Streams, StreamStatus{name, i.State.Msgs, i.State.Bytes, max(0, i.Config.MaxBytes)})
		if name == bus.Rejected {
			if err = s.readRejections(ctx, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// readRejections counts what is on REJECTED: events, by reason, and warnings about others.
func (s *Status) readRejections(ctx context.Context, st jetstream.Stream) error {
	i, err := st.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		return fmt.Errorf("stream %s: %w", bus.Rejected, err)
	}
	s.Reasons = map[string]uint64{}
	for subject, n := range i.State.Subjects {
		if strings.HasPrefix(subject, "warned.") {
			s.Warnings += n
			continue
		}
		s.Rejected += n
		s.Reasons[subject[strings.LastIndexByte(subject, '.')+1:]] += n
	}
	return nil
}

// lag is how many messages a consumer has still to do.
func lag(ctx context.Context, js jetstream.JetStream, stream, name string) (uint64, error) {
	c, err := js.Consumer(ctx, stream, name)
	if err != nil {
		return 0, fmt.Errorf("consumer %s: %w", name, err)
	}
	i := c.CachedInfo()
	return i.NumPending + uint64(i.NumAckPending), nil
}

// readQueues reads what is waiting for the worker, in all partitions.
func (w *WorkerStatus) readQueues(ctx context.Context, js jetstream.JetStream, scale clock.Scale, byHand bool) error {
	split := bus.PartitionsOf(js)
	for p := range split.Count() {
		q, err := readQueue(ctx, js, scale, split, w.Worker, p, byHand)
		if err != nil {
			return err
		}
		w.PlanLag, w.Scheduled, w.Due = w.PlanLag+q.PlanLag, w.Scheduled+q.Scheduled, w.Due+q.Due
		if q.OldestDue != nil && (w.OldestDue == nil || q.OldestDue.Before(*w.OldestDue)) {
			w.OldestDue = q.OldestDue
		}
		if split.Count() > 1 {
			w.Partitions = append(w.Partitions, q)
		}
	}
	return nil
}

func readQueue(ctx context.Context, js jetstream.JetStream, scale clock.Scale, split bus.Partitions, worker string, p int, byHand bool) (q QueueStatus, err error) {
	q.Partition = p
	if !byHand {
		if q.PlanLag, err = lag(ctx, js, split.Timeline(p), split.Plan(worker, p)); err != nil {
			return q, err
		}
	}
	if q.Due, err = lag(ctx, js, split.Schedule(worker, p), split.Due(worker, p)); err != nil {
		return q, err
	}
	st, err := js.Stream(ctx, split.Schedule(worker, p))
	if err != nil {
		return q, err
	}
	if all := st.CachedInfo().State.Msgs; all > q.Due { // the two were not counted at the same instant
		q.Scheduled = all - q.Due
	}
	if q.Due == 0 {
		return q, nil
	}
	m, err := st.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(split.Under("due", p)+"."+worker+".>"))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return q, nil // decided just now
	}
	if err == nil {
		at := scale.Business(m.Time).UTC()
		q.OldestDue = &at
	}
	return q, err
}

// State says the worker's state in all stores, in one word or a few.
func (w WorkerStatus) State() string {
	var stores, words []string
	for store := range w.Stores {
		stores = append(stores, store)
	}
	slices.Sort(stores)
	for _, store := range stores {
		words = append(words, w.Stores[store])
	}
	if len(slices.Compact(slices.Sorted(slices.Values(words)))) == 1 {
		return words[0]
	}
	for i, store := range stores {
		words[i] = store + " " + words[i]
	}
	return strings.Join(words, ", ")
}

// Controls returns what pauses workers. It needs NATS alone.
func Controls(c *config.Config, js jetstream.JetStream, scale clock.Scale) *control.Controls {
	return control.New(control.Options{JS: js, Timeline: timeline.New(js), Stores: programme.StoreNames(c), Now: scale.Now})
}
