package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// silence is how long the server may say nothing.
const silence = time.Minute

// answer is what JetStream answers to both requests.
type answer struct {
	Error   *jetstream.APIError `json:"error"`
	Config  json.RawMessage     `json:"config"`
	State   json.RawMessage     `json:"state"`
	Deliver string              `json:"deliver_subject"`
}

func request(ctx context.Context, js jetstream.JetStream, what string, body any) (a answer, err error) {
	req, err := json.Marshal(body)
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	m, err := js.Conn().RequestWithContext(ctx, bus.API(js, what), req)
	if err == nil {
		err = json.Unmarshal(m.Data, &a)
	}
	if err == nil && a.Error != nil {
		err = a.Error
	}
	return a, err
}

// snapshot reads one stream, with its consumers.
func (o *Options) snapshot(ctx context.Context, name string) (s Stream, err error) {
	dir := filepath.Join(o.Dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return s, err
	}
	inbox := o.JS.Conn().NewRespInbox()
	sub, err := o.JS.Conn().SubscribeSync(inbox)
	if err != nil {
		return s, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(-1, -1); err != nil { // the server waits for our acknowledgements
		return s, err
	}
	s = Stream{Name: name, Taken: time.Now().UTC()}
	a, err := request(ctx, o.JS, "STREAM.SNAPSHOT."+name, map[string]any{"deliver_subject": inbox, "chunk_size": 128 << 10})
	if err != nil {
		return s, err
	}
	var state jetstream.StreamState
	if err := json.Unmarshal(a.State, &state); err != nil {
		return s, err
	}
	s.Messages, s.Bytes, s.Last = state.Msgs, state.Bytes, state.LastSeq
	data := dataName(o.JS.Conn().ConnectedServerVersion())
	if err := o.receive(ctx, sub, filepath.Join(dir, data), name, state.Bytes); err != nil {
		return s, err
	}
	meta, err := json.MarshalIndent(map[string]json.RawMessage{"config": a.Config, "state": a.State}, "", "  ")
	if err == nil {
		err = writeFile(filepath.Join(dir, metaName), meta)
	}
	for _, f := range []string{data, metaName} {
		if err == nil {
			var d File
			d, err = sum(dir, f)
			s.Files = append(s.Files, d)
		}
	}
	return s, err
}

// dataName is how the nats command calls the data of a server's version: the form changed
// with 2.15.
func dataName(version string) string {
	var major, minor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d", &major, &minor); err == nil && (major > 2 || major == 2 && minor >= 15) {
		return "stream.arc.s2"
	}
	return "stream.tar.s2"
}

// receive writes what the server sends to a file, until it says that this is all.
func (o *Options) receive(ctx context.Context, sub *nats.Subscription, file, stream string, of uint64) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Sync(), f.Close()) }()
	for done, n := uint64(0), 1; ; n++ {
		m, err := next(ctx, sub)
		if err != nil {
			return err
		}
		if len(m.Data) == 0 {
			if status := m.Header.Get("Status"); status != "" && status != "204" {
				return fmt.Errorf("the server broke off: %s %s", status, m.Header.Get("Description"))
			}
			return nil
		}
		if m.Reply != "" { // all but the last
			if !strings.HasSuffix(m.Reply, fmt.Sprintf(".%d", n)) {
				return fmt.Errorf("part %d of it did not arrive; run the command again", n)
			}
			if err := m.Respond(nil); err != nil {
				return err
			}
		}
		if _, err := f.Write(m.Data); err != nil {
			return err
		}
		done += uint64(len(m.Data))
		o.progress(stream, done, of)
	}
}

func next(ctx context.Context, sub *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, silence, fmt.Errorf("NATS said nothing for %v", silence))
	defer cancel()
	m, err := sub.NextMsgWithContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return m, err
}
