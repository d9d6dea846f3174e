package bus

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
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
// StoredAt or LastOf.
func StoredIn(js jetstream.JetStream, stream string) string {
	return API(js, "STREAM.MSG.GET."+stream)
}

// StoredAt asks for the message of a sequence.
func StoredAt(sequence uint64) []byte {
	return []byte(`{"seq":` + strconv.FormatUint(sequence, 10) + `}`)
}

// LastOf asks for the last message of a subject.
func LastOf(subject string) []byte {
	req, _ := json.Marshal(map[string]string{"last_by_subj": subject}) // of two texts: it cannot fail
	return req
}

// FindStored asks the leader of a stream for a message; nil: there is none.
func FindStored(ctx context.Context, js jetstream.JetStream, stream string, request []byte) (*Stored, error) {
	m, err := js.Conn().RequestWithContext(ctx, StoredIn(js, stream), request)
	if err != nil {
		return nil, err
	}
	return ReadStored(m.Data)
}

// LastStored returns the last message of a subject; nil: there is none.
func LastStored(ctx context.Context, js jetstream.JetStream, stream, subject string) (*Stored, error) {
	return FindStored(ctx, js, stream, LastOf(subject))
}

// NextStored returns the first message of a subject, which may have wildcards, from a
// sequence of a stream on; nil: there is none. It leaves nothing behind on the server, as a
// consumer does, so it is for what anybody may ask as often as they like.
func NextStored(ctx context.Context, js jetstream.JetStream, stream, subject string, from uint64) (*Stored, error) {
	req, err := json.Marshal(struct {
		Seq    uint64 `json:"seq"`
		Filter string `json:"next_by_subj"`
	}{from, subject})
	if err != nil {
		return nil, err
	}
	return FindStored(ctx, js, stream, req)
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
