package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/pflag"

	"homing/events"
)

const (
	// window is how many events of a file may wait for the stream's word.
	window = 4096
	// patience is how long one of them is tried again while NATS is away.
	patience = 30 * time.Second
	// shownFaults is how many malformed lines are described one by one.
	shownFaults = 20
)

// fileFlags are the flags of homing publish --file.
type fileFlags struct {
	path   string
	rebase bool
	strict bool
	limit  int
	rate   float64

	given func(flag string) bool
}

func (f *fileFlags) register(s *pflag.FlagSet) {
	s.StringVar(&f.path, "file", "", "publish a `file` of events, one a line, .jsonl or .jsonl.gz; - is the standard input")
	s.BoolVar(&f.rebase, "rebase", false, "--file: every event happens now, in the order of the file")
	s.BoolVar(&f.strict, "strict", false, "--file: stop at the first line that isn't an event")
	s.IntVar(&f.limit, "limit", 0, "--file: publish only the first `n` events")
	s.Float64Var(&f.rate, "rate", 0, "--file: at most `n` events a second")
}

func (f *fileFlags) anyGiven() bool {
	return f.given("rebase") || f.given("strict") || f.given("limit") || f.given("rate")
}

// summary is what became of a file.
type summary struct {
	Published  int     `json:"published"`  // acknowledged by the stream
	Duplicates int     `json:"duplicates"` // of those, what the stream had already
	Malformed  int     `json:"malformed"`  // lines that are no events
	Warned     int     `json:"warned"`     // events that are not quite as they should be
	Seconds    float64 `json:"seconds"`
	PerSecond  float64 `json:"per_second"`
}

func (p *program) publishFile(ctx context.Context, f *publishFlags) error {
	if err := f.checkFile(); err != nil {
		return usage(err)
	}
	c, err := p.load()
	if err != nil {
		return err
	}
	store, err := storeOf(c, f.store)
	if err != nil {
		return err
	}
	if f.dryRun {
		return p.validate(&validateFlags{store: store, limit: f.file.limit, strict: false}, []string{f.file.path})
	}
	total := 0
	src, err := openLines(f.file.path, p.in)
	if err == nil {
		defer src.close()
		total, err = src.count(f.file.limit)
	}
	if err != nil {
		return usage(err)
	}
	ctx, nc, js, _, err := p.reachAsStorefront(ctx, c, f, store)
	if err != nil {
		return err
	}
	defer nc.Close()
	b := &bulk{p: p, js: js, store: store, f: &f.file, started: time.Now(), total: total}
	b.bar = p.newProgress(total, &b.sum)
	err = b.run(ctx, src)
	b.bar.finish()
	return errors.Join(p.writeSummary(b), err)
}

func (f *publishFlags) checkFile() error {
	var given *pflag.Flag
	f.event.set.VisitAll(func(x *pflag.Flag) {
		if x.Changed && given == nil {
			given = x
		}
	})
	if given != nil {
		return fmt.Errorf("--%s: a file says that itself", given.Name)
	}
	if f.file.limit < 0 || f.file.rate < 0 {
		return errors.New("--limit and --rate cannot be negative")
	}
	return nil
}

// sent is an event that waits for the stream's word.
type sent struct {
	subject, id string
	body        []byte
	warning     string // of the line it is from, if it is to be shown
	ack         jetstream.PubAckFuture
}

// bulk publishes a file: as fast as the stream takes it, at most window events
// ahead of its word.
type bulk struct {
	p       *program
	js      jetstream.JetStream
	store   string
	f       *fileFlags
	started time.Time
	total   int

	waiting []sent // the oldest first
	first   time.Time
	sum     summary
	bar     *progress
}

// errMalformed says that lines were left out; each was described before.
var errMalformed = errors.New("some lines aren't events and were left out")

var errStrict = errors.New("stopped at the first line that isn't an event (--strict)")

func (b *bulk) run(ctx context.Context, src *lines) error {
	// The last event happens now, those before it a millisecond apart.
	b.first = time.Now().UTC().Truncate(time.Millisecond).Add(-time.Duration(max(0, b.total-1)) * time.Millisecond)
	err := b.read(ctx, src)
	// What was sent is counted whatever came after it, as far as NATS answers.
	for len(b.waiting) > 0 && (err == nil || errors.Is(err, errStrict)) {
		if serr := b.settle(ctx); serr != nil {
			err = serr
		}
	}
	if err == nil && b.sum.Malformed > 0 {
		err = errMalformed
	}
	return err
}

// read publishes line by line.
func (b *bulk) read(ctx context.Context, src *lines) error {
	for n := 0; b.f.limit == 0 || n < b.f.limit; n++ {
		line, err := src.next()
		if line == nil || err != nil {
			return err
		}
		m, err := b.event(line, n)
		if err != nil {
			b.sum.Malformed++
			if b.sum.Malformed <= shownFaults {
				b.bar.say(fmt.Sprintf("%s:%d: %v", src.name, src.line, err))
			}
			if b.f.strict {
				return errStrict
			}
			continue
		}
		if m.warning != "" {
			b.bar.say(fmt.Sprintf("%s:%d: warning: %s", src.name, src.line, m.warning))
		}
		if err := b.pace(ctx, n); err != nil {
			return err
		}
		if err := b.send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// event checks a line as intake will, and with --rebase moves it to now.
func (b *bulk) event(line []byte, n int) (sent, error) {
	t, err := typeOf(line)
	var e events.Event
	if err == nil {
		e, err = decodeFor(b.store, t, line)
	}
	if bad, ok := errors.AsType[*events.Error](err); ok {
		return sent{}, fmt.Errorf("%s: %w", bad.Reason, bad)
	}
	if err != nil {
		return sent{}, err
	}
	subject := events.Subject(b.store, t)
	m := sent{subject: subject, id: messageID(subject, e.Source, e.ID)}
	if len(e.Warnings) > 0 {
		if b.sum.Warned++; b.sum.Warned <= shownFaults {
			m.warning = e.Warnings[0].String()
		}
	}
	if b.f.rebase {
		e.Time = b.first.Add(time.Duration(n) * time.Millisecond)
		m.body, err = events.Encode(e)
		return m, err
	}
	m.body = append([]byte(nil), line...) // the line's own buffer is read into again
	return m, nil
}

// pace waits until the n-th event may go.
func (b *bulk) pace(ctx context.Context, n int) error {
	if b.f.rate <= 0 {
		return nil
	}
	wait := time.Until(b.started.Add(time.Duration(float64(n) / b.f.rate * float64(time.Second))))
	if wait <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(wait):
		return nil
	}
}

func (b *bulk) send(ctx context.Context, m sent) error {
	for len(b.waiting) >= window {
		if err := b.settle(ctx); err != nil {
			return err
		}
	}
	var err error
	m.ack, err = b.js.PublishMsgAsync(message(m.subject, m.body), jetstream.WithMsgID(m.id), jetstream.WithStallWait(patience))
	if err != nil {
		return publishError(m.subject, err)
	}
	b.waiting = append(b.waiting, m)
	for len(b.waiting) > 0 { // what the stream has confirmed in the meantime
		select {
		case ack := <-b.waiting[0].ack.Ok():
			b.confirmed(ack)
		default:
			return nil
		}
	}
	return nil
}

// settle waits for the stream's word about the oldest event.
func (b *bulk) settle(ctx context.Context) error {
	m := b.waiting[0]
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case ack := <-m.ack.Ok():
		b.confirmed(ack)
		return nil
	case err := <-m.ack.Err():
		return b.again(ctx, m, err)
	case <-wait.C:
		return b.again(ctx, m, jetstream.ErrAsyncPublishTimeout)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// again publishes an event whose confirmation was lost with the connection. It
// does no harm if the stream has it: it knows the message by its id, and Homing
// the event.
func (b *bulk) again(ctx context.Context, m sent, why error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if _, refused := errors.AsType[*jetstream.APIError](why); refused || errors.Is(why, jetstream.ErrNoStreamResponse) {
			return publishError(m.subject, why)
		}
		ack, err := publish(ctx, b.js, m.subject, m.id, m.body)
		if err == nil {
			b.confirmed(ack)
			return nil
		}
		why = err
		select {
		case <-ctx.Done():
			return &exitError{exitUnreachable, fmt.Errorf("NATS went away and did not come back within %v: %w", patience, why)}
		case <-time.After(time.Second):
		}
	}
}

// confirmed counts the oldest event as published.
func (b *bulk) confirmed(ack *jetstream.PubAck) {
	b.waiting[0] = sent{}
	b.waiting = b.waiting[1:]
	b.sum.Published++
	if ack.Duplicate {
		b.sum.Duplicates++
	}
	b.bar.step()
}

func (p *program) writeSummary(b *bulk) error {
	s := &b.sum
	s.Seconds = time.Since(b.started).Seconds()
	s.PerSecond = float64(s.Published) / s.Seconds
	if p.asJSON() {
		return writeJSON(p.out, s)
	}
	fmt.Fprintf(p.out, "published %s in %.1f s (%s/s)\n", plural(s.Published, "event"), s.Seconds, number(int(s.PerSecond)))
	if s.Duplicates > 0 {
		fmt.Fprintf(p.out, "%s: the stream has had the same event id within the last two minutes\n", plural(s.Duplicates, "duplicate"))
	}
	if s.Warned > 0 {
		fmt.Fprintf(p.out, "%s of them with a warning\n", number(s.Warned))
	}
	if s.Malformed > 0 {
		fmt.Fprintf(p.out, "%s left out\n", plural(s.Malformed, "malformed line"))
	}
	return nil
}
