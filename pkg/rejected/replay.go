package rejected

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Replayed is what became of one rejected event.
type Replayed struct {
	Sequence    uint64 `json:"sequence"` // on REJECTED
	Subject     string `json:"subject"`
	Reason      string `json:"reason"`
	NewSequence uint64 `json:"new_sequence,omitempty"` // on STOREFRONT
	Error       string `json:"error,omitempty"`
}

// Replay publishes an event again, as it came, and removes it once the stream has it.
// Interrupted between the two it does so twice: the message's id is known to the stream
// for a while, and the event's to Homing for ever. With dryRun it changes nothing.
func (s *Stream) Replay(ctx context.Context, seq uint64, dryRun bool) (Replayed, error) {
	out := Replayed{Sequence: seq}
	stream, err := s.open(ctx)
	if err != nil {
		return out, err
	}
	e, err := get(ctx, stream, seq)
	if err != nil {
		return out, err
	}
	out.Subject, out.Reason = e.Subject, e.Reason
	if e.Subject == "" {
		return out, errors.New("it is a warning about an event that was taken in; there is nothing to publish again")
	}
	if what := e.ForPerson(); what != "" {
		return out, errors.New(what)
	}
	if !strings.HasPrefix(e.Subject, "storefront.") {
		return out, fmt.Errorf("it stood on %s, which is Homing's own; only what storefronts publish is replayed", Printable(e.Subject))
	}
	if dryRun {
		return out, nil
	}
	m := nats.NewMsg(e.Subject)
	m.Data = e.Data
	for name, values := range e.Headers {
		if !ours(name) {
			m.Header[name] = values
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ack, err := s.js.PublishMsg(ctx, m, jetstream.WithMsgID(fmt.Sprintf("replay-%d-%d", seq, e.Time.UnixNano())))
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) {
		return out, fmt.Errorf("the stream did not confirm %s; replaying it again does no harm: %w", e.Subject, err)
	}
	if err != nil {
		return out, fmt.Errorf("publishing to %s: %w", e.Subject, err)
	}
	out.NewSequence = ack.Sequence
	if err := stream.DeleteMsg(ctx, seq); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return out, fmt.Errorf("published to %s, but not removed from the list: %w", e.Subject, err)
	}
	return out, nil
}

// ReplayAll replays events one after the other, and says what became of each, until ctx
// ends.
func (s *Stream) ReplayAll(ctx context.Context, seqs []uint64) (out []Replayed, err error) {
	for _, seq := range seqs {
		if err := context.Cause(ctx); err != nil {
			return out, err
		}
		x, err := s.Replay(ctx, seq, false)
		if err != nil {
			x.Error = err.Error()
		}
		out = append(out, x)
	}
	return out, nil
}

// ours tells the headers that Homing and NATS set on a rejected event from those it came
// with.
func ours(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "homing-") || strings.HasPrefix(name, "nats-")
}

// Printable replaces all control and formatting characters but line breaks and tabs: what
// came from outside may steer neither a terminal nor the order of letters.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}
