package installation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/erasure"
	"homing/pkg/why"
)

const (
	// looked is how many rejected events are looked through for those that name
	// somebody: the newest, of all stores. It takes some ten milliseconds.
	looked = 2000
	// listed is how many of them are listed.
	listed = 5
)

// rejected returns the newest rejected events of a store that name a person, by any id
// or address of theirs or by what was asked for, and whether there may be more. An event
// whose store could not be told may be any store's.
func (i *Installation) rejected(ctx context.Context, store string, p *customer.Person, who string) (out []why.Rejected, more bool, err error) {
	var names erasure.Names
	if strings.Contains(who, "@") {
		names.Add("", who)
	} else {
		names.Add(who, "")
	}
	if p != nil {
		for _, r := range p.Members {
			names.Add(r.Customer.ID.Value, r.Customer.Account())
			for _, a := range r.Customer.Addresses {
				names.Add("", a.Email)
			}
		}
	}
	s, err := i.o.JS.Stream(ctx, bus.Rejected)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("stream %s: %w", bus.Rejected, err)
	}
	state := s.CachedInfo().State
	if state.Msgs == 0 {
		return nil, false, nil
	}
	from := state.FirstSeq
	if last := state.LastSeq; last >= looked && last-looked+1 > from {
		from = last - looked + 1
	}
	c, leave, err := bus.Ordered(ctx, i.o.JS, bus.Rejected, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{"rejected." + store + ".>", "rejected.unknown.>"},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy, OptStartSeq: from,
	})
	if err != nil {
		return nil, false, err
	}
	defer leave()
	for {
		batch, err := c.FetchNoWait(looked)
		if err != nil {
			return nil, false, err
		}
		n := 0
		for m := range batch.Messages() {
			n++
			if !names.In(m.Headers(), m.Data()) {
				continue
			}
			r, err := rejectedOf(m)
			if err != nil {
				return nil, false, err
			}
			out = append(out, r)
		}
		if err := batch.Error(); err != nil {
			return nil, false, err
		}
		if n > 0 {
			continue
		}
		if info, err := c.Info(ctx); err != nil || info.NumPending == 0 {
			slices.Reverse(out)
			return out[:min(len(out), listed)], from > state.FirstSeq || len(out) > listed, err
		}
	}
}

func rejectedOf(m jetstream.Msg) (why.Rejected, error) {
	md, err := m.Metadata()
	if err != nil {
		return why.Rejected{}, err
	}
	subject, h := m.Subject(), m.Headers()
	r := why.Rejected{Sequence: md.Sequence.Stream, At: md.Timestamp.UTC(), Reason: subject[strings.LastIndexByte(subject, '.')+1:], Detail: h.Get(bus.HeaderDetail)}
	if _, t, err := events.ParseSubject(h.Get(bus.HeaderSubject)); err == nil {
		r.Type = string(t)
	} else {
		r.Type = h.Get(bus.HeaderSubject)
	}
	return r, nil
}
