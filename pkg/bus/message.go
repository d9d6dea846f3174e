package bus

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// message is one of a stream that a puller took: a jetstream.Msg. (nats.go makes
// its own only for the ways of pulling that it has.)
type message struct {
	nc       *nats.Conn
	raw      *nats.Msg
	answered atomic.Bool
}

func (m *message) Data() []byte         { return m.raw.Data }
func (m *message) Headers() nats.Header { return m.raw.Header }
func (m *message) Subject() string      { return m.raw.Subject }
func (m *message) Reply() string        { return m.raw.Reply }

func (m *message) Metadata() (*jetstream.MsgMetadata, error) {
	md, err := m.raw.Metadata()
	if err != nil {
		return nil, err
	}
	return &jetstream.MsgMetadata{
		Sequence:     jetstream.SequencePair{Consumer: md.Sequence.Consumer, Stream: md.Sequence.Stream},
		NumDelivered: md.NumDelivered, NumPending: md.NumPending, Timestamp: md.Timestamp,
		Stream: md.Stream, Consumer: md.Consumer, Domain: md.Domain,
	}, nil
}

// answer tells the server something of the message. Only one answer is final.
func (m *message) answer(body string) error {
	if !m.answered.CompareAndSwap(false, true) {
		return jetstream.ErrMsgAlreadyAckd
	}
	return m.nc.Publish(m.raw.Reply, []byte(body))
}

func (m *message) Ack() error  { return m.answer("+ACK") }
func (m *message) Nak() error  { return m.answer("-NAK") }
func (m *message) Term() error { return m.answer("+TERM") }

func (m *message) NakWithDelay(d time.Duration) error {
	body, err := json.Marshal(struct {
		Delay int64 `json:"delay"` // ns
	}{d.Nanoseconds()})
	if err != nil {
		return err
	}
	return m.answer("-NAK " + string(body))
}

// TermWithReason ends the message. reason is one line, for the server's advisory.
func (m *message) TermWithReason(reason string) error {
	return m.answer("+TERM " + strings.ReplaceAll(reason, "\n", " "))
}

func (m *message) InProgress() error {
	if m.answered.Load() {
		return jetstream.ErrMsgAlreadyAckd
	}
	return m.nc.Publish(m.raw.Reply, []byte("+WPI"))
}

func (m *message) DoubleAck(ctx context.Context) error {
	if !m.answered.CompareAndSwap(false, true) {
		return jetstream.ErrMsgAlreadyAckd
	}
	_, err := m.nc.RequestWithContext(ctx, m.raw.Reply, []byte("+ACK"))
	return err
}
