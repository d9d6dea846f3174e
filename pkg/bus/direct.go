package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrTooMany says that a direct get covers more messages than the server gives at once.
var ErrTooMany = errors.New("more messages than the server gives at once")

// mostAnswers is how many messages the server gives at most where a direct get does not say
// how many it wants.
const mostAnswers = 1024

// DirectGet asks a stream for several messages at once, in the words of the server's
// direct get API. A work queue can be read no other way, and it leaves nothing behind on
// the server, as a consumer does.
func DirectGet(ctx context.Context, js jetstream.JetStream, stream string, request map[string]any) ([]*nats.Msg, error) {
	nc, room := js.Conn(), mostAnswers
	if n, ok := request["batch"].(int); ok {
		room = n
	}
	inbox := nc.NewInbox()
	answers, err := Listen(nc, inbox, room+1) // the last one says that it is
	if err != nil {
		return nil, err
	}
	defer answers.Close()
	return ask(ctx, js, answers, inbox, stream, request)
}

// ask sends a request for messages of a stream, and gathers the answers that come to an
// inbox.
func ask(ctx context.Context, js jetstream.JetStream, answers *Answers, inbox, stream string, request map[string]any) ([]*nats.Msg, error) {
	req, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if err := js.Conn().PublishRequest(API(js, "DIRECT.GET."+stream), inbox, req); err != nil {
		return nil, err
	}
	var out []*nats.Msg
	for {
		m, err := answers.Next(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the stream %s: %w", stream, err)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
			out = append(out, m)
		case "204", "404": // the end; none at all
			return out, nil
		case "413":
			return nil, fmt.Errorf("reading the stream %s: %w", stream, ErrTooMany)
		default:
			return nil, fmt.Errorf("reading the stream %s: %s %s", stream, status, m.Header.Get("Description"))
		}
	}
}

// A Look is what DirectPages reads: the messages of a stream whose subjects a filter
// covers, from a sequence on, so many with one request.
type Look struct {
	Stream, Filter string
	From           uint64
	Page           int
}

// DirectPages calls fn with messages, a page at a time, ascending by sequence.
func DirectPages(ctx context.Context, js jetstream.JetStream, l Look, fn func([]*nats.Msg) error) error {
	for from := max(1, l.From); ; {
		msgs, err := DirectGet(ctx, js, l.Stream, map[string]any{"seq": from, "next_by_subj": l.Filter, "batch": l.Page})
		if err != nil || len(msgs) == 0 {
			return err
		}
		for _, m := range msgs {
			seq, err := SequenceOf(m)
			if err != nil {
				return err
			}
			from = max(from, seq+1)
		}
		if err := fn(msgs); err != nil {
			return err
		}
	}
}

// SequenceOf returns where in its stream a message is that a direct get brought.
func SequenceOf(m *nats.Msg) (uint64, error) {
	seq, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("a message without a sequence: %w", err)
	}
	return seq, nil
}
