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
	"homing/pkg/fingerprint"
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
	Progress func(string) // told what takes long, and how far it is; may be nil

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

// CheckSecret returns nil if the configured secret is that of the installation.
func (i *Installation) CheckSecret(ctx context.Context) error {
	return fingerprint.Check(ctx, i.o.JS, i.identity)
}

// Close closes the connections that it opened itself.
func (i *Installation) Close() error { return i.rdb.Close() }

// Store returns a store of the installation; nil: there is none of that name.
func (i *Installation) Store(id string) *programme.Store { return i.stores[id] }

// Now is the business time.
func (i *Installation) Now() time.Time { return i.o.Scale.Now() }

// WhyOptions say how much of a customer's story is wanted.
type WhyOptions struct {
	All   bool      // of the timeline, not only the latest
	Since time.Time // the zero time: from the beginning
	Limit int       // lines; 0: all
}

// Why returns the story of the person who answers to something, as Find has it. If
// several do, it is that of the first, and has those of the others with it. Orders of
// a number that is somebody's id are looked for among the latest, if not all is to be
// read, and the notes say so.
func (i *Installation) Why(ctx context.Context, store, who string, o WhyOptions) (why.Report, error) {
	found, older, err := i.search(ctx, store, who, o.All)
	if err != nil {
		return why.Report{}, err
	}
	var all []why.Report
	var matches []why.Match
	for _, f := range found {
		r, err := i.WhyOf(ctx, f, who, o)
		if err != nil {
			return why.Report{}, err
		}
		all, matches = append(all, r), append(matches, f.Match())
	}
	if len(all) > 1 {
		all[0].Matches, all[0].Others = matches, all[1:]
	}
	if len(older) > 0 {
		all[0].Notes = append(all[0].Notes, lookedLately(who, older))
	}
	return all[0], nil
}

// WhyOf returns the story of a person who was found.
func (i *Installation) WhyOf(ctx context.Context, f Found, who string, o WhyOptions) (_ why.Report, err error) {
	store := f.Key.Store
	in := i.input(f, who)
	in.Since, in.Limit, in.Holds = o.Since, o.Limit, map[string][]why.Hold{}
	if in.Person.Customer.Gone() {
		return why.Tell(in), nil
	}
	var g errgroup.Group
	var waiting []schedule.PendingTouch
	var behind, left string
	g.Go(func() (err error) { in.Entries, in.Older, err = i.Entries(ctx, f, o.All); return err })
	g.Go(func() (err error) { waiting, err = i.Pending(ctx, f.keys()...); return err })
	g.Go(func() (err error) { behind, err = i.behind(ctx, f.keys()); return err })
	var holds []control.Hold
	g.Go(func() (err error) { holds, err = i.holds(ctx); return err })
	g.Go(func() (err error) {
		var more bool
		if in.Rejected, more, err = i.rejected(ctx, store, &f.Person, who); more {
			left = "not all rejected events are listed or were looked through; `homing rejected list` has all"
		}
		return err
	})
	g.Go(func() (err error) { in.Occasions, err = i.occasions(ctx); return err })
	var unknown error
	g.Go(func() error { in.Products, unknown = i.products(ctx, store); return nil })
	if err := g.Wait(); err != nil {
		return why.Report{}, err
	}
	for _, w := range waiting {
		in.Pending = append(in.Pending, why.Pending{Touch: w.Touch, Due: w.Due})
	}
	base := programme.Person{Store: in.Store, Products: in.Products, Address: in.Address}
	if in.Judged, err = i.judged(ctx, base, waiting); err != nil {
		return why.Report{}, err
	}
	for _, w := range in.Store.Workers {
		in.Holds[w.Name] = holdsOf(holds, w.Name, store)
	}
	if f.Email != "" {
		in.Notes = append(in.Notes, "no customer has this address; it is told what is known of the address itself")
	}
	if behind != "" {
		in.Notes = append(in.Notes, behind)
	}
	if unknown != nil {
		in.Notes = append(in.Notes, "what is said about replenishment may be wrong: "+unknown.Error())
	}
	if len(in.Rejected) > 0 && left != "" {
		in.Notes = append(in.Notes, left)
	}
	in.Notes = append(in.Notes, i.unread...)
	return why.Tell(in), nil
}

// input is what is said about a person who was found, as far as it was read to find
// them.
func (i *Installation) input(f Found, who string) why.Input {
	store := f.Key.Store
	in := why.Input{Asked: who, Key: f.Key, Person: f.Person, Store: i.stores[store], Mailboxes: i.mailboxes(f), Now: i.o.Scale.Now(),
		Address: func(email string) string { return i.identity.Address(store, email) }}
	if account := f.Person.Customer.Account(); account != "" {
		in.Mailbox = mailboxOf(&f.Person, i.identity.Mailbox(store, account))
	}
	return in
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

// behind says if Redis does not know yet what the timeline holds of some customers'
// buckets.
func (i *Installation) behind(ctx context.Context, keys []customer.Key) (string, error) {
	marks, err := i.customers.Marks(ctx, keys[0].Store)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		last, err := i.timeline.Last(ctx, k)
		if err != nil {
			return "", err
		}
		if marks[k.Bucket] < last {
			return "Redis has not caught up with the timeline (it is being rebuilt, or events are being taken in right now), so what is shown as current may be out of date", nil
		}
	}
	return "", nil
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
	c, err := i.known(ctx, store)
	return c.Of(store), err
}

// known reads the statistics of a store; with an error they are empty.
func (i *Installation) known(ctx context.Context, store string) (*statistics.Statistics, error) {
	c := statistics.New(statistics.Options{JS: i.o.JS, Stores: []string{store}, Timeline: i.timeline, Now: i.o.Scale.Now, Log: zap.NewNop()})
	err := c.Update(ctx, store)
	return c, err
}

// Export returns all that is held of the one person who answers to something, as Only
// has it. It reads all of their buckets of the timeline.
func (i *Installation) Export(ctx context.Context, store, who string) (why.Export, error) {
	f, _, err := i.Only(ctx, store, who)
	if err != nil {
		return why.Export{}, err
	}
	if err := i.caughtUp(ctx, f.keys()...); err != nil {
		return why.Export{}, err
	}
	ps, err := i.people.Read(ctx, []customer.Ask{{Key: f.Key, Email: f.Email}})
	if err != nil {
		return why.Export{}, err
	}
	f.Person = ps[0]
	in := i.input(f, who)
	if in.Entries, _, err = i.Entries(ctx, f, true); err != nil {
		return why.Export{}, err
	}
	waiting, err := i.Pending(ctx, f.keys()...)
	if err != nil {
		return why.Export{}, err
	}
	for _, w := range waiting {
		in.Pending = append(in.Pending, why.Pending{Touch: w.Touch, Due: w.Due})
	}
	keys := f.keys()
	for _, m := range f.Person.Mailboxes {
		keys = append(keys, m.Key)
	}
	if in.Copies, err = i.copies(ctx, keys); err != nil {
		return why.Export{}, err
	}
	if len(i.unread) > 0 { // an answer that leaves something out must not pass for all
		return why.Export{}, errors.New(strings.Join(i.unread, "\n"))
	}
	return why.ExportOf(in)
}
