// Package examine reads what pkg/doctor judges: of NATS, Redis, DNS, the relays, the
// gateway and the files of an installation. It changes nothing, sends no email, and asks
// all of them at the same time, each for a time of its own.
package examine

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/doctor"
	"homing/pkg/link"
	"homing/pkg/mailer"
	"homing/pkg/templatestore"
)

// Options say what is examined.
type Options struct {
	Config  *config.Config
	Limits  bus.Limits
	Workers []bus.Worker
	Roles   []string // those that some process should have
	Build   string   // of this program
	Relays  map[string]*mailer.Relay
	Links   *link.Signer // nil: there are no links

	JS       jetstream.JetStream
	NATSAway string // why there is no connection; JS is then not used
	Redis    redis.UniversalClient

	Resolver  Resolver
	SendsFrom []netip.Addr   // the addresses on the internet that email leaves from; none: those of the relay's name
	Monitor   string         // the monitoring endpoint of a nats-server; empty: none
	HTTP      *http.Client   // follows no redirect
	Roots     *x509.CertPool // of the certificates of channels' endpoints; nil: the system's

	Only    []string      // the checks to do; none: all
	Timeout time.Duration // of each check; default 10 s
	Between time.Duration // two looks at what waits; default 1 s
	// Progress is told what is still being looked at, every two seconds; may be nil.
	Progress func(checks []string)
}

// examiner is one examination.
type examiner struct {
	o Options
	// What several checks look at is asked for once.
	items     func() []bus.Item
	processes func() ([]templatestore.Process, error)
}

// check is one check: which server it needs, and how it is done.
type check struct {
	name  string
	nats  bool
	judge func(context.Context) []doctor.Finding
}

const progressEvery = 2 * time.Second

// Run examines an installation.
func Run(ctx context.Context, o Options) doctor.Report {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Between <= 0 {
		o.Between = time.Second
	}
	x := &examiner{o: o}
	x.items = sync.OnceValue(func() []bus.Item {
		ctx, cancel := context.WithTimeout(ctx, o.Timeout)
		defer cancel()
		return bus.Inspect(ctx, o.JS, o.Limits, o.Workers)
	})
	x.processes = sync.OnceValues(func() ([]templatestore.Process, error) { return templatestore.Ask(ctx, o.JS.Conn()) })
	checks := slices.DeleteFunc(x.checks(), func(c check) bool { return len(o.Only) > 0 && !slices.Contains(o.Only, c.name) })
	return doctor.NewReport(time.Now(), x.run(ctx, checks))
}

func (x *examiner) checks() []check {
	return []check{
		{doctor.Versions, false, x.versions}, {doctor.Secret, true, x.installation}, {doctor.Streams, true, x.streams},
		{doctor.Storage, true, x.storage}, {doctor.Lag, true, x.lag}, {doctor.Replicas, true, x.replicas},
		{doctor.Redis, false, x.redis}, {doctor.Clocks, false, x.clocks}, {doctor.RelayOf, false, x.relays},
		{doctor.Channels, false, x.channels}, {doctor.DNS, false, x.dns}, {doctor.PublicURL, false, x.gateway}, {doctor.Files, false, x.files},
	}
}

// run does checks at the same time. One that fails, or takes too long, stops no other.
func (x *examiner) run(ctx context.Context, checks []check) (out []doctor.Finding) {
	type done struct {
		name  string
		found []doctor.Finding
	}
	results := make(chan done, len(checks))
	var open []string
	away := x.o.NATSAway != ""
	for _, c := range checks {
		if c.nats && away {
			out = append(out, x.withoutNATS(c.name, out))
			continue
		}
		open = append(open, c.name)
		go func() { results <- done{c.name, x.bounded(ctx, c)} }()
	}
	tell := time.NewTicker(progressEvery)
	defer tell.Stop()
	for len(open) > 0 {
		select {
		case d := <-results:
			open = slices.DeleteFunc(open, func(name string) bool { return name == d.name })
			out = append(out, d.found...)
		case <-tell.C:
			if x.o.Progress != nil {
				x.o.Progress(slices.Clone(open))
			}
		}
	}
	return out
}

// bounded does one check within its time, and a little longer for those that bound
// themselves.
func (x *examiner) bounded(ctx context.Context, c check) []doctor.Finding {
	ctx, cancel := context.WithTimeout(ctx, x.o.Timeout)
	defer cancel()
	found := make(chan []doctor.Finding, 1)
	go func() { found <- c.judge(ctx) }()
	late := time.NewTimer(x.o.Timeout + time.Second)
	defer late.Stop()
	select {
	case f := <-found:
		return f
	case <-late.C:
		return []doctor.Finding{doctor.Unknown(c.name, "", "it took longer than "+x.o.Timeout.String())}
	}
}

// withoutNATS is the finding of a check that needs NATS: the first says what is wrong.
func (x *examiner) withoutNATS(name string, before []doctor.Finding) doctor.Finding {
	if slices.ContainsFunc(before, func(f doctor.Finding) bool { return f.Level == doctor.Trouble }) {
		return doctor.NotLooked(name, "NATS does not answer")
	}
	return doctor.Finding{Check: name, Level: doctor.Trouble, About: "NATS " + x.o.Config.NATS.URL.String(), Text: "cannot be reached: " + x.o.NATSAway,
		Why: "nothing is taken in, planned or sent while it is away; storefronts cannot publish", Do: "bring it back, or correct nats.url"}
}

// words are an error's, and its kind where it has no good words of its own.
func words(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return err.Error()
}
