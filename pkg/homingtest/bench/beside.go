package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"homing/pkg/announcement"
	"homing/pkg/bus"
)

// How Homing's announcement is to compare with listmonk's campaign.
const (
	besideRate   = 1.0     // of its rate, at least
	besideMemory = 1. / 3. // of its memory, at most
)

// sending is how one of the two sent its emails.
type sending struct {
	pace
	took  time.Duration // from the word to send to the last email
	size  int           // of an email, in bytes
	used  forestUsage
	micro float64 // CPU time for each email, in µs, of all processes
}

// runBeside measures an announcement next to a campaign of listmonk: the same email, sink
// and number of connections, one after the other.
func (b *bench) runBeside(ctx context.Context) error {
	if b.listmonk.Dir == "" {
		return errors.New("say with -listmonk where listmonk's source is, with the program built in it; docs/performance.md says how to get there")
	}
	for _, sink := range []sinkSpec{{}, {Far: true}} {
		n, where := b.recipients, ""
		if sink.Far {
			n, where = n/10, " over 5 ms"
		}
		if err := b.compare(ctx, sink, n, where); err != nil {
			return err
		}
	}
	return nil
}

// compare measures both with one kind of sink.
func (b *bench) compare(ctx context.Context, sink sinkSpec, recipients int, where string) error {
	ours, like, err := b.announce(ctx, sink, recipients)
	if err != nil {
		return err
	}
	theirs, err := b.campaign(ctx, sink, recipients, like)
	if err != nil {
		return fmt.Errorf("listmonk: %w", err)
	}
	n := thousands(float64(recipients)) + " emails" + where
	r := rowOf(partBeside, fmt.Sprintf("%s, of %.1f KB (listmonk %.1f KB), %d connections, first to last", n, float64(ours.size)/1000, float64(theirs.size)/1000, connections), perSecond, ours.whole, theirs.whole)
	r.judge(fmt.Sprintf("≥ %.2f of listmonk", besideRate), ours.whole >= besideRate*theirs.whole)
	b.report.add(r)
	b.report.add(rowOf(partBeside, n+", middle 80 %", perSecond, ours.middle, theirs.middle))
	b.report.add(rowOf(partBeside, n+", from the word to the last", perSecond, rate(recipients, ours.took), rate(recipients, theirs.took)))
	a, ourPeak := ours.used.peak()
	t, theirPeak := theirs.used.peak()
	r = rowOf(partBeside, n+", memory of all processes at most", mebibytes, mib(a), mib(t))
	r.judge(fmt.Sprintf("≤ %.2f of listmonk", besideMemory), float64(a) <= besideMemory*float64(t))
	b.report.add(r)
	for _, name := range ours.used.names() {
		b.report.add(row{Part: partBeside, What: n + ", of that " + name, Unit: mebibytes, Homing: mib(ourPeak[name])})
	}
	for _, name := range theirs.used.names() {
		b.report.add(row{Part: partBeside, What: n + ", of listmonk's " + name, Unit: mebibytes, Bare: mib(theirPeak[name])})
	}
	for _, name := range ours.used.names() {
		q := ours.used.quarters(name)
		b.report.add(row{Part: partBeside, What: n + ", memory of " + name + " at first and after each quarter", Unit: mebibytes, Series: q, Homing: q[4]})
	}
	b.report.add(rowOf(partBeside, n+", CPU for each, of all processes", micros, ours.micro, theirs.micro))
	return nil
}

// announce has Homing send an announcement to customers, and returns what one of its emails
// says.
func (b *bench) announce(ctx context.Context, sink sinkSpec, n int) (out sending, like content, err error) {
	s, err := newStack(ctx)
	if err != nil {
		return out, like, err
	}
	defer s.stop()
	b.report.Machine.know(s)
	if err := s.useSink(ctx, sink); err != nil {
		return out, like, err
	}
	if err := b.fillWithCustomers(ctx, s, n); err != nil {
		return out, like, err
	}
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesAnnounce, Announce: true})
	if err != nil {
		return out, like, err
	}
	defer h.child.stop()
	name := partBeside
	if sink.Far {
		name += "-far"
	}
	if err := errors.Join(b.profiles(h.child, name), b.profiles(s.nats, name+"-nats")); err != nil {
		return out, like, err
	}
	roots := map[string]int{"homing": h.ready.PID, "nats": s.nats.ready.PID, "redis": s.redis.ready.PID}
	b.progress("side-by-side: Homing sends an announcement to %d", n)
	out, err = b.measured(ctx, s.sink, roots, "an email of an announcement", n, func() error {
		_, err := announcement.Entries{JS: s.js}.Create(ctx, newsletter(), time.Now())
		return err
	})
	if err != nil {
		return out, like, err
	}
	if err := until(ctx, "due touches to be done with", 0, func() (int, error) {
		left, err := held(ctx, s, bus.ScheduleStream(announcement.Worker), "")
		return -left, err
	}); err != nil {
		return out, like, err
	}
	if err := exactly(ctx, s, bus.Timeline, sentFacts, n); err != nil {
		return out, like, err
	}
	var raw []byte
	if err := s.sink.ask("first", &raw); err != nil {
		return out, like, err
	}
	if like, err = contentOf(raw); err != nil {
		return out, like, fmt.Errorf("reading an email of ours: %w", err)
	}
	_, err = h.stop()
	return out, like, err
}

// campaign has listmonk send the same to as many subscribers.
func (b *bench) campaign(ctx context.Context, sinkIs sinkSpec, n int, like content) (out sending, err error) {
	spec := b.listmonk
	if spec.Dir, err = filepath.Abs(spec.Dir); err != nil {
		return out, err
	}
	if spec.State, err = os.MkdirTemp("", "homing-bench-"); err != nil {
		return out, err
	}
	defer os.RemoveAll(spec.State)
	sink, err := spawn(ctx, taskSink, sinkIs)
	if err != nil {
		return out, err
	}
	defer sink.stop()
	spec.SMTP, spec.N, spec.Mail = sink.ready.Addr, n, like
	b.progress("side-by-side: listmonk is installed, with %d subscribers", spec.N)
	c, pids, err := startListmonk(ctx, spec)
	defer c.stop()
	if err != nil {
		return out, err
	}
	b.progress("side-by-side: listmonk sends a campaign to %d", spec.N)
	roots := map[string]int{"listmonk": pids.Listmonk, "postgres": pids.Postgres}
	out, err = b.measured(ctx, sink, roots, fmt.Sprintf("an email of listmonk's campaign, message rate %d", spec.Rate), spec.N, func() error { return c.ask("send", nil) })
	return out, err
}

// measured measures n emails that come to a sink after the word to send them, each once.
func (b *bench) measured(ctx context.Context, sink *child, roots map[string]int, what string, n int, send func() error) (out sending, err error) {
	m := meterOf(map[string]int{"sink": sink.ready.PID})
	f := watchForest(roots)
	before := map[string]time.Duration{}
	for name, pid := range roots {
		before[name] = cpuOfTree(pid)
	}
	began := time.Now()
	if err := send(); err != nil {
		return out, err
	}
	err = until(ctx, "mails", n, func() (int, error) {
		var t tally
		err := sink.ask("tally", &t)
		return t.Mails, err
	})
	if err != nil {
		return out, err
	}
	out.took = time.Since(began)
	c := m.cost(partBeside, what, n)
	ours := 0.
	for name, pid := range roots {
		c.Micros[name] = float64((cpuOfTree(pid) - before[name]).Microseconds()) / float64(n)
		out.micro += c.Micros[name]
		ours += c.Micros[name]
	}
	c.Total += ours
	c.Others = max(0, c.Others-ours/1e6*float64(n)/out.took.Seconds())
	b.report.CPU = append(b.report.CPU, c)
	quiet(ctx)
	out.used = f.stop()
	var mails []receipt
	if err := sink.ask("mails", &mails); err != nil {
		return out, err
	}
	if err := eachOnce(mails, n); err != nil {
		return out, err
	}
	var t tally
	err = sink.ask("tally", &t)
	out.pace, out.size = mailPace(mails), int(t.Bytes)/n
	return out, err
}

// ourUnsubscribe is the link of a customer to unsubscribe.
var ourUnsubscribe = regexp.MustCompile(regexp.QuoteMeta(benchURL) + `/u/[^"'\s<>)]+`)

// contentOf takes an email of ours apart, for a campaign that says the same: its link to
// unsubscribe is listmonk's there, and the others stay as they are.
func contentOf(raw []byte) (c content, err error) {
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return c, err
	}
	words := new(mime.WordDecoder)
	if c.Subject, err = words.DecodeHeader(m.Header.Get("Subject")); err != nil {
		return c, err
	}
	c.From = m.Header.Get("From")
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return c, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c, err
		}
		var r io.Reader = p
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			r = quotedprintable.NewReader(p)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return c, err
		}
		switch kind := p.Header.Get("Content-Type"); {
		case strings.HasPrefix(kind, "text/html"):
			c.HTML = string(text)
		case strings.HasPrefix(kind, "text/plain"):
			c.Text = string(text)
		}
	}
	if c.HTML == "" || c.Text == "" || strings.Contains(c.HTML, "{{") {
		return c, errors.New("it has not one text and one HTML part as they can be a template")
	}
	c.HTML = ourUnsubscribe.ReplaceAllString(c.HTML, "{{ UnsubscribeURL }}")
	c.Text = ourUnsubscribe.ReplaceAllString(c.Text, "{{ UnsubscribeURL }}")
	return c, nil
}
