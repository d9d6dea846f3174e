package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"homing/events"
)

// shownFaults is how many malformed lines are described one by one.
const shownFaults = 20

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
	b := &bulk{p: p, store: store, f: &f.file, started: time.Now(), total: total}
	b.out = sender{js: js, confirmed: b.confirmed}
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

// bulk publishes a file.
type bulk struct {
	p       *program
	out     sender
	store   string
	f       *fileFlags
	started time.Time
	total   int

	first time.Time
	sum   summary
	bar   *progress
}

// errMalformed says that lines were left out; each was described before.
var errMalformed = errors.New("some lines aren't events and were left out")

var errStrict = errors.New("stopped at the first line that isn't an event (--strict)")

func (b *bulk) run(ctx context.Context, src *lines) error {
	// The last event happens now, those before it a millisecond apart.
	b.first = time.Now().UTC().Truncate(time.Millisecond).Add(-time.Duration(max(0, b.total-1)) * time.Millisecond)
	err := b.read(ctx, src)
	// What was sent is counted whatever came after it, as far as NATS answers.
	if err == nil || errors.Is(err, errStrict) {
		if serr := b.out.finish(ctx); serr != nil {
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
		if err := b.out.send(ctx, m); err != nil {
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
	m := sent{subject: subject, id: events.MessageID(e)}
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

// confirmed counts an event as published.
func (b *bulk) confirmed(_ sent, duplicate bool) {
	b.sum.Published++
	if duplicate {
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
