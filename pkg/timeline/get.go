package timeline

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Get returns the entries with these sequences, in their order, and how many are not there
// any more. All of a stream are asked for at once: a hundred take about as long as one.
func (t *Timeline) Get(ctx context.Context, sequences []uint64) (out []customer.Entry, gone int, err error) {
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	found := make([]*customer.Entry, len(sequences))
	unread := make([]bool, len(sequences))
	err = t.gather(ctx, func(stream string) string { return bus.API(t.js, "DIRECT.GET."+stream) }, sequences, nil, func(i int, m *nats.Msg) error {
		switch status := m.Header.Get("Status"); status {
		case "":
			stored, _ := time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer))
			found[i], unread[i] = t.entry(sequences[i], stored, m.Header.Get(jetstream.SubjectHeader), m.Header, m.Data)
			return nil
		case "404":
			return nil
		default:
			return fmt.Errorf("%s %s", status, m.Header.Get("Description"))
		}
	})
	if err != nil {
		return nil, 0, err
	}
	// Any replica answers a direct get, and one that lags does not know the newest:
	// what nobody found is asked of the leader.
	again := func(i int) bool { return found[i] == nil && !unread[i] }
	err = t.gather(ctx, func(stream string) string { return bus.StoredIn(t.js, stream) }, sequences, again, func(i int, m *nats.Msg) error {
		got, err := bus.ReadStored(m.Data)
		if err == nil && got != nil {
			found[i], unread[i] = t.entry(sequences[i], got.Time, got.Subject, got.Header, got.Data)
		}
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	for i, e := range found {
		switch {
		case e != nil:
			out = append(out, *e)
		case !unread[i]:
			gone++
		}
	}
	return out, gone, nil
}

// gather sends a request for each of the sequences, all before the first answer of
// their stream, and calls see with the answers as they come. only, if not nil, chooses.
func (t *Timeline) gather(ctx context.Context, api func(stream string) string, sequences []uint64, only func(i int) bool, see func(i int, m *nats.Msg) error) error {
	parts := make([][]int, t.split.Count()) // which of them
	for i, seq := range sequences {
		if only == nil || only(i) {
			p, _ := t.split.Place(seq)
			parts[p] = append(parts[p], i)
		}
	}
	return t.each(func(p int) error {
		if len(parts[p]) == 0 {
			return nil
		}
		return t.split.In(p, t.gatherFrom(ctx, api(t.split.Timeline(p)), sequences, parts[p], see))
	})
}

// gatherFrom is gather for what is on one partition's stream.
func (t *Timeline) gatherFrom(ctx context.Context, api string, sequences []uint64, of []int, see func(i int, m *nats.Msg) error) error {
	nc := t.js.Conn()
	inbox := nc.NewInbox()
	answers, err := bus.Listen(nc, inbox+".*", len(of))
	if err != nil {
		return err
	}
	defer answers.Close()
	for _, i := range of {
		_, n := t.split.Place(sequences[i])
		if err := nc.PublishRequest(api, inbox+"."+strconv.Itoa(i), bus.StoredAt(n)); err != nil {
			return err
		}
	}
	for range of {
		m, err := answers.Next(ctx)
		if err != nil {
			return fmt.Errorf("reading the timeline: %w", err)
		}
		i, err := strconv.Atoi(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:])
		if err == nil {
			err = see(i, m)
		}
		if err != nil {
			return fmt.Errorf("reading the timeline: %w", err)
		}
	}
	return nil
}

// entry decodes the entry at a sequence. What this version cannot read is told
// and left out, as Read does.
func (t *Timeline) entry(seq uint64, stored time.Time, subject string, h nats.Header, data []byte) (e *customer.Entry, unread bool) {
	got, err := decode(seq, subject, h.Get(bus.HeaderCustomer), data)
	if err != nil {
		if t.Skipped != nil {
			t.Skipped(seq, err)
		}
		return nil, true
	}
	t.date(&got, stored)
	return &got, false
}
