package bus

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Stored message is one as the leader of its stream has it. nats.go would ask any
// replica for it, and one that lags does not know the newest, nor what was deleted.
type Stored struct {
	Sequence uint64
	Subject  string
	Header   nats.Header
	Data     []byte
	Time     time.Time // when it was stored, by the leader's clock
}

// StoredIn is the subject on which the leader of a stream is asked for a message, by
// {"seq": …} or {"last_by_subj": …}.
func StoredIn(js jetstream.JetStream, stream string) string {
	return API(js, "STREAM.MSG.GET."+stream)
}

// LastOf asks for the last message of a subject.
func LastOf(subject string) []byte {
	req, _ := json.Marshal(map[string]string{"last_by_subj": subject}) // of two texts: it cannot fail
	return req
}

// LastStored returns the last message of a subject; nil: there is none.
func LastStored(ctx context.Context, js jetstream.JetStream, stream, subject string) (*Stored, error) {
	m, err := js.Conn().RequestWithContext(ctx, StoredIn(js, stream), LastOf(subject))
	if err != nil {
		return nil, err
	}
	return ReadStored(m.Data)
}

// NextStored returns the first message from a place in a stream on, which is on a subject or
// covered by, a subject; nil: there is none. It leaves nothing behind on the server, as a
// consumer does, so it is for what anybody may ask as often as they like.
func NextStored(ctx context.Context, js jetstream.JetStream, stream, subject string, from uint64) (*Stored, error) {
	req, err := json.Marshal(struct {
		Seq    uint64 `json:"seq"`
		Filter string `json:"next_by_subj"`
	}{from, subject})
	if err != nil {
		return nil, err
	}
	m, err := js.Conn().RequestWithContext(ctx, StoredIn(js, stream), req)
	if err != nil {
		return nil, err
	}
	return ReadStored(m.Data)
}

// ReadStored takes the answer of a stream's leader apart; nil: there is no such message.
func ReadStored(answer []byte) (*Stored, error) {
	var got struct {
		Error   *jetstream.APIError `json:"error"`
		Message *struct {
			Sequence uint64    `json:"seq"`
			Subject  string    `json:"subject"`
			Header   []byte    `json:"hdrs"`
			Data     []byte    `json:"data"`
			Time     time.Time `json:"time"`
		} `json:"message"`
	}
	switch err := json.Unmarshal(answer, &got); {
	case err != nil:
		return nil, err
	case got.Error != nil && got.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, nil
	case got.Error != nil:
		return nil, got.Error
	case got.Message == nil:
		return nil, errors.New("an answer without a message")
	}
	m := &Stored{Sequence: got.Message.Sequence, Subject: got.Message.Subject, Data: got.Message.Data, Time: got.Message.Time}
	if len(got.Message.Header) > 0 {
		h, err := nats.DecodeHeadersMsg(got.Message.Header)
		if err != nil {
			return nil, err
		}
		m.Header = h
	}
	return m, nil
}
