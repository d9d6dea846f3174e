package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/rehearsal"
	"homing/pkg/shop"
	"homing/pkg/templatestore"
)

const rehearseHelp = `Lives through the history of a shop with a configuration, on virtual time and with the
same code that decides live, and tells what every customer would have got, and why
not. It sends nothing, and connects to a server only with --from-now and --against running.

A history is a file of events, one a line, as for "homing publish --file": .jsonl or
.jsonl.gz; - is the standard input. "homing history" writes that of a running installation,
and "homing import --out" that of a shop which isn't connected yet. With --format shopify
or csv it is an export of orders or customers, as for "homing import". Several files are
one history. What was brought over (historical) is lived through like anything else, and
what Homing itself had said is left out: it says it again.

With --against, the same history is lived through with another configuration as well, and
what is told is who would get different mail. The exit code is 4 then if anybody would.
The other configuration is a file, one of a revision in git, HEAD~1:homing.yaml, or, with
--against running, the one that the processes of the installation decide by now, with the
templates that they render with.

With --from-now, there is no history: it reads what the installation of the configuration
knows and has pending, and lives ahead from now, as if nothing else happened. The
installation may go on in the meantime. It only reads: nothing is written to NATS or
Redis, and nothing is left there.`

// rehearseFlags are the flags of homing rehearse.
type rehearseFlags struct {
	files     []string
	format    string
	store     string
	out       string
	synthetic bool
	seed      uint64
	stories   int
	cores     int
	against   string
	customers int
	samples   bool
	fromNow   string
	timeout   time.Duration
}

func (p *program) rehearseCommand() *cobra.Command {
	f := &rehearseFlags{}
	cmd := &cobra.Command{
		Use: "rehearse (--file <history.jsonl[.gz]> | --from-now <30d>)", Short: "Live through a history, or ahead, and tell what would be sent", Long: rehearseHelp,
		Example: "  homing history --out history.jsonl.gz\n  homing rehearse --file history.jsonl.gz\n  homing rehearse --file history.jsonl --output json --out rehearsal.json\n" +
			"  homing rehearse --file history.jsonl --against main:homing.yaml --output markdown\n  homing rehearse --from-now 30d\n  homing rehearse --synthetic",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(p.output); err != nil {
				return err
			}
			if f.fromNow != "" {
				return p.runAhead(cmd, f)
			}
			return p.runRehearsal(cmd.Context(), f)
		},
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&f.files, "file", nil, "the history: a `file` of events, one a line; may be given several times")
	f.format = "jsonl"
	fs.Var(&choice{&f.format, []string{"jsonl", "shopify", "csv"}}, "format", "what the files are: jsonl, events one a line; shopify, exports of orders or customers; or csv, see docs/storefronts/import.md")
	fs.StringVar(&f.store, "store", "", "the `store` it happened in (default: the only one configured, or main)")
	fs.StringVar(&f.out, "out", "", "write what it tells into a `file`")
	fs.BoolVar(&f.synthetic, "synthetic", false, "a made-up shop of 4,372 customers in the place of a history: 25,900 orders with 541,909 lines in a year")
	fs.Uint64Var(&f.seed, "seed", 1, "which made-up shop: a `number`")
	fs.IntVar(&f.stories, "stories", 10, "tell the stories of so many customers")
	fs.IntVar(&f.cores, "cores", 0, "use so many cores (default: all); what it tells does not depend on it")
	fs.StringVar(&f.against, "against", "", "compare with the configuration of a `file`, of a revision in git, REV:PATH, or with the one that is running")
	fs.IntVar(&f.customers, "customers", 50, "--against: list up to so many customers side by side")
	fs.BoolVar(&f.samples, "samples", true, "compose one email of each worker, step and language, and with --against look which emails look different")
	fs.StringVar(&f.fromNow, "from-now", "", "live ahead for so long, as 30d, from where the running installation is")
	p.natsFlags(cmd, &f.timeout, 10*time.Second)
	p.outputFlag(cmd, "html", "markdown")
	return cmd
}

// errLeftOut says that lines of a history were left out; each was described before.
var errLeftOut = errors.New("some lines of the history aren't events and were left out; correct them and rehearse again")

// check refuses flags that have no sense together.
func (f *rehearseFlags) check(output string) error {
	switch {
	case f.fromNow != "" && (f.synthetic || len(f.files) > 0 || f.store != ""):
		return usagef("--from-now: it takes over all that the installation knows, of all stores; leave out --file, --synthetic and --store")
	case f.synthetic && len(f.files) > 0:
		return usagef("--synthetic: makes up a history, and --file names one; leave one of them out")
	case !f.synthetic && len(f.files) == 0 && f.fromNow == "":
		return usagef("--file: name the history; --synthetic makes one up, and --from-now goes on from the running installation")
	case f.stories < 0:
		return usagef("--stories: %d is negative", f.stories)
	case f.cores < 0:
		return usagef("--cores: %d is negative", f.cores)
	case f.customers < 0:
		return usagef("--customers: %d is negative", f.customers)
	case f.against == "" && output == "markdown":
		return usagef("--output: markdown is what a comparison is told in; add --against")
	}
	return nil
}

func (p *program) runRehearsal(ctx context.Context, f *rehearseFlags) error {
	c, err := p.devConfig()
	if err != nil {
		return err
	}
	m := &rehearsing{p: p, f: f, of: " events", bar: meter{p: p, since: time.Now(), last: time.Now()}}
	if m.store, err = storeOf(c, f.store); err != nil {
		return err
	}
	if m.shop, err = shopOf(c, m.store, storeZone); err != nil {
		return err
	}
	if err := m.open(ctx, c, m.store); err != nil {
		return err
	}
	if err := m.read(ctx); err != nil {
		return err
	}
	if m.each[0].Len() == 0 {
		return usagef("%s has no event of a shop", m.name)
	}
	return m.live(ctx)
}

// open makes a rehearsal of each configuration that is lived with, for some stores.
func (m *rehearsing) open(ctx context.Context, c *config.Config, stores ...string) error {
	sides, against := []side{{c, m.templatesOf}}, m.f.against
	if against != "" {
		other, err := m.otherSide(ctx, c)
		if err != nil {
			return err
		}
		sides = append(sides, other)
	}
	for i, s := range sides {
		of := s.config
		for _, store := range stores {
			if _, ok := of.Stores[store]; !ok {
				return usagef("--against: %s has no store %s", against, store)
			}
		}
		r, err := rehearsal.New(rehearsal.Options{Config: of, Secret: string(c.Secret), Cores: m.f.cores, Progress: m.lived})
		if err != nil && i > 0 {
			err = fmt.Errorf("--against: %s: %w", against, err)
		}
		if err != nil {
			return usage(err)
		}
		m.each = append(m.each, r)
	}
	return m.openLooks(ctx, sides)
}

// errOtherMail says, by its exit code, that somebody would get different mail.
var errOtherMail = errors.New("somebody would get different mail (--against)")

// rehearsing is one rehearsal on the command line.
type rehearsing struct {
	p     *program
	f     *rehearseFlags
	store string
	shop  shop.Store
	each  []*rehearsal.Rehearsal // of each configuration
	looks []look                 // likewise, how its emails look
	// published are the templates of the installation that is asked; nil: none is.
	published *templatestore.Store
	name      string // of the history
	of        string // what is counted while it is read
	doing     string // which of them lives
	bad       int    // lines that are no events
	bar       meter
	percent   int // how often garbage is collected; see collect
}

// lived shows how far the rehearsal has come.
func (m *rehearsing) lived(at, from, to time.Time) {
	const day = 24 * time.Hour
	m.show(m.doing+"living through "+at.Format("2 Jan 2006"), int64(at.Sub(from)/day), int64(to.Sub(from)/day))
}

// show shows what is being done.
func (m *rehearsing) show(what string, done, total int64) {
	if m.bar.show(what, done, total, func() string {
		if total > 0 {
			return fmt.Sprintf("%s: day %s of %s", what, number(int(done)), number(int(total)))
		}
		return fmt.Sprintf("%s: %s%s", what, number(int(done)), m.of)
	}) {
		m.collect()
	}
}
