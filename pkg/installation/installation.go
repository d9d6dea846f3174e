// Package installation asks an installation of Homing from outside, and tells it
// what to do: what commands need. It works on NATS and Redis alone; no process of
// Homing has to run.
package installation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/schedule"
	"homing/pkg/statistics"
	"homing/pkg/timeline"
	"homing/pkg/why"
)

// Options say where an installation is.
type Options struct {
	Config    *config.Config
	JS        jetstream.JetStream
	Scale     clock.Scale
	RedisDial connect.Dialer // nil: by the configuration's URL
}

// Installation is one, seen from outside.
type Installation struct {
	o         Options
	identity  *customer.Identity
	stores    map[string]*programme.Store
	rdb       redis.UniversalClient
	customers *projection.Customers
	people    *projection.People
	timeline  *timeline.Timeline
	schedule  *schedule.Schedule

	mu     sync.Mutex
	unread []string // entries that could not be read
}

// ErrUnknown says that nothing is known about a customer.
var ErrUnknown = errors.New("nothing is known about them")

// Open returns an installation. It connects to Redis when it is first asked.
func Open(o Options) (*Installation, error) {
	if o.Config.Secret.Reveal() == "" {
		return nil, errors.New("secret: none is configured, and customers are found by it; name its file with secret_file or HOMING_SECRET_FILE")
	}
	i := &Installation{o: o, timeline: timeline.New(o.JS), schedule: schedule.New(o.JS, o.Scale)}
	i.timeline.Skipped = func(sequence uint64, err error) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.unread = append(i.unread, fmt.Sprintf("entry %d of the timeline cannot be read and is left out: %v", sequence, err))
	}
	var err error
	if i.identity, err = customer.NewIdentity(o.Config.Secret.Reveal()); err != nil {
		return nil, err
	}
	if i.stores, err = programme.Open(o.Config, i.identity); err != nil {
		return nil, err
	}
	if i.rdb, err = connect.Redis(o.Config, o.RedisDial, nil); err != nil {
		return nil, err
	}
	i.customers = projection.New(i.rdb, nil)
	i.people = projection.NewPeople(i.customers, i.identity)
	return i, nil
}

// Close closes the connections that it opened itself.
func (i *Installation) Close() error { return i.rdb.Close() }

// Find returns a customer's record: by id; for a guest by address, or by the id
// that guests have; or by token, as facts and logs name them. That nothing is known
// of them is not said for as long as Redis knows less than the timeline.
func (i *Installation) Find(ctx context.Context, store, who string) (customer.Record, error) {
	keys := []customer.Key{i.identity.Key(store, who)}
	if strings.Contains(who, "@") {
		keys = append(keys, i.identity.Key(store, i.identity.Guest(store, who)))
	}
	if k, ok := customer.KeyOfToken(store, who); ok {
		keys = append(keys, k)
	}
	for range 2 {
		records, err := i.customers.Load(ctx, keys)
		if err != nil {
			return customer.Record{}, err
		}
		for _, r := range records {
			if r.Found() {
				return r, nil
			}
		}
		if err := i.caughtUp(ctx, keys...); err != nil {
			return customer.Record{}, err
		}
	}
	if strings.Contains(who, "@") {
		return customer.Record{}, fmt.Errorf("store %s: no guest with that address: %w; a customer who has an id is found by it", store, ErrUnknown)
	}
	return customer.Record{}, fmt.Errorf("store %s, customer %s: %w", store, who, ErrUnknown)
}

// Entries returns the timeline entries about a customer, and whether there may be
// older ones: the latest, by the places that their record has, or all, which
// reads all of their bucket.
func (i *Installation) Entries(ctx context.Context, r customer.Record, all bool) (out []customer.Entry, older bool, err error) {
	if !all {
		out, _, err = i.timeline.Get(ctx, r.Timeline())
		return out, r.Truncated(), err
	}
	err = i.timeline.ReadCustomer(ctx, r.Key, func(batch []customer.Entry) error {
		out = append(out, batch...)
		return nil
	})
	return out, false, err
}

// Pending returns the pending touches for a customer, worker by worker.
func (i *Installation) Pending(ctx context.Context, k customer.Key) ([]schedule.PendingTouch, error) {
	found := make([][]schedule.PendingTouch, len(programme.Kinds))
	var g errgroup.Group
	for n, kind := range programme.Kinds {
		g.Go(func() (err error) {
			found[n], err = i.schedule.OfCustomer(ctx, kind.Name, k)
			return err
		})
	}
	err := g.Wait()
	var out []schedule.PendingTouch
	for _, ws := range found {
		out = append(out, ws...)
	}
	return out, err
}

// WhyOptions say how much of a customer's story is wanted.
type WhyOptions struct {
	All   bool      // of the timeline, not only the latest
	Since time.Time // the zero time: from the beginning
	Limit int       // lines; 0: all
}

// Why returns the story of a customer.
func (i *Installation) Why(ctx context.Context, store, who string, o WhyOptions) (why.Report, error) {
	r, err := i.Find(ctx, store, who)
	if err != nil {
		return why.Report{}, err
	}
	in := why.Input{Asked: who, Record: r, Store: i.stores[store], Holds: map[string][]why.Hold{}, Now: i.o.Scale.Now(), Since: o.Since, Limit: o.Limit,
		Address: func(email string) string { return i.identity.Address(store, email) }}
	if r.Customer.Gone() {
		return why.Tell(in), nil
	}
	var g errgroup.Group
	var waiting []schedule.PendingTouch
	var behind string
	g.Go(func() (err error) { in.Entries, in.Older, err = i.Entries(ctx, r, o.All); return err })
	g.Go(func() (err error) { waiting, err = i.Pending(ctx, r.Key); return err })
	g.Go(func() (err error) { behind, err = i.behind(ctx, r.Key); return err })
	var holds []control.Hold
	g.Go(func() (err error) { holds, err = i.holds(ctx); return err })
	g.Go(func() (err error) { in.Mailbox, err = i.mailbox(ctx, r); return err })
	var unknown error
	g.Go(func() error { in.Products, unknown = i.products(ctx, store); return nil })
	if err := g.Wait(); err != nil {
		return why.Report{}, err
	}
	for _, w := range waiting {
		in.Pending = append(in.Pending, why.Pending{Touch: w.Touch, Due: w.Due})
	}
	for _, w := range in.Store.Workers {
		in.Holds[w.Name] = holdsOf(holds, w.Name, store)
	}
	if behind != "" {
		in.Notes = append(in.Notes, behind)
	}
	if unknown != nil {
		in.Notes = append(in.Notes, "what is said about replenishment may be wrong: "+unknown.Error())
	}
	in.Notes = append(in.Notes, i.unread...)
	return why.Tell(in), nil
}

// holds reads what stops workers from sending.
func (i *Installation) holds(ctx context.Context) ([]control.Hold, error) {
	c := Controls(i.o.Config, i.o.JS, i.o.Scale)
	err := c.Read(ctx)
	return c.Holds(), err
}

func holdsOf(all []control.Hold, worker, store string) (out []why.Hold) {
	for _, h := range all {
		if h.Worker == worker && (h.Store == "" || h.Store == store) {
			out = append(out, why.Hold{Reason: h.Reason, Detail: h.Detail})
		}
	}
	return out
}

// mailbox returns what is known about a customer's address.
func (i *Installation) mailbox(ctx context.Context, r customer.Record) (gate.Mailbox, error) {
	email, store := r.Customer.Account(), r.Key.Store
	if email == "" {
		return gate.Mailbox{}, nil
	}
	rs, err := i.customers.Load(ctx, []customer.Key{i.identity.AddressKey(store, i.identity.Address(store, email))})
	if err != nil {
		return gate.Mailbox{}, err
	}
	return gate.MailboxOf(&rs[0].Customer), nil
}

// behind says if Redis does not know yet what the timeline holds of a customer's
// bucket.
func (i *Installation) behind(ctx context.Context, k customer.Key) (string, error) {
	marks, err := i.customers.Marks(ctx, k.Store)
	if err != nil {
		return "", err
	}
	last, err := i.timeline.Last(ctx, k)
	if err != nil || marks[k.Bucket] >= last {
		return "", err
	}
	return "Redis has not caught up with the timeline (it is being rebuilt, or events are being taken in right now), so what is shown as current may be out of date", nil
}

// caughtUp returns nil when Redis knows what the timeline held of the customers'
// buckets a moment ago. What is on its way is waited for.
func (i *Installation) caughtUp(ctx context.Context, keys ...customer.Key) error {
	var lasts [customer.Buckets]uint64
	for _, k := range keys {
		var err error
		if lasts[k.Bucket], err = i.timeline.Last(ctx, k); err != nil {
			return err
		}
	}
	return i.reached(ctx, keys[0].Store, &lasts, 30) // all are of one store
}

// products reads what the workers know of a store's products; nil: nothing was
// computed yet.
func (i *Installation) products(ctx context.Context, store string) (*product.Snapshot, error) {
	c := statistics.New(statistics.Options{JS: i.o.JS, Stores: []string{store}, Timeline: i.timeline, Now: i.o.Scale.Now, Log: zap.NewNop()})
	if err := c.Update(ctx, store); err != nil {
		return nil, err
	}
	return c.Of(store), nil
}

// Export returns all that is held of a customer. It reads all of their bucket of
// the timeline.
func (i *Installation) Export(ctx context.Context, store, who string) (why.Export, error) {
	r, err := i.Find(ctx, store, who)
	if err != nil {
		return why.Export{}, err
	}
	if err := i.caughtUp(ctx, r.Key); err != nil {
		return why.Export{}, err
	}
	if r, err = i.Find(ctx, store, who); err != nil {
		return why.Export{}, err
	}
	in := why.Input{Asked: who, Record: r, Now: i.o.Scale.Now()}
	if in.Entries, _, err = i.Entries(ctx, r, true); err != nil {
		return why.Export{}, err
	}
	waiting, err := i.Pending(ctx, r.Key)
	if err != nil {
		return why.Export{}, err
	}
	for _, w := range waiting {
		in.Pending = append(in.Pending, why.Pending{Touch: w.Touch, Due: w.Due})
	}
	if len(i.unread) > 0 { // an answer that leaves something out must not pass for all
		return why.Export{}, errors.New(strings.Join(i.unread, "\n"))
	}
	return why.ExportOf(in)
}
