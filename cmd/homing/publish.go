package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/config"
)

const publishHelp = `Publishes what happened in a shop, the way a storefront does: one event made from
flags or from a data object, or a file of events.

One event. --data gives the data object of the contract (events/schemas/v1), and
flags override it; without it the event is a small example about --customer. The
event is checked before it is published, by the rules of the engine.

A file has one CloudEvent in structured JSON a line, and may be gzipped. With
--rebase every event happens now, in the order of the file. A line that isn't an
event is reported with its number and skipped.

With --dry-run nothing is published: "homing validate" says the same of any file.

Types:
`

// publishFlags are the flags of homing publish.
type publishFlags struct {
	timeout time.Duration
	dryRun  bool
	store   string
	inbox   string
	event   eventFlags
	file    fileFlags
}

func (p *program) publishCommand() *cobra.Command {
	f := &publishFlags{}
	var types []string
	var help strings.Builder
	help.WriteString(publishHelp)
	for _, r := range events.Rows() {
		if r.Type.Known() {
			types = append(types, string(r.Type))
			fmt.Fprintf(&help, "  %-27s %s\n", r.Type, r.Says)
		}
	}
	cmd := &cobra.Command{
		Use: "publish <type> | publish --file <events.jsonl[.gz]>", Short: "Publish an event, or a file of events",
		Long:      strings.TrimSuffix(help.String(), "\n"),
		Example:   publishExamples,
		ValidArgs: types,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.file.path != "" && len(args) > 0:
				return errors.New("a type and --file: keep one of the two")
			case f.file.path == "" && len(args) != 1:
				return errors.New("say what happened: a type, such as order.placed, or --file")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.file.given = cmd.Flags().Changed
			if f.file.path != "" {
				return p.publishFile(cmd.Context(), f)
			}
			return p.publishEvent(cmd.Context(), events.Type(args[0]), f)
		},
	}
	cmd.Flags().StringVar(&f.store, "store", "", "the `store` it happened in (default: the only one configured, or main)")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what is wrong and what would be published, and connect to nothing")
	cmd.Flags().StringVar(&f.inbox, "inbox-prefix", "", "the subject `prefix` on which the NATS user may get answers, such as _INBOX_main (default: nats.inbox_prefix)")
	f.event.register(cmd.Flags())
	f.file.register(cmd.Flags())
	p.natsFlags(cmd, &f.timeout, 10*time.Second)
	p.outputFlag(cmd)
	return cmd
}

const publishExamples = `  homing publish order.placed --customer ann --email ann@example.com
  homing publish order.placed --customer ann --item "Assam, 250 g x2 @12.95" --time -30m
  homing publish order.cancelled --customer ann --order 10042
  homing publish subscription.renewing --customer ann --renews 10d
  homing publish cart.updated --data cart.json
  homing publish cart.updated --data cart.json --dry-run
  homing publish --file events.jsonl.gz --rebase`

// published is what became of one event.
type published struct {
	Type      events.Type `json:"type"`
	ID        string      `json:"id"`
	Time      time.Time   `json:"time"`
	Subject   string      `json:"subject"`
	Stream    string      `json:"stream"`
	Sequence  uint64      `json:"sequence"`
	Duplicate bool        `json:"duplicate"` // the stream had it already
}

func (p *program) publishEvent(ctx context.Context, t events.Type, f *publishFlags) error {
	if f.file.anyGiven() {
		return usagef("--rebase, --limit, --rate and --strict are for --file")
	}
	c, err := p.load()
	if err != nil {
		return err
	}
	store, err := storeOf(c, f.store)
	if err != nil {
		return err
	}
	d, err := newDraft(t, &f.event, p.in)
	if err != nil {
		return usage(err)
	}
	if err := d.fill(currencyOf(c, store)); err != nil {
		return usage(err)
	}
	if f.dryRun {
		return p.rehearse(d, store)
	}
	ctx, nc, js, scale, err := p.reachAsStorefront(ctx, c, f, store)
	if err != nil {
		return err
	}
	defer nc.Close()
	body, err := d.encode(store, scale)
	if err != nil {
		return err
	}
	for _, note := range d.notes {
		fmt.Fprintln(p.err, "note: "+note)
	}
	subject := events.Subject(store, t)
	ack, err := publish(ctx, js, subject, events.MessageID(events.Event{Store: store, Type: t, Source: d.source, ID: d.id}), body)
	if err != nil {
		return denied(ctx, err)
	}
	return p.writePublished(published{t, d.id, d.time, subject, ack.Stream, ack.Sequence, ack.Duplicate})
}

// rehearse shows the event that would be published.
func (p *program) rehearse(d *draft, store string) error {
	body, err := d.encode(store, clock.Scale{})
	if err != nil {
		return err
	}
	subject := events.Subject(store, d.t)
	if p.asJSON() {
		return writeJSON(p.out, map[string]any{"dry_run": true, "type": d.t, "id": d.id, "time": d.time, "subject": subject, "warnings": d.notes, "event": json.RawMessage(body)})
	}
	for _, note := range d.notes {
		fmt.Fprintln(p.err, "note: "+note)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "nothing is published; this would be, on %s\n\n%s\n", subject, printable(pretty.String()))
	return err
}

func currencyOf(c *config.Config, store string) string { return c.Stores[store].Currency }

// publish waits for the stream's word. Without it nothing was published.
func publish(ctx context.Context, js jetstream.JetStream, subject, id string, body []byte) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ack, err := js.PublishMsg(ctx, bus.EventMsg(subject, body), jetstream.WithMsgID(id))
	return ack, publishError(subject, err)
}

// publishError says what to do about the failures that have a remedy.
func publishError(subject string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("no stream takes %s: run `homing setup` first, or start `homing run` or `homing dev`: %w", subject, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return &exitError{exitUnreachable, fmt.Errorf("the stream did not confirm %s; publishing it again does no harm: %w", subject, err)}
	}
	return fmt.Errorf("publishing to %s: %w", subject, err)
}

func (p *program) writePublished(r published) error {
	if p.asJSON() {
		return writeJSON(p.out, r)
	}
	what := fmt.Sprintf("published  %s\n", r.Type)
	if r.Duplicate {
		what = fmt.Sprintf("unchanged  %s: the stream has had this event within the last two minutes\n", r.Type)
	}
	_, err := fmt.Fprintf(p.out, what+"event      %s, %s\nsubject    %s\nstream     %s, sequence %d\n\n"+
		"Its email, if it leads to one, is sent when it falls due. If Homing refuses it,\n`%s rejected list` says why.\n",
		r.ID, r.Time.UTC().Format(time.RFC3339), r.Subject, r.Stream, r.Sequence, p.name)
	return err
}
