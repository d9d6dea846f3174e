// Command bench measures Homing on this machine, next to the bare limits of the
// servers it works with, in one run: how fast events are taken in, how fast due
// touches become mails, how long a mail takes, how much memory all of it needs,
// how fast the gate decides and claims, and how fast the gateway takes in webhooks, events
// and clicks. With -capacity it measures what a large installation asks: many pending
// touches, a burst, a million customers, several processes. It starts NATS, Redis, an SMTP sink
// and Homing itself as processes of their own, and counts exactly: a mail, an
// entry or a claim lost or doubled is a failure, a missed aim is not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == childWord {
		if err := runChild(os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", os.Args[2], err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// The parts of a run.
const (
	partIntake   = "intake"
	partRefold   = "refold"
	partWorkers  = "workers"
	partDelivery = "delivery"
	partLatency  = "latency"
	partMemory   = "memory"
	partGate     = "gate"
	partDoors    = "doors"

	partPending   = "pending"
	partBurst     = "burst"
	partCustomers = "customers"
	partProcesses = "processes"

	partAnnouncement = "announcement"
	partBeside       = "side-by-side"
)

// parts are all there are, in their order in the report. Without a word, a run has the
// first of them; of capacityParts some take minutes.
var (
	usualParts    = []string{partIntake, partRefold, partWorkers, partDelivery, partLatency, partMemory, partGate, partDoors}
	capacityParts = []string{partRefold, partWorkers, partPending, partBurst, partCustomers, partProcesses, partAnnouncement}
	parts         = append(append(slices.Clone(usualParts), capacityParts[2:]...), partBeside)
)

// bench is one run.
type bench struct {
	events     int           // of intake's first row
	real       int           // of its second
	mails      int           // of delivery
	latency    time.Duration // for how long mails are timed
	people     int           // customers of the memory part
	pending    []int         // touches that are pending
	burst      int           // events of one second
	crowd      int           // customers of a large shop
	recipients int           // of an announcement, next to listmonk's campaign
	listmonk   listmonkSpec
	shared     int    // emails that 1, 2 and 4 processes send
	orders     string // a file for intake's second row, or ""
	only       []string
	profile    string
	json       bool
	markdown   bool
	report     report
	began      time.Time
	progress   func(format string, args ...any)
}

func parse(args []string) (*bench, error) {
	b := &bench{events: 200_000, latency: 15 * time.Second, people: 20_000, began: time.Now(),
		pending: []int{100_000, 1_000_000}, burst: 100_000, crowd: 1_000_000, shared: 20_000, recipients: 100_000}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := f.Bool("quick", false, "a short run that shows that it works; its numbers say little")
	n := f.Int("n", 0, "events of the intake part (default 200000); a quarter as many real orders, a fifth as many mails and decisions")
	only := f.String("only", "", "the `parts` to run, of "+strings.Join(parts, ", ")+" (default: those up to "+partDoors+")")
	capacity := f.Bool("capacity", false, "the parts that say how large an installation may be: "+strings.Join(capacityParts, ", "))
	f.IntVar(&b.crowd, "customers", b.crowd, "customers of the parts "+partCustomers+" and "+partAnnouncement)
	f.IntVar(&b.recipients, "recipients", b.recipients, "recipients of the part "+partBeside)
	f.StringVar(&b.listmonk.Dir, "listmonk", "", "the `FOLDER` of listmonk's source, with listmonk built in it, for the part "+partBeside)
	f.StringVar(&b.listmonk.Postgres, "postgres", "", "the `FOLDER` of initdb, postgres and psql (default: where initdb is found)")
	f.IntVar(&b.listmonk.Rate, "listmonk-rate", 10_000, "listmonk's message rate: a connection sends so many, and then waits for a second")
	f.StringVar(&b.orders, "orders", "", "a `FILE`.jsonl[.gz] of order.placed events for intake's second row; default: made up, 19 items each")
	f.StringVar(&b.profile, "profile", "", "write CPU and allocation profiles of Homing and nats-server in each part into `DIR`")
	f.BoolVar(&b.json, "json", false, "print JSON instead of a table")
	f.BoolVar(&b.markdown, "markdown", false, "print Markdown instead of a table")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if *quick {
		b.events, b.latency, b.people = 10_000, 2*time.Second, 2_000
		b.pending, b.burst, b.crowd, b.shared, b.recipients = []int{2_000}, 5_000, 5_000, 1_000, 2_000
	}
	if *n != 0 {
		b.events = *n
	}
	b.real, b.mails = b.events/4, b.events/5
	switch {
	case *only != "":
		b.only = strings.Split(*only, ",")
	case *capacity:
		b.only = capacityParts
	default:
		b.only = usualParts
	}
	for _, p := range b.only {
		if !slices.Contains(parts, p) {
			return nil, fmt.Errorf("no such part: %q; there are %s", p, strings.Join(parts, ", "))
		}
	}
	if f.NArg() > 0 || b.events < 100 || b.crowd < 100 || b.recipients < 100 {
		return nil, errors.New("usage: bench [-quick] [-n EVENTS] [-capacity] [-customers N] [-recipients N] [-listmonk FOLDER] [-only PARTS] [-orders FILE] [-profile DIR] [-json] [-markdown]; EVENTS and N are at least 100")
	}
	b.progress = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%5.1fs  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
	}
	return b, nil
}

// run runs the parts and prints what they found, also when one of them broke.
func run(ctx context.Context, args []string) error {
	b, err := parse(args)
	if err != nil {
		return err
	}
	b.report.Machine = machine()
	for _, p := range []struct {
		name string
		do   func(context.Context) error
	}{{partIntake, b.runIntake}, {partRefold, b.runRefold}, {partWorkers, b.runWorkers}, {partDelivery, b.runDelivery}, {partLatency, b.runLatency}, {partMemory, b.runMemory}, {partGate, b.runGate}, {partDoors, b.runDoors},
		{partPending, b.runPending}, {partBurst, b.runBurst}, {partCustomers, b.runCustomers}, {partProcesses, b.runProcesses}, {partAnnouncement, b.runAnnouncement}, {partBeside, b.runBeside}} {
		if !slices.Contains(b.only, p.name) || err != nil {
			continue
		}
		if err = b.measure(ctx, p.name, p.do); err != nil {
			err = fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if len(b.report.Rows) == 0 {
		return err
	}
	if b.markdown {
		b.report.markdown(os.Stdout, b.began)
		return err
	}
	return errors.Join(b.report.print(os.Stdout, b.json), err)
}

// busyTries is how often a part is measured until the machine has nothing else to do;
// one that takes minutes is measured once.
const busyTries = 3

func tries(part string) int {
	if slices.Contains(usualParts, part) {
		return busyTries
	}
	return 1
}

// measure runs a part, and again while other processes kept the machine busy. If
// they never stop, its rows get no verdict.
func (b *bench) measure(ctx context.Context, part string, do func(context.Context) error) error {
	for try := 1; ; try++ {
		rows, costs := len(b.report.Rows), len(b.report.CPU)
		if err := do(ctx); err != nil {
			return err
		}
		busy := b.report.busySince(costs)
		if busy > busyMost && try < tries(part) {
			b.progress("%s: other processes took %.0f %% of the machine: measuring again", part, 100*busy)
			b.report.Rows, b.report.CPU = b.report.Rows[:rows], b.report.CPU[:costs]
			continue
		}
		for i := rows; i < len(b.report.Rows) && busy > busyMost; i++ {
			b.report.Rows[i].Busy = busy
		}
		return nil
	}
}
