package codelist

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/offer"
)

// Count is what became of the codes of a file.
type Count struct {
	New       int `json:"new"`
	Duplicate int `json:"duplicate"` // in a list of the store already, or twice in the file
	Used      int `json:"used"`      // taken before: never loaded again
}

// All returns how many there were.
func (n Count) All() int { return n.New + n.Duplicate + n.Used }

// ErrName says that a name cannot be that of a list.
var ErrName = errors.New("not a name of a list: use 1 to 32 of a-z, 0-9 and -")

var listName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// loadWindow is how many publishes wait for their acks at a time.
const loadWindow = 256

// Load adds codes to a list, and says what became of them. Loading the same
// codes again adds none. After an error those counted so far are loaded; step,
// which may be nil, is told the count now and then.
func (c *Lists) Load(ctx context.Context, store, name string, all []string, step func(Count)) (Count, error) {
	var n Count
	if !listName.MatchString(name) {
		return n, fmt.Errorf("%q is %w", name, ErrName)
	}
	for _, code := range all {
		if !offer.ValidCode(code) {
			return n, fmt.Errorf("%q is not a code: use 1 to 40 letters, digits, - and _", code)
		}
	}
	known, err := c.known(ctx, store)
	if err != nil {
		return n, err
	}
	for chunk := range slices.Chunk(all, loadWindow) {
		if err := c.loadSome(ctx, store, name, chunk, known, &n); err != nil {
			return n, err
		}
		if step != nil {
			step(n)
		}
	}
	return n, nil
}

func (c *Lists) loadSome(ctx context.Context, store, name string, chunk []string, known map[string]string, n *Count) error {
	var acks []jetstream.PubAckFuture
	for _, code := range chunk {
		hash := hashOf(code)
		switch known[hash] {
		case free:
			n.Duplicate++
			continue
		case taken:
			n.Used++
			continue
		}
		known[hash] = free
		ack, err := c.js.PublishMsgAsync(&nats.Msg{Subject: subject(store, name, free, hash), Data: []byte(code)},
			jetstream.WithExpectLastSequencePerSubject(0), jetstream.WithStallWait(bus.AckTimeout))
		if err != nil {
			return fmt.Errorf("loading codes: %w", err)
		}
		acks = append(acks, ack)
	}
	for _, ack := range acks {
		select {
		case <-ack.Ok():
			n.New++
		case err := <-ack.Err():
			if !there(err) {
				return fmt.Errorf("loading codes: %w", err)
			}
			n.Duplicate++ // someone else loads the same at the same time
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// known returns the state of every code that a list of a store has or had, by its
// hash: a file that is loaded into a second list would give its codes twice.
func (c *Lists) known(ctx context.Context, store string) (map[string]string, error) {
	subjects, err := c.subjects(ctx, "offers."+store+".>")
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(subjects))
	for s := range subjects {
		if p := strings.Split(s, "."); len(p) == 5 && out[p[4]] != taken {
			out[p[4]] = p[3]
		}
	}
	return out, nil
}

func (c *Lists) subjects(ctx context.Context, filter string) (map[string]uint64, error) {
	stream, err := c.js.Stream(ctx, bus.Offers)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", bus.Offers, err)
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, fmt.Errorf("reading stream %s: %w", bus.Offers, err)
	}
	return info.State.Subjects, nil
}

// List is how full a list is.
type List struct {
	Store string `json:"store"`
	Name  string `json:"list"`
	Left  int    `json:"left"`
	Taken int    `json:"taken"`
}

// Lists returns every list that was ever loaded, by store and name.
func (c *Lists) Lists(ctx context.Context) ([]List, error) {
	subjects, err := c.subjects(ctx, "offers.>")
	if err != nil {
		return nil, err
	}
	at := map[[2]string]*List{}
	for s := range subjects {
		p := strings.Split(s, ".")
		if len(p) != 5 {
			continue
		}
		l := at[[2]string{p[1], p[2]}]
		if l == nil {
			l = &List{Store: p[1], Name: p[2]}
			at[[2]string{p[1], p[2]}] = l
		}
		if p[3] == taken {
			l.Taken++
		} else if _, marked := subjects[subject(p[1], p[2], taken, p[4])]; !marked {
			l.Left++
		}
	}
	out := make([]List, 0, len(at))
	for _, l := range at {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b List) int { return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Name, b.Name)) })
	return out, nil
}
