package timeline

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Get returns the entries with these sequences, in their order, and how many do
// not stand there any more. All are asked for at once: a hundred take about as
// long as one.
func (t *Timeline) Get(ctx context.Context, sequences []uint64) (out []customer.Entry, gone int, err error) {
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	found := make([]*customer.Entry, len(sequences))
	unread := make([]bool, len(sequences))
	err = t.gather(ctx, "$JS.API.DIRECT.GET."+bus.Timeline, sequences, nil, func(i int, m *nats.Msg) error {
		switch status := m.Header.Get("Status"); status {
		case "":
			found[i], unread[i] = t.entry(sequences[i], m.Header.Get(jetstream.SubjectHeader), m.Header, m.Data)
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
	err = t.gather(ctx, "$JS.API.STREAM.MSG.GET."+bus.Timeline, sequences, again, func(i int, m *nats.Msg) error {
		subject, h, data, ok, err := stored(m.Data)
		if err == nil && ok {
			found[i], unread[i] = t.entry(sequences[i], subject, h, data)
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

// gather sends a request for each of the sequences, all before the first answer,
// and calls see with the answers as they come. only, if not nil, chooses.
func (t *Timeline) gather(ctx context.Context, api string, sequences []uint64, only func(i int) bool, see func(i int, m *nats.Msg) error) error {
	nc := t.js.Conn()
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox + ".*")
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	waiting := 0
	for i, seq := range sequences {
		if only != nil && !only(i) {
			continue
		}
		waiting++
		if err := nc.PublishRequest(api, inbox+"."+strconv.Itoa(i), []byte(`{"seq":`+strconv.FormatUint(seq, 10)+`}`)); err != nil {
			return err
		}
	}
	for ; waiting > 0; waiting-- {
		m, err := sub.NextMsgWithContext(ctx)
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

// stored takes the answer of the stream's leader apart; not ok: there is no such
// message.
func stored(answer []byte) (subject string, h nats.Header, data []byte, ok bool, err error) {
	var got struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject string `json:"subject"`
			Header  []byte `json:"hdrs"`
			Data    []byte `json:"data"`
		} `json:"message"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return "", nil, nil, false, err
	}
	switch {
	case got.Error != nil && got.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return "", nil, nil, false, nil
	case got.Error != nil:
		return "", nil, nil, false, got.Error
	}
	if len(got.Message.Header) > 0 {
		if h, err = nats.DecodeHeadersMsg(got.Message.Header); err != nil {
			return "", nil, nil, false, err
		}
	}
	return got.Message.Subject, h, got.Message.Data, true, nil
}

// entry decodes what stands at a sequence. What this version cannot read is told
// and left out, as Read does.
func (t *Timeline) entry(seq uint64, subject string, h nats.Header, data []byte) (e *customer.Entry, unread bool) {
	store, bucket, err := parseSubject(subject)
	var ev events.Event
	if err == nil {
		ev, err = events.DecodeTrusted(store, data)
	}
	if err != nil {
		if t.Skipped != nil {
			t.Skipped(seq, err)
		}
		return nil, true
	}
	return &customer.Entry{Key: customer.Key{Store: store, Bucket: bucket, Token: h.Get(bus.HeaderCustomer)}, Event: ev, Sequence: seq}, false
}
